"""Parts: one server answers all of the schema; of several, each the services it is told to."""

from collections.abc import Collection

from strawberry.federation import Schema

import schema
from cities import CityError

WHERE = "POCHE_SERVICES"


def services(text: str | None) -> Collection[str]:
    """`stops,routes` are those two, `-stops,-routes` all others, and None is all; CityError."""
    words = [word.strip() for word in text.split(",")] if text else []
    named = {word.removeprefix("-") for word in words}
    for word in sorted(named.difference(schema.MODULES)):
        raise CityError(WHERE, f"no service `{word}`", word, schema.MODULES)
    left_out = {word for word in words if word.startswith("-")}
    if left_out and len(left_out) < len(words):
        raise CityError(WHERE, "name the services to serve, or those to leave out, not both")
    every = frozenset(schema.MODULES)
    return frozenset(named) if named and not left_out else every ^ named


def built(text: str | None) -> Schema:
    """The schema of these services; CityError if there is nothing in it."""
    try:
        return schema.build(services(text))
    except ValueError as error:
        raise CityError(WHERE, f"`{text}` is no part of the schema: {error}") from None
