"""Public places: which there are, and when they are open."""

from collections.abc import Mapping

from resolvers.loaders import Loaders, answers, answers_many
from schema.public_places import PlaceOpening, PublicPlace, PublicPlaceWith
from schema.times import Schedule
from sources.calendar import Calendar
from sources.opening_hours import find_schedule
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
    """From the rows of the city's table of hours, else from what the places themselves say."""
    city, part = ask.cities[keys[0].city], keys[0].part
    kind, calendar = part_of(PlaceSlot, f"{part}-hours"), Calendar.of(city)
    found: Mapping[str, Schedule] = {}
    listed = kind is not None and ask.sources.offers(kind, city.slug)
    if listed or any(key.text for key in keys):
        await calendar.ready(ask.now.date())
    if kind is not None and listed:
        slots = await ask.collection(kind, city.slug)
        found = slots.derived(schedules(city))
    return [
        found.get(key.id) or (key.text and find_schedule(key.text, city.zone, calendar)) or None
        for key in keys
    ]


def _local_id(place: PublicPlace) -> str:
    return place.local_id
