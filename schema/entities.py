"""Entities: what a router knows by a key, and asks us more of.

An entity is known by its `id`; or, so that others need not ask us first, by what its trade
calls it, if that is also what its source does: a stop by its `gtfsId`, a school by its `uai`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from schema.arguments import BadUserInput, bounded
from schema.key import Info, Key
from schema.nodes import MAX_ID, lookup, lookups

MAX_REPRESENTATIONS = 1_000  # a router asks for whole lists of ours at once


class EntityCalled(Key[Any]):
    """What sources call `local`, of one kind: in the server's own city, else in another."""

    kind: str
    local: str


def resolved(
    info: Info, representations: Sequence[Any], known: Mapping[str, Sequence[str]]
) -> list[Any]:
    """What `_entities` answers, in order: awaitables, or the error to show in its place.

    `known` are the entities' names, and the fields that each is known by, `id` first.
    BadUserInput if there are too many.
    """
    bounded(len(representations), 0, MAX_REPRESENTATIONS, "representations")
    return [_entity(info, one, known) for one in representations]


def _entity(info: Info, representation: Any, known: Mapping[str, Sequence[str]]) -> Any:
    given = representation if isinstance(representation, dict) else {}
    try:
        return info.context.load(_key(given, known))
    except BadUserInput as error:
        return error


def _key(given: Mapping[str, Any], known: Mapping[str, Sequence[str]]) -> Key[Any]:
    kind = given.get("__typename")
    if not isinstance(kind, str) or kind not in known:
        message = "`__typename` is not the name of an entity of ours."
        raise BadUserInput(message, "representations", "__typename")
    name = next((one for one in known[kind] if one in given), "id")
    value = given.get(name)
    if not isinstance(value, str):
        raise BadUserInput(f"`{name}` is a text.", "representations", name)
    if name == "id":
        return lookup(value, "representations", kind)
    if len(value) > MAX_ID:
        message = f"`{name}` has at most {MAX_ID} characters."
        raise BadUserInput(message, "representations", name)
    return EntityCalled(kind, value)


def called(key: EntityCalled, city: str) -> Key[Any]:
    """The key that looks it up in one city."""
    return lookups[key.kind](city, key.local)
