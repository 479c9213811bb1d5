"""Public places: which there are, and when they are open."""

from resolvers.loaders import Loaders, answers, answers_many
from schema.public_places import PlaceOpening, PublicPlace, PublicPlaceWith
from schema.times import Schedule
from sources.places import PlaceSlot
from sources.reading import part_of
from sources.schedule import schedules


@answers(PublicPlaceWith)
async def public_place_with(ask: Loaders, key: PublicPlaceWith) -> PublicPlace | None:
    part, _, local_id = key.id.partition(":")
    kind = part_of(PublicPlace, part)
    if kind is None:
        return None
    places = await ask.collection(kind, key.city)
    return places.by(_local_id).get(local_id)


@answers_many(PlaceOpening, "city", "part")
async def place_opening(ask: Loaders, keys: list[PlaceOpening]) -> list[Schedule | None]:
    city, part = keys[0].city, keys[0].part
    kind = part_of(PlaceSlot, f"{part}-hours")
    if kind is None or not ask.sources.offers(kind, city):
        return [None for _ in keys]
    slots = await ask.collection(kind, city)
    found = slots.derived(schedules(ask.cities[city]))
    return [found.get(key.id) for key in keys]


def _local_id(place: PublicPlace) -> str:
    return place.local_id
