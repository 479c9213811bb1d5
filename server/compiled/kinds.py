"""Kinds: of which type of the schema an object is, told by its class.

What Strawberry and graphql-core find out for each object anew is found out once for
each class: types of ours have no say of their own in it.
"""

from collections.abc import Callable
from functools import cached_property
from types import CoroutineType, GeneratorType, SimpleNamespace
from typing import Any

from graphql import GraphQLAbstractType, GraphQLObjectType, GraphQLSchema, is_object_type
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.union import StrawberryUnion

from server.compiled.bail import Bail, Unsupported

WORK = frozenset((CoroutineType, GeneratorType))  # what has to be awaited
NEVER = (BaseException, CoroutineType, GeneratorType, type(None))


class Kinds:
    """Those of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema

    @cached_property
    def _info(self) -> Any:
        """All that Strawberry's own type resolvers look at, but for the object."""
        return SimpleNamespace(schema=self._schema, field_name="")

    def checker(self, kind: GraphQLObjectType) -> tuple[set[type], Callable[[Any], None]]:
        """Classes whose objects may stand for a type, and who looks at those of others; Bail."""
        self._plain(kind)
        known: set[type] = set()

        def check(value: Any) -> None:
            if isinstance(value, NEVER) or not self._is(kind, value):
                raise Bail
            known.add(type(value))

        return known, check

    def teller(
        self, kind: GraphQLAbstractType, branches: dict[str, int]
    ) -> tuple[dict[type, tuple[int, str]], Callable[[Any], tuple[int, str]]]:
        """By class, the branch (of those by type) and the type's name; and who tells others'."""
        about = kind.extensions.get("strawberry-definition")
        plain = isinstance(about, StrawberryUnion) or (
            isinstance(about, StrawberryObjectDefinition) and about.resolve_type is None
        )
        if not plain or kind.resolve_type is None:
            raise Unsupported("type resolver")
        resolve = kind.resolve_type
        known: dict[type, tuple[int, str]] = {}

        def tell(value: Any) -> tuple[int, str]:
            if isinstance(value, NEVER):
                raise Bail
            name = resolve(value, self._info, kind)
            found = self._schema.get_type(name) if isinstance(name, str) else None
            if not is_object_type(found) or found.name not in branches:
                raise Bail
            self._plain(found)
            if not self._is(found, value):
                raise Bail
            known[type(value)] = branches[found.name], found.name
            return known[type(value)]

        return known, tell

    def _plain(self, kind: GraphQLObjectType) -> None:
        """Unsupported if a type tells by more than its objects' class what they are."""
        about = kind.extensions.get("strawberry-definition")
        if not isinstance(about, StrawberryObjectDefinition) or about.is_type_of is not None:
            raise Unsupported("type resolver")

    def _is(self, kind: GraphQLObjectType, value: Any) -> bool:
        return kind.is_type_of is None or kind.is_type_of(value, self._info) is True
