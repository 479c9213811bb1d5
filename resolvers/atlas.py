"""Atlas: lists, what is nearest and what is in a box, over all that a city has on the map."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import reduce
from itertools import chain, islice
from types import MappingProxyType

from resolvers.loaders import Loaders, answers
from resolvers.places import listed
from schema.arguments import BadUserInput, bounded
from schema.atlas import (
    MAX_ON_MAP,
    Cluster,
    KindCount,
    MapOf,
    NearestTo,
    Places,
    PlacesAtDistance,
    PlacesMap,
    PlacesOf,
    Wanted,
)
from schema.paging import Sort, sort_key
from schema.patterns import GeoJson
from schema.places import Place, PlaceAtDistance, PlacesAround, Position, word_for
from schema.provenance import Source
from schema.public_places import PublicPlace
from schema.sensors import Sensor
from schema.times import Opens
from sources import Sources
from sources.atlas import Atlas, Clusters, Found
from sources.collection import Collection
from sources.errors import NotOffered
from sources.places import kinds_in

MAX_KINDS = 50
CLUSTER_PX, TILE_PX = 60, 256


def layers(sources: Sources, city: str) -> Mapping[type, frozenset[str] | None]:
    """The kinds of place that a city lists, with the words of what is in each; None: any word."""
    return {
        kind: kinds_in(sources.binding(kind, city))
        if issubclass(kind, PublicPlace | Sensor)
        else frozenset({word_for(kind)})
        for kind, slug in sources.kinds()
        if slug == city and issubclass(kind, Place)
    }


@answers(PlacesOf)
async def places_of(ask: Loaders, key: PlacesOf) -> Places:
    read, missing = await _read(ask, key.city, key.wanted.kinds)
    places = reduce(Collection.joined, read)
    kinds = _set(key.wanted.kinds)
    ask.changes_at(*filter(None, (place.leaves_map_at() for place in places.items)))

    def fits(place: Place) -> bool:
        commune = place.address.insee if place.address is not None else None
        return (
            (kinds is None or place.kind_word() in kinds)
            and (key.commune is None or commune == key.commune)
            and (place.on_map() or place.position is None)  # not the quays of a station
            and ((leaves := place.leaves_map_at()) is None or leaves > ask.now)
        )

    some = [place for place in places.items if fits(place)]
    kept = {place.id for place in await _known(ask, key.wanted, some)}
    found = listed(places, key.name, key.near, key.window, lambda place: place.id in kept)
    return Places(**vars(found), missing=missing)


@answers(NearestTo)
async def nearest_to(ask: Loaders, key: NearestTo) -> PlacesAtDistance:
    read, missing = await _read(ask, key.city, key.wanted.kinds)
    atlas, kinds = await _atlas(ask, read), _set(key.wanted.kinds)
    found = atlas.around(key.lat, key.lon, key.within_m, ask.now, kinds)
    if key.after is not None:
        found = _after(found, sort_key(key.after, "after", (0.0, "")))
    nodes: list[PlaceAtDistance] = []
    for some in iter(lambda: list(islice(found, 4 * key.first + 1)), []):
        away = {id(place): metres for metres, place in some}
        fitting = await _known(ask, key.wanted, [place for _, place in some])
        nodes += [_at(place, away[id(place)]) for place in fitting]
        if len(nodes) > key.first:
            break
    return PlacesAtDistance(
        sort=_by_distance,
        nodes=nodes[: key.first],
        more_after=len(nodes) > key.first,
        more_before=key.after is not None,
        missing=missing,
    )


@answers(PlacesAround)
async def places_around(ask: Loaders, key: PlacesAround) -> list[PlaceAtDistance]:
    read, _ = await _read(ask, key.city, key.kinds)
    atlas = await _atlas(ask, read)
    found = atlas.around(key.lat, key.lon, key.within_m, ask.now, _set(key.kinds))
    return [_at(place, metres) for metres, place in islice(found, key.first)]


@answers(MapOf)
async def map_of(ask: Loaders, key: MapOf) -> PlacesMap:
    read, missing = await _read(ask, key.city, key.kinds)
    atlas = await _atlas(ask, read)
    cell = 360 / 2**key.zoom * CLUSTER_PX / TILE_PX
    found = atlas.clusters(key.box, ask.now, _set(key.kinds), cell, MAX_ON_MAP)
    several = sorted(found.several, key=lambda one: -one.places)
    return PlacesMap(
        total_count=found.total,
        places=found.alone,
        clusters=[
            Cluster(
                position=Position(lat=round(one.lat, 6), lon=round(one.lon, 6)),
                count=one.places,
                kinds=[
                    KindCount(kind=kind, count=count)
                    for kind, count in sorted(one.kinds, key=lambda held: (-held[1], held[0]))
                ],
            )
            for one in several
        ],
        geo_json=_geo_json(found),
        missing=missing,
    )


async def _read(
    ask: Loaders, city: str, kinds: tuple[str, ...] | None
) -> tuple[list[Collection[Place]], list[Source]]:
    """What a city lists of some kinds, and the sources that cannot be read; NotOffered."""
    return await ask.collections(chosen(ask, city, kinds), city)


def chosen(
    ask: Loaders,
    city: str,
    kinds: tuple[str, ...] | None,
    besides: Mapping[type, frozenset[str]] = MappingProxyType({}),
) -> list[type]:
    """The kinds, of those that a city lists and some `besides`, that words ask for; None: all.

    BadUserInput for a word that no city has, NotOffered if nothing is left.
    """
    found = {**layers(ask.sources, city), **besides}
    if kinds is None:
        asked = list(found)
    else:
        bounded(len(kinds), 1, MAX_KINDS, "kinds")
        asked = [kind for kind, words in found.items() if words is None or words & set(kinds)]
        if None not in found.values():
            _checked(ask, kinds, chain.from_iterable(besides.values()))
    if not asked:
        raise NotOffered(city, kinds[0] if kinds else "places")
    return asked


async def _atlas(ask: Loaders, read: list[Collection[Place]]) -> Atlas:
    """All of that as one map, which holds until something on it is over."""
    atlas = await ask.sources.atlases.beside(read)
    until = atlas.changes_at(ask.now)
    if until is not None:
        ask.changes_at(until)
    return atlas


def _checked(ask: Loaders, kinds: Iterable[str], besides: Iterable[str]) -> None:
    """BadUserInput for a word that no city has, most likely a slip of the pen."""
    known = {
        word
        for city in ask.cities
        for words in layers(ask.sources, city).values()
        for word in words or ()
    }.union(besides)
    for kind in kinds:
        if kind not in known:
            near = get_close_matches(kind[:50], known, 1)
            hint = f" Did you mean `{near[0]}`?" if near else ""
            raise BadUserInput(f"There is no kind of place `{kind[:50]}`.{hint}", "kinds")


async def _known(ask: Loaders, wanted: Wanted, places: list[Place]) -> list[Place]:
    """Those of the places that are known to be as wanted, in their order."""
    if wanted.accessible:
        places = [place for place in places if place.accessible()]
    if wanted.available:
        for place in places:
            ask.changes_at(*place.live_between())
        places = [place for place in places if place.available_at(ask.now)]
    return await _open(ask, places) if wanted.open_now else places


async def _open(ask: Loaders, places: Iterable[Place]) -> list[Place]:
    opening = [(place, place.opening()) for place in places if isinstance(place, Opens)]
    schedules = await ask.load_many([key for _, key in opening])
    for schedule in schedules:
        if schedule is not None:
            ask.changes_at(schedule.changes_at(ask.now))
    return [
        place
        for (place, _), schedule in zip(opening, schedules, strict=True)
        if schedule is not None and schedule.open_at(ask.now)
    ]


def _after(found: Iterator[Found], last: Sort) -> Iterator[Found]:
    """What follows the place of a cursor; of those exactly as far, all if it is gone."""
    metres, last_id = last
    as_far: list[Found] = []
    further: Iterable[Found] = ()
    for one in found:
        away = round(one[0], 1)
        if away > metres:
            further = chain([one], found)
            break
        if away == metres:
            as_far.append(one)
    ids = [place.id for _, place in as_far]
    yield from as_far[ids.index(last_id) + 1 if last_id in ids else 0 :]
    yield from further


def _at(place: Place, metres: float) -> PlaceAtDistance:
    return PlaceAtDistance(place=place, distance=round(metres, 1))  # as cursors have it, too


def _by_distance(found: PlaceAtDistance) -> Sort:
    return (found.distance, found.place.id)


def _set(kinds: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if kinds is None else frozenset(kinds)


def _geo_json(found: Clusters) -> GeoJson:
    features = [
        {
            "type": "Feature",
            "geometry": _point(place.position.lat, place.position.lon),
            "properties": {"id": place.id, "kind": place.kind_word(), "name": place.name},
        }
        for place in found.alone
        if place.position is not None
    ]
    features += [
        {
            "type": "Feature",
            "geometry": _point(one.lat, one.lon),
            "properties": {"count": one.places},
        }
        for one in found.several
    ]
    return GeoJson({"type": "FeatureCollection", "features": features})


def _point(lat: float, lon: float) -> dict[str, object]:
    return {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]}
