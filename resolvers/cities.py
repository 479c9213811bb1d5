"""Cities: which there are, what each of them offers, and its communes."""

from cities import City as CityFile
from resolvers.atlas import layers
from resolvers.loaders import Loaders, answers
from schema.cities import (
    AllCities,
    City,
    CityNamed,
    CityWith,
    Commune,
    CommuneCoded,
    CommuneWith,
    KindsOf,
    PlaceKind,
    Service,
    ServicesOf,
)
from schema.nodes import node_id
from sources.cities import commune, communes
from sources.kinds import LABELS


@answers(CityNamed)
async def city_named(ask: Loaders, key: CityNamed) -> City | None:
    found = ask.cities.get(key.slug)
    return None if found is None else _city(found)


@answers(CityWith)
async def city_with(ask: Loaders, key: CityWith) -> City | None:
    found = ask.cities.get(key.id)
    return None if found is None else _city(found)


@answers(AllCities)
async def all_cities(ask: Loaders, _: AllCities) -> list[City]:
    return [_city(city) for city in ask.cities.values()]


@answers(CommuneWith)
async def commune_with(ask: Loaders, key: CommuneWith) -> Commune | None:
    city = ask.cities.get(key.city)
    return None if city is None or key.id not in city.communes else commune(city, key.id)


@answers(CommuneCoded)
async def commune_coded(ask: Loaders, key: CommuneCoded) -> Commune | None:
    listing = [city for city in ask.cities.values() if key.insee in city.communes]
    return commune(listing[0], key.insee) if listing else None


@answers(ServicesOf)
async def services_of(ask: Loaders, key: ServicesOf) -> list[Service]:
    ask.changes_at(ask.now)  # ages are of this moment
    sources = {str(source.id): source for source in ask.sources.report(key.city)}
    bindings = ask.cities[key.city].bindings.values()
    return [
        Service(
            name=name,
            sources=[sources[b.source] for b in bindings if b.service == name],
        )
        for name in dict.fromkeys(binding.service for binding in bindings)
    ]


@answers(KindsOf)
async def kinds_of(ask: Loaders, key: KindsOf) -> list[PlaceKind]:
    own = ask.cities[key.city].kinds
    words = {word for some in layers(ask.sources, key.city).values() for word in some or ()}
    labels = {word: dict(zip(("fr", "en"), LABELS.get(word, ()), strict=False)) for word in words}
    return [
        PlaceKind(word=word, labels=labels[word] | ({"fr": own[word]} if word in own else {}))
        for word in sorted(words)
    ]


def _city(city: CityFile) -> City:
    return City(
        id=node_id("City", city.slug, city.slug),
        slug=city.slug,
        name=city.name,
        timezone=city.timezone,
        communes=communes(city),
    )
