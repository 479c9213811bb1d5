"""Waste: the rows that are about an address, by its street or by the area that it lies in."""

from asyncio import gather
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from resolvers.loaders import Loaders, answers
from schema.addresses import AddressesFor, AddressKind, AddressMatch
from schema.waste import (
    Certainty,
    CollectionsAt,
    SortingAdvice,
    SortingGuideFor,
    WasteCollection,
    WasteCollections,
    WasteStream,
)
from sources.collection import Collection
from sources.house_numbers import Number, numbers, split
from sources.names import fold
from sources.waste import LITTLE, Round, street_key

if TYPE_CHECKING:
    from shapely import STRtree

# A row that may be about an address; True if the source says that it is, None if one cannot tell.
Candidate = tuple[Round, bool | None]
ALIKE = 0.8  # of a word and what somebody may have meant by it


@answers(CollectionsAt)
async def collections_at(ask: Loaders, key: CollectionsAt) -> WasteCollections | None:
    best = AddressesFor(key.city, key.address, None, 1)
    rounds, matches = await gather(ask.collection(Round, key.city), ask.load(best))
    if not matches or matches[0].kind is AddressKind.MUNICIPALITY:
        return None
    match, today = matches[0], ask.today(key.city)
    number, street, exact = _entrance(key.address, match)
    candidates = [
        *_in_street(rounds, match.address.insee, street, number),
        *_in_area(rounds, match, exact=exact),
    ]
    streams = [
        WasteCollection(
            city=key.city,
            today=today,
            days=row.streams[stream].days,
            stream=stream,
            certainty=certainty,
            as_given=row.streams[stream].words,
            applies_to=row.numbers,
            notes=row.notes,
            drop_off=row.streams[stream].drop_off,
        )
        for stream in WasteStream
        for row, certainty in _of(stream, candidates)
    ]
    return WasteCollections(address=match, streams=streams)


@answers(SortingGuideFor)
async def sorting_guide_for(ask: Loaders, key: SortingGuideFor) -> list[SortingAdvice]:
    guide = await ask.collection(SortingAdvice, key.city)
    asked = _stems(key.text)
    if not asked:
        return []
    things = guide.derived(_by_stems)
    found = _having(things, asked)
    if not found:
        known = {stem for stems, _ in things for stem in stems}
        meant = [next(iter(get_close_matches(one, known, 1, ALIKE)), "") for one in asked]
        found = _having(things, meant) if all(meant) else []
    return found[: key.first]


def _entrance(text: str, match: AddressMatch) -> tuple[Number | None, str, bool]:
    """The number that is meant, its street, and whether this very entrance was found.

    A geocoder that does not know a number finds the street, or the number next door.
    """
    found, street = None, fold(match.address.street or "")
    if match.kind is AddressKind.HOUSE_NUMBER:  # else `8 mai 1945` is a name
        found, street = split(street)
    typed, _ = split(text)
    if typed is not None and str(typed.value) in street.split():
        typed = None
    exact = match.kind is AddressKind.HOUSE_NUMBER and typed in (None, found)
    return typed or found, street, exact


def _in_street(
    rounds: Collection[Round], insee: str | None, street: str, number: Number | None
) -> list[Candidate]:
    """The rows of a street, without those that are about other house numbers."""
    rows = rounds.grouped(_street).get((insee, street_key(street)), ())
    found = [(row, _about(row, number, alone=len(rows) == 1)) for row in rows]
    return [(row, about) for row, about in found if about is not False]


def _about(row: Round, number: Number | None, *, alone: bool) -> bool | None:
    """Whether a row of a street is about a number; one that names none is, if it is the only."""
    if row.numbers is None:
        return alone or None
    meant = numbers(row.numbers)
    return None if meant is None or number is None else meant.has(number)


def _in_area(rounds: Collection[Round], match: AddressMatch, *, exact: bool) -> list[Candidate]:
    """The rows of the areas that an address lies in, and those of its commune without a shape."""
    import shapely  # loaded late: see sources/arrays.py

    tree, rows = rounds.derived(_areas)
    point = shapely.Point(match.position.lon, match.position.lat)
    inside = sorted(tree.query(point, predicate="intersects").tolist())
    unknown = rounds.grouped(_shapeless).get(match.address.insee, ())
    found: list[Candidate] = [(rows[i], exact or None) for i in inside]
    return [*found, *((row, None) for row in unknown)]


def _of(stream: WasteStream, candidates: Sequence[Candidate]) -> Iterable[tuple[Round, Certainty]]:
    """The rows that tell of a stream: those that do for sure, else all that may; each once."""
    told = [(row, about) for row, about in candidates if stream in row.streams]
    told = [one for one in told if one[1]] or told
    different = {(row.streams[stream], row.numbers): (row, about) for row, about in told}
    agreed = len({said for said, _ in different}) == 1
    for row, about in different.values():
        yield row, Certainty.CERTAIN if about and agreed else Certainty.POSSIBLE


def _street(row: Round) -> tuple[str | None, str | None]:
    return row.insee, row.street


def _shapeless(row: Round) -> str | None:
    """The commune of a row about an area whose shape is not given, which some portals lose."""
    return row.insee if row.street is None and row.area is None else None


def _areas(rounds: Collection[Round]) -> "tuple[STRtree, list[Round]]":
    import shapely

    rows = [row for row in rounds.items if row.area is not None]
    return shapely.STRtree([row.area for row in rows]), rows


def _stems(text: str) -> list[str]:
    """The words that count, without the endings of plurals."""
    words = (word for word in fold(text).split() if word not in LITTLE)
    return [word[:-1] if len(word) > 3 and word[-1] in "sx" else word for word in words]


def _by_stems(guide: Collection[SortingAdvice]) -> list[tuple[list[str], SortingAdvice]]:
    return [(_stems(one.name), one) for one in sorted(guide.items, key=_folded)]


def _having(
    things: Sequence[tuple[list[str], SortingAdvice]], asked: Sequence[str]
) -> list[SortingAdvice]:
    """Those with a word for each that was asked, or one that begins so; the shortest first."""
    found = [
        (len(stems), stems[0] != asked[0], thing.folded, thing)
        for stems, thing in things
        if all(any(stem.startswith(one) for stem in stems) for one in asked)
    ]
    return [thing for *_, thing in sorted(found, key=lambda one: one[:3])]


def _folded(thing: SortingAdvice) -> str:
    return thing.folded
