"""Cities: their communes, as the city file lists them."""

from cities import City
from schema.cities import Commune
from schema.nodes import node_id


def communes(city: City) -> list[Commune]:
    """A city's communes, in the order of its file."""
    return [commune(city, insee) for insee in city.communes]


def commune(city: City, insee: str) -> Commune:
    """The commune with this code, which the city must list."""
    return Commune(
        id=node_id("Commune", city.slug, insee),
        city_slug=city.slug,
        insee=insee,
        name=city.communes[insee],
    )
