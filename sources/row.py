"""Row: one upstream record, read through the names a city gave its columns.

Types are not trustworthy on any upstream: numbers come as strings, booleans as
`"OUI"` or `0`, nothing as `""`, `"-"` or an absent key. `x()` raises ValueError
where there is nothing to read, `find_x()` returns None.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import isfinite
from typing import Any
from unicodedata import category

from cities import Binding, City, Column
from schema.languages import Text
from schema.places import Position
from sources.geojson import find_within
from sources.languages import own, texts

TRUE = {"true", "oui", "o", "yes", "vrai", "1"}
FALSE = {"false", "non", "n", "no", "faux", "0"}
NOTHING = {"", "-", ".", "null", "none", "n/a"}
LATEST = 1 << 35  # seconds since 1970: the year 3058


@dataclass(frozen=True)
class Row:
    city: City
    raw: Mapping[str, Any]
    fields: Mapping[str, Column]
    binding: Binding | None = None  # of the table that it is a row of; None within a row

    def find(self, name: str) -> Any:
        """The value as it came, or None if the column is absent."""
        column = self.fields.get(name)
        if column is None:
            return self._at(name)
        if isinstance(column.column, str):  # nearly all: a list of one would take twice as long
            value = self._meant(column, column.column)
            return column.otherwise or value if value is None or value == "" else value
        meant = [self._meant(column, path) for path in column.column]
        found = next((one for one in meant if one is not None and one != ""), column.otherwise)
        return "" if found is None and "" in meant else found

    def _at(self, path: str) -> Any:
        value = self.raw.get(path)
        return _descend(self.raw, path) if value is None and "." in path else value

    def _meant(self, column: Column, path: str) -> Any:
        """What one of a column's places says, in the city file's words if it has any."""
        value = self._at(path)
        if column.part is not None and value is not None:
            parts = str(value).split(column.separator)
            value = parts[column.part - 1] if len(parts) >= column.part else None
        return value if column.values is None else column.values.get(str(value).strip())

    def find_text(self, name: str) -> str | None:
        """One line of text; of several languages the first."""
        value = self.find(name)
        if isinstance(value, dict | list):
            value = own(value)
        if value is None or isinstance(value, bool):
            return None
        text = str(value)
        if not text.isprintable():
            text = "".join(map(_seen, text))
        text = " ".join(text.split())
        return None if text.casefold() in NOTHING else text

    def text(self, name: str) -> str:
        text = self.find_text(name)
        if text is None:
            raise ValueError(f"no {name}")
        return text

    def texts(self, name: str, clean: Callable[[str], str] = str.strip) -> list[Text]:
        """A text in each language that the source has it in; none if it has it in none."""
        return texts(self.find(name), clean)

    def find_flag(self, name: str) -> bool | None:
        """True, False, or None for anything that says neither."""
        value = self.find(name)
        text = ("" if value is None else str(value)).strip().casefold()
        return True if text in TRUE else False if text in FALSE else None

    def find_number(self, name: str) -> float | None:
        value = self.find(name)
        try:
            number = float(str(value).replace(",", "."))
        except ValueError:
            return None
        return number if isfinite(number) else None

    def find_count(self, name: str) -> int | None:
        """How many there are; what is below 0 is how some upstreams write that nobody knows."""
        number = self.find_number(name)
        return None if number is None or number < 0 else int(number)

    def find_day(self, name: str) -> date | None:
        text = self.find_text(name)
        try:
            return None if text is None else date.fromisoformat(text[:10])
        except ValueError:
            return None

    def find_instant(self, name: str) -> datetime | None:
        """An aware instant, also of seconds since 1970; fractions of microseconds are cut off."""
        value = self.find(name)
        if isinstance(value, datetime):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            # What nobody filled in is 0, which is no instant of any city's.
            return datetime.fromtimestamp(value, UTC) if 0 < value < LATEST else None
        try:
            instant = datetime.fromisoformat(str(value)) if value is not None else None
        except ValueError:
            return None
        return instant if instant is not None and instant.tzinfo is not None else None

    def find_position(self, name: str = "position") -> Position | None:
        """From `lat` and `lon` columns if the city names them, else from one `position`.

        Understood: `{lon, lat}` (spelt out, too), `[lat, lon]` (Explore v1), `"lat, lon"`
        (its CSV) and GeoJSON, a Feature's too: a line or an area is where a point of it is.
        (0, 0) is a missing point that somebody typed.
        """
        if "lat" in self.fields and "lon" in self.fields:
            return _position(self.find_number("lat"), self.find_number("lon"))
        point = self.find(name)
        if isinstance(point, str):
            point = point.split(",")
        if isinstance(point, Mapping):
            point = point.get("geometry") or point
        if isinstance(point, Mapping) and isinstance(point.get("coordinates"), list):
            point = (find_within(point) or point["coordinates"])[1::-1]
        if isinstance(point, Mapping):
            lat, lon = point.get("lat", point.get("latitude")), point.get("lon", point.get("lng"))
            return _position(lat, point.get("longitude") if lon is None else lon)
        if isinstance(point, list | tuple) and len(point) >= 2:
            return _position(point[0], point[1])
        return None


def _seen(character: str) -> str:
    """Nothing for what only formats text, such as its direction; a blank for control characters."""
    if character.isprintable():
        return character
    return "" if category(character) == "Cf" else " "


def _descend(raw: Any, path: str) -> Any:
    for step in path.split("."):
        raw = raw.get(step) if isinstance(raw, Mapping) else None
    return raw


def _position(lat: Any, lon: Any) -> Position | None:
    try:
        here = Position(lat=float(lat), lon=float(lon))
    except (TypeError, ValueError):
        return None
    known = abs(here.lat) <= 90 and abs(here.lon) <= 180 and (here.lat, here.lon) != (0, 0)
    return here if known else None
