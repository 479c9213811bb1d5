"""Places: what is near, and what has which name, over any kind of thing on the map."""

from asyncio import gather
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any, TypeVar

from resolvers.loaders import Loaders, answers_many
from schema.arguments import Near
from schema.bikes import VehicleRentalStation
from schema.paging import Page, Sort, Window, page
from schema.parkings import VehicleParking
from schema.places import PlacesNear
from schema.pools import Pool
from schema.schools import School
from schema.stops import Stop
from sources.collection import Collection, Nearness
from sources.names import fold

T = TypeVar("T")
KINDS: dict[str, type] = {
    kind.__name__: kind for kind in (Pool, School, Stop, VehicleParking, VehicleRentalStation)
}


@answers_many(PlacesNear, "city", "kind")
async def places_near(ask: Loaders, keys: list[PlacesNear]) -> list[list[Any]]:
    """All keys of one kind and city in one query of its spatial index."""
    places: Collection[Any] = await all_of(ask, KINDS[keys[0].kind], keys[0].city)
    around = places.derived(Nearness).around([(key.lat, key.lon, key.within_m) for key in keys])
    return [[place for _, place in near] for near in around]


async def all_of(ask: Loaders, kind: type[T], city: str) -> Collection[T]:
    """Everything of one kind that a city lists, in the service's own table and in a part of it.

    A part that is another list of the same things reads them as a subclass of the kind.
    """
    more = [one for one in kind.__subclasses__() if ask.sources.offers(one, city)]
    first, *others = await gather(*(ask.collection(one, city) for one in (kind, *more)))
    return reduce(Collection.joined, others, first)


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
        away = dict.fromkeys(map(id, places.items), 0.0)
        candidates: Iterable[Any] = places.items
    else:
        [around] = places.derived(Nearness).around([(near.lat, near.lon, float(near.within))])
        away = {id(place): metres for metres, place in around}
        candidates = (place for _, place in around)
    found = {
        (away[id(place)], ranked, place.folded, place.id): place
        for place in candidates
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
