"""Pollen: asked for one commune at a time."""

from resolvers.loaders import Loaders, answers
from schema.pollen import Pollen, PollenOf


@answers(PollenOf)
async def pollen_of(ask: Loaders, key: PollenOf) -> list[Pollen]:
    ask.sources.binding(Pollen, key.city)  # NotOffered
    communes = ask.cities[key.city].communes
    if communes and key.commune not in communes:
        return []
    today = ask.today(key.city)
    found = await ask.keyed(Pollen, key.city, key.commune)
    return [one for one in found.items if one.date >= today]
