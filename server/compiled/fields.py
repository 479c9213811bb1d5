"""Fields: how a field of the schema comes by its value, as Strawberry has been told.

Three ways: an attribute that is read, a function of ours that is called as it was written,
and, where Strawberry does something of its own in between, its own resolver.
"""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any

from graphql import GraphQLField
from strawberry.types.field import StrawberryField

from server.compiled.bail import Unsupported
from server.compiled.keyed import KeyMaker, key_maker


@dataclass(frozen=True)
class Attribute:
    """An attribute of the object that the field is of."""

    name: str


@dataclass(frozen=True)
class Call:
    """A function; of a field without a `source`, the object is not handed to it."""

    function: Callable[..., Any]
    source: bool
    info: str | None  # the parameter that takes it
    waits: bool  # whether it is a coroutine function
    field: StrawberryField
    key: KeyMaker | None = None  # of one that many may be asked of, if it ends in a key

    @property
    def sees_no_more(self) -> bool:
        """Whether it is made of nothing but the object and the arguments."""
        return self.source and self.info is None and not self.waits


@dataclass(frozen=True)
class Resolve:
    """Strawberry's own resolver: of the object and the info; its field takes no arguments."""

    function: Callable[..., Any]
    waits: bool


Way = Attribute | Call | Resolve


def way(field: GraphQLField) -> Way:
    """How a field is resolved; Unsupported if not in any of the ways above."""
    ours = field.extensions.get("strawberry-definition")
    if not isinstance(ours, StrawberryField) or field.resolve is None:
        raise Unsupported("resolver")
    if ours.is_basic_field:
        if ours.default_resolver is not getattr or not ours.python_name.isidentifier():
            raise Unsupported("resolver")
        return Attribute(ours.python_name)
    resolver = ours.base_resolver
    plain = resolver is not None and not (resolver.parent_parameter or resolver.root_parameter)
    if resolver is None or not plain or ours.extensions:
        if field.args:
            raise Unsupported("resolver")
        return Resolve(field.resolve, ours.is_async)
    function = resolver.wrapped_func
    if isinstance(function, staticmethod | classmethod):
        raise Unsupported("resolver")
    info = resolver.info_parameter.name if resolver.info_parameter else None
    source, waits = resolver.self_parameter is not None, iscoroutinefunction(function)
    key = key_maker(function, info) if source and waits and info else None
    return Call(function, source, info, waits, ours, key)
