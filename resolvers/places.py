"""Places: what is near, and what has which name, over any kind of thing on the map."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, reduce
from itertools import accumulate
from typing import Any, TypeVar

from resolvers.eager import gathered
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
FEW, MOST_KNOWN = 20, 1_000  # places around a spot that are remembered, and of how many spots


@cache
def kind_named(name: str) -> type:
    """The kind of place that has this GraphQL name."""
    return next(kind for kind in Place.__subclasses__() if kind.__name__ == name)


@answers_many(PlacesNear, "city", "kind")
async def places_near(ask: Loaders, keys: list[PlacesNear]) -> list[list[Any]]:
    """All keys of one kind and city, over its one grid."""
    places: Collection[Any] = await all_of(ask, kind_named(keys[0].kind), keys[0].city)
    nearest = places.derived(_nearest)
    return [nearest(key.lat, key.lon, key.within_m) for key in keys]


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


def _nearest(places: Collection[Any]) -> Callable[[float, float, float], list[Any]]:
    """The places around others, nearest first: what lies around a pool is asked again and again."""
    spots, grid = Spots.of(places), places.derived(_grid)
    known: dict[tuple[float, float, float], list[Any]] = {}

    def nearest(lat: float, lon: float, within_m: float) -> list[Any]:
        found = known.get((lat, lon, within_m))
        if found is None:
            indexes, _ = grid.around(lat, lon, within_m)
            found = [spots.places[i] for i in indexes.tolist()]
            if len(found) <= FEW:
                if len(known) >= MOST_KNOWN:
                    known.clear()
                known[lat, lon, within_m] = found
        return found

    return nearest


def _grid(places: Collection[Any]) -> Grid:
    spots = Spots.of(places)
    return Grid(spots.lats, spots.lons)


async def all_of(ask: Loaders, kind: type[T], city: str) -> Collection[T]:
    """Everything of one kind that a city lists, in the service's own table and in a part of it.

    A part that is another list of the same things reads them as a subclass of the kind.
    """
    parts = [one for one in (kind, *kind.__subclasses__()) if ask.sources.offers(one, city)]
    found = await gathered(ask.collection(one, city) for one in parts or (kind,))
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
    wanted: Callable[[T], bool] | None = None,
) -> Page[T]:
    """A page of places, or of those that are wanted: near a point, nearest first; else by name.

    A name's best matches come first: the same name, then names that begin with
    it, then names with a word that does, then names that hold it at all.
    """
    rank = _rank(name)
    if near is None and name is None:
        everything = places.derived(_alphabetical)
        found = everything if wanted is None else [one for one in everything if wanted(one)]
        return page(found, _by_name, asked)
    if near is None:
        words = fold(name or "").split()
        named = places.derived(_Written).holding(max(words, key=len)) if words else places.items
        candidates: Iterable[tuple[float, Any]] = [(0.0, place) for place in named]
    else:
        candidates = around(places, near.lat, near.lon, near.within)
    ranking = {
        (metres, ranked, place.folded, place.id): place
        for metres, place in candidates
        if (wanted is None or wanted(place)) and (ranked := rank(place.folded)) is not None
    }
    sorts = {place.id: sort for sort, place in ranking.items()}
    return page([ranking[sort] for sort in sorted(ranking)], lambda place: sorts[place.id], asked)


class _Written:
    """The names of a list in one text: what a word is in is found without a look at the rest."""

    def __init__(self, places: Collection[Any]) -> None:
        self._places = places.items
        names = [place.folded for place in places.items]
        self._text = "\n".join(names)  # which is in no folded name
        self._starts = [0, *accumulate(len(name) + 1 for name in names)]

    def holding(self, word: str) -> Iterator[Any]:
        """The places whose folded names hold it, in their order."""
        text, starts = self._text, self._starts
        at = text.find(word)
        while at >= 0:
            number = bisect_right(starts, at)
            yield self._places[number - 1]
            at = text.find(word, starts[number])


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
