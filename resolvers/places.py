"""Places: what is near, and what has which name, over any kind of thing on the map."""

from asyncio import gather
from collections.abc import Callable, Iterable, Sequence
from functools import cache, reduce
from typing import Any, TypeVar

from resolvers.loaders import Loaders, answers, answers_many
from schema.arguments import Near
from schema.paging import Page, Sort, Window, page
from schema.places import Place, PlacesNear, SourceOf
from schema.provenance import Source
from sources.atlas import Spots
from sources.collection import Collection
from sources.errors import NotOffered
from sources.grid import Grid
from sources.names import fold
from sources.reading import part_of

T = TypeVar("T")


@cache
def kind_named(name: str) -> type:
    """The kind of place that has this GraphQL name."""
    return next(kind for kind in Place.__subclasses__() if kind.__name__ == name)


@answers_many(PlacesNear, "city", "kind")
async def places_near(ask: Loaders, keys: list[PlacesNear]) -> list[list[Any]]:
    """All keys of one kind and city, over its one grid."""
    places: Collection[Any] = await all_of(ask, kind_named(keys[0].kind), keys[0].city)
    return [[place for _, place in around(places, key.lat, key.lon, key.within_m)] for key in keys]


@answers(SourceOf)
async def source_of(ask: Loaders, key: SourceOf) -> Source | None:
    kind = key.type if key.part is None else part_of(key.type, key.part)
    if kind is None or not ask.sources.offers(kind, key.city):
        return None
    binding = ask.sources.binding(kind, key.city)
    if binding.source not in ask.touched or ask.sources.is_keyed(kind, key.city):
        ask.changes_at(ask.now)  # how it is doing may be another thing at any moment
    [found] = ask.sources.report(key.city, only={binding.source: ()})
    return found


def around(
    places: Collection[Any], lat: float, lon: float, within_m: float
) -> list[tuple[float, Any]]:
    """The places of one kind within so many metres, with their metres, nearest first."""
    spots = Spots.of(places)
    indexes, metres = places.derived(_grid).around(lat, lon, within_m)
    return [(m, spots.places[i]) for m, i in zip(metres.tolist(), indexes.tolist(), strict=True)]


def _grid(places: Collection[Any]) -> Grid:
    spots = Spots.of(places)
    return Grid(spots.lats, spots.lons)


async def all_of(ask: Loaders, kind: type[T], city: str) -> Collection[T]:
    """Everything of one kind that a city lists, in the service's own table and in a part of it.

    A part that is another list of the same things reads them as a subclass of the kind.
    """
    parts = [one for one in (kind, *kind.__subclasses__()) if ask.sources.offers(one, city)]
    found = await gather(*(ask.collection(one, city) for one in parts or (kind,)))
    return reduce(Collection.joined, found)


async def parts_of(
    ask: Loaders, kind: type[T], city: str, table: str
) -> tuple[Collection[T], list[Source]]:
    """Everything of a kind that a city lists in any number of parts, such as one per operator.

    Also the sources of parts that cannot be read now; SourceError if none can, and NotOffered
    if there is none.
    """
    parts = [one for one in kind.__subclasses__() if ask.sources.offers(one, city)]
    if not parts:
        raise NotOffered(city, table)
    read, missing = await ask.collections(parts, city)
    return reduce(Collection.joined, read), missing


def listed(
    places: Collection[T],
    name: str | None,
    near: Near | None,
    asked: Window,
    wanted: Callable[[T], bool],
) -> Page[T]:
    """A page of places that are wanted: near a point, nearest first; else by name.

    A name's best matches come first: the same name, then names that begin with
    it, then names with a word that does, then names that hold it at all.
    """
    rank = _rank(name)
    if near is None and name is None:
        return page([p for p in places.derived(_alphabetical) if wanted(p)], _by_name, asked)
    if near is None:
        some: Iterable[Any] = places.items
        for word in fold(name or "").split():  # which tells most of them apart, and quickly
            some = [place for place in some if word in place.folded]
        candidates: Iterable[tuple[float, Any]] = [(0.0, place) for place in some]
    else:
        candidates = around(places, near.lat, near.lon, near.within)
    found = {
        (metres, ranked, place.folded, place.id): place
        for metres, place in candidates
        if wanted(place) and (ranked := rank(place.folded)) is not None
    }
    sorts = {place.id: sort for sort, place in found.items()}
    return page([found[sort] for sort in sorted(found)], lambda place: sorts[place.id], asked)


def _alphabetical(places: Collection[Any]) -> Sequence[Any]:
    return sorted(places.items, key=_by_name)


def _by_name(place: Any) -> Sort:
    return (place.folded, place.id)


def _rank(name: str | None) -> Callable[[str], int | None]:
    """How well a folded name matches, 0 best; None if it does not hold all the words asked for."""
    asked = fold(name or "")
    words = asked.split()

    def rank(folded: str) -> int | None:
        if folded == asked or not asked:
            return 0
        if folded.startswith(asked):
            return 1
        if f" {asked}" in folded:
            return 2
        return 3 if all(word in folded for word in words) else None

    return rank
