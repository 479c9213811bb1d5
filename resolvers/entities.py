"""Entities: where to look for what is known by the name that its trade has for it."""

from typing import Any

from resolvers.loaders import Loaders, answers
from schema.entities import EntityCalled, called
from sources.errors import NotOffered


@answers(EntityCalled)
async def entity_called(ask: Loaders, key: EntityCalled) -> Any:
    """The server's own city comes first, as it does where a query names none.

    A city that cannot be asked ends it: another's, of the same name, might be something else.
    """
    for city in sorted(ask.cities, key=lambda slug: slug != ask.home):
        try:
            found = await ask.load(called(key, city))
        except NotOffered:
            continue
        if found is not None:
            return found
    return None
