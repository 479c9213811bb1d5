"""Addresses: asked of a geocoder, one call for each text or point that is new."""

from resolvers.loaders import Loaders, answers
from schema.addresses import SHORTEST, AddressAt, AddressesFor, AddressKind, AddressMatch
from schema.arguments import Near
from schema.places import distance_m
from sources.addresses import comparable, question

AREA = 2  # digits of degrees, about a kilometre: neighbours who ask the same share one call
SPOT = 5  # about a metre
EXACT = {AddressKind.HOUSE_NUMBER, AddressKind.STREET, AddressKind.LOCALITY}


@answers(AddressesFor)
async def addresses_for(ask: Loaders, key: AddressesFor) -> list[AddressMatch]:
    text = comparable(key.text)
    if len(text) < SHORTEST:  # punctuation: nothing is called so
        return []
    area = None if key.near is None else (round(key.near.lat, AREA), round(key.near.lon, AREA))
    found = await ask.keyed(AddressMatch, key.city, question(text, area))
    around = [one for one in found.items if key.near is None or _within(one, key.near)]
    return around[: key.first]


@answers(AddressAt)
async def address_at(ask: Loaders, key: AddressAt) -> AddressMatch | None:
    spot = question("", (round(key.lat, SPOT), round(key.lon, SPOT)))
    found = await ask.keyed(AddressMatch, key.city, spot)
    return next((one for one in found.items if one.kind in EXACT), None)


def _within(match: AddressMatch, near: Near) -> bool:
    here = match.position
    return distance_m(near.lat, near.lon, here.lat, here.lon) <= near.within
