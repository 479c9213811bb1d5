"""Search: what people type, looked up among all that a city lists."""

from resolvers.atlas import chosen
from resolvers.loaders import Loaders, answers
from schema.cities import Commune
from schema.nodes import Node
from schema.places import Place, distance_m
from schema.routes import Route
from schema.search import SearchFor, SearchResult, SearchResults
from sources.errors import NotOffered
from sources.naming import kind_of

BESIDES = {Route: frozenset({"route"}), Commune: frozenset({"commune"})}  # what is no place


@answers(SearchFor)
async def search_for(ask: Loaders, key: SearchFor) -> SearchResults:
    asked = chosen(ask, key.city, key.kinds, BESIDES)
    read = [kind for kind in asked if ask.sources.offers(kind, key.city)]  # but for communes
    if not read and Commune not in asked:
        raise NotOffered(key.city, "routes")
    directories = ask.sources.directories
    collections, missing = await ask.collections(read, key.city, directories.prepare)
    directory = await directories.beside(collections, ask.sources.communes(key.city))
    until = directory.changes_at(ask.now)
    if until is not None:
        ask.changes_at(until)
    kinds = None if key.kinds is None else frozenset(key.kinds)
    found = directory.find(key.text, key.first, ask.now, kinds, key.near)
    return SearchResults(nodes=[_result(thing, key.near) for thing in found], missing=missing)


def _result(thing: Node, near: tuple[float, float] | None) -> SearchResult:
    name, subtitle, distance = "", None, None
    if isinstance(thing, Route):
        name = thing.short_name or thing.long_name or ""
        subtitle = thing.long_name if thing.short_name else None
    elif isinstance(thing, Place):
        name, address = thing.name, thing.address
        said = (address.street, address.city) if address is not None else ()
        subtitle = ", ".join(filter(None, said)) or None
        if near is not None and thing.position is not None:
            distance = round(distance_m(*near, thing.position.lat, thing.position.lon), 1)
    elif isinstance(thing, Commune):
        name = thing.name
    return SearchResult(
        kind=kind_of(thing), name=name, subtitle=subtitle, distance=distance, node=thing
    )
