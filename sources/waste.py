"""Waste: the days of collection by street or by area, and where things go, as a city has them.

A row is about a street (`street`, and in `numbers` which part of it) or about an area
(`area`, a shape). Its days stand in a column for each stream (`household`, `recycling`...)
or in `days` for the one that `stream` names; a list, or French: `mardi et vendredi`,
`lundi - mercredi - vendredi`, `merc_sem_paires`. What says `en colonnes` is brought there;
what says `voir bac bleu` is collected with the household's. What cannot be read is as given.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from schema.waste import Days, SortingAdvice, WasteStream, Weeks
from sources.addresses import WRITTEN_OUT
from sources.hours import WEEK
from sources.names import fold
from sources.places import commune
from sources.reading import reads
from sources.row import Row
from sources.texts import plain

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

LITTLE = {"a", "au", "aux", "d", "de", "des", "du", "et", "l", "la", "le", "les"}
SHORT = {
    **WRITTEN_OUT,
    "cdt": "commandant",
    "dr": "docteur",
    "gal": "general",
    "mal": "marechal",
    "pas": "passage",
    "pdt": "president",
    "pr": "professeur",
    "rpt": "rond point",
}
ABBREVIATED = 3  # letters of a weekday: `mer`, `merc`
BETWEEN = {"et", "le", "les", "des", "chaque", "tous", "puis"}
SEM = re.compile(r"(sem|semaines?)")
WITH_HOUSEHOLD = re.compile(r"voir bacs? bleus?|voir sacs? bleus?|tri sac")


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of one stream: the words, and what they mean, if they can be read."""

    words: str
    days: Days | None
    drop_off: bool


@dataclass(frozen=True, slots=True)
class Round:
    """A row: what is collected when, in a street or a part of it, or in an area (lon, lat)."""

    insee: str | None
    street: str | None  # comparable, see `street_key`
    numbers: str | None
    area: "BaseGeometry | None"
    notes: str | None
    streams: Mapping[WasteStream, Said]


@reads(
    Round,
    "street commune insee numbers notes area stream days "
    "household recycling glass garden food bulky",
)
def collection_round(row: Row) -> Round | None:
    """One row; None of a stream that the city does not name, ValueError if it is nowhere."""
    if "stream" in row.fields and row.find_text("stream") is None:
        return None
    written, insee = row.find_text("commune"), row.find_text("insee")
    if insee is None and written is not None:
        insee = commune(row.city, written)[1]
    street, area = row.find_text("street"), _area(row.find("area"))
    if street is None and area is None and insee is None:
        raise ValueError("neither a street nor an area, nor a commune that is known")
    streams = _streams(row)
    if not streams:
        raise ValueError("nothing is collected")
    return Round(
        insee=insee,
        street=street and street_key(street),
        numbers=row.find_text("numbers"),
        area=area,
        notes=row.find_text("notes"),
        streams=streams,
    )


@reads(SortingAdvice, "name goes_to comment", part="sorting")
def sorting_advice(row: Row) -> SortingAdvice:
    """One thing; ValueError without its name or where it goes."""
    name = row.text("name")
    return SortingAdvice(
        folded=fold(name),
        name=name,
        goes_to=row.text("goes_to"),
        comment=plain(row.find_text("comment") or "") or None,
    )


@lru_cache(maxsize=20_000)
def street_key(text: str) -> str:
    """A street as everyone would have it: folded, written out, without little words.

    `R. du Gal-de-Gaulle` and `RUE GENERAL DE GAULLE` are `rue general gaulle`.
    """
    words = (SHORT.get(word, word) for word in fold(text).split())
    return " ".join(word for word in words if word not in LITTLE)


def days(text: str) -> Days | None:
    """The days that a French text tells; None if it has a word that is not one of these."""
    found: set[int] = set()
    weeks = Weeks.EVERY
    words = fold(text).split()
    for word in words:
        if word in BETWEEN or SEM.fullmatch(word):
            continue
        side = {"pair": Weeks.EVEN, "impair": Weeks.ODD}.get(word.rstrip("es"))
        if side is not None:
            if weeks is not Weeks.EVERY or not any(map(SEM.fullmatch, words)):
                return None
            weeks = side
            continue
        day = _weekday(word)
        if day is None:
            return None
        found.add(day)
    if not found or (weeks is not Weeks.EVERY and len(found) > 1):
        return None  # `lundi et mercredi semaines paires`: both of them, or the second?
    return Days(tuple(sorted(found)), weeks)


def _weekday(word: str) -> int | None:
    if len(word) < ABBREVIATED:
        return None
    return next((n for n, day in enumerate(WEEK) if f"{day}s".startswith(word)), None)


def _streams(row: Row) -> dict[WasteStream, Said]:
    if "stream" in row.fields:
        texts = {WasteStream[row.text("stream")]: _text(row.find("days"))}
    else:
        texts = {one: _text(row.find(one.name.lower())) for one in WasteStream}
    found = {stream: _said(words) for stream, words in texts.items() if words}
    household = found.get(WasteStream.HOUSEHOLD)
    for stream, said in found.items():
        if household is not None and WITH_HOUSEHOLD.fullmatch(fold(said.words)):
            found[stream] = Said(said.words, household.days, household.drop_off)
    return found


def _said(words: str) -> Said:
    drop_off = "colonne" in fold(words)
    return Said(words, None if drop_off else days(words), drop_off)


def _text(value: Any) -> str:
    """A text, or a list of them, as one line: ["LUNDI", "JEUDI"] is `lundi, jeudi`."""
    if isinstance(value, list):
        return ", ".join(str(one).strip().lower() for one in value if isinstance(one, str))
    return " ".join(value.split()) if isinstance(value, str) else ""


def _area(value: Any) -> "BaseGeometry | None":
    """A GeoJSON geometry or feature, valid; ValueError for what is none, or no area."""
    if value is None:
        return None
    geometry = value.get("geometry", value) if isinstance(value, Mapping) else None
    if not isinstance(geometry, Mapping) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise ValueError("an area is a polygon, or several")
    import shapely.geometry  # loaded late: see arrays.py

    try:
        found = shapely.geometry.shape(geometry)
        return found if found.is_valid else shapely.make_valid(found)
    except shapely.errors.ShapelyError as error:
        raise ValueError(f"no area: {error}") from None
