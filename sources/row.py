"""Row: one upstream record, read through the names a city gave its columns.

Types are not trustworthy on any upstream: numbers come as strings, booleans as
`"OUI"` or `0`, nothing as `""`, `"-"` or an absent key. `x()` raises ValueError
where there is nothing to read, `find_x()` returns None.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from math import isfinite
from typing import Any

from cities import Binding, City, Column, Columns
from schema.languages import Text
from schema.places import Position
from sources.geojson import find_within
from sources.languages import texts
from sources.lines import LINES, line

TRUE = {"true", "oui", "o", "yes", "vrai", "1"}
FALSE = {"false", "non", "n", "no", "faux", "0"}
NUMBERS = (int, float)  # and no bool, which is an int
LATEST = 1 << 35  # seconds since 1970: the year 3058
UNNAMED = Columns()


class Row:
    """A record of a city's table. Whoever reads it neither changes nor keeps it: the next one
    takes its place (`reading.read_all`).

    The way to a column's value is mostly a key of the record; where it is steps, no record has
    those for a key, so that to look it up as one is to find nothing yet, and no mistake.
    """

    __slots__ = ("_ways", "binding", "city", "fields", "raw")

    def __init__(
        self,
        city: City,
        raw: Mapping[str, Any],
        fields: Mapping[str, Column],
        binding: Binding | None = None,
    ) -> None:
        """`binding` is that of the table that it is a row of; None within a row."""
        if fields.__class__ is not Columns:
            fields = Columns(fields) if fields else UNNAMED
        self.city = city
        self.raw: Mapping[Any, Any] = raw
        self.fields = fields
        self.binding = binding
        self._ways = fields.ways

    def find(self, name: str) -> Any:
        """The value as it came, or None if the column is absent."""
        way = self._ways[name]
        return self.raw.get(way) if isinstance(way, str) else way(self.raw)

    def find_text(self, name: str) -> str | None:
        """One line of text; of several languages the first."""
        value = self.raw.get(self._ways[name])
        if value.__class__ is str:
            return LINES[value]
        value = self.find(name)
        return None if value is None else line(value)

    def text(self, name: str) -> str:
        value = self.raw.get(self._ways[name])
        text = LINES[value] if value.__class__ is str else self.find_text(name)
        if text is None:
            raise ValueError(f"no {name}")
        return text

    def texts(self, name: str, clean: Callable[[str], str] = str.strip) -> list[Text]:
        """A text in each language that the source has it in; none if it has it in none."""
        return texts(self.find(name), clean)

    def find_flag(self, name: str) -> bool | None:
        """True, False, or None for anything that says neither."""
        value = self.raw.get(self._ways[name])
        if value is True or value is False:
            return value
        value = self.find(name)
        if value is None or value is True or value is False:
            return value
        text = str(value).strip().casefold()
        return True if text in TRUE else False if text in FALSE else None

    def find_number(self, name: str) -> float | None:
        value = self.raw.get(self._ways[name])
        try:
            if value.__class__ is int:
                return float(value)
            if value.__class__ is not float:
                value = self.find(name)
                if value is None:
                    return None
                value = float(value if type(value) in NUMBERS else str(value).replace(",", "."))
        except (ValueError, OverflowError):
            return None
        return value if isfinite(value) else None

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
        if value is None or isinstance(value, datetime):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            # What nobody filled in is 0, which is no instant of any city's.
            return datetime.fromtimestamp(value, UTC) if 0 < value < LATEST else None
        try:
            instant = datetime.fromisoformat(str(value))
        except ValueError:
            return None
        return instant if instant.tzinfo is not None else None

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


def _position(lat: Any, lon: Any) -> Position | None:
    try:
        here = Position(lat=float(lat), lon=float(lon))
    except (TypeError, ValueError):
        return None
    known = abs(here.lat) <= 90 and abs(here.lon) <= 180 and (here.lat, here.lon) != (0, 0)
    return here if known else None
