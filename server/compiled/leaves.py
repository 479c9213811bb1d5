"""Leaves: what is written of a value that has nothing below it.

A value of just the type that its scalar writes is written as it is; any other is left
to the scalar itself, which knows what else it takes.
"""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLEnumType, GraphQLLeafType, GraphQLScalarType
from graphql.pyutils import Undefined

from server.compiled.bail import Bail
from server.compiled.program import Text

# Of a value that is not None: when it is not written as it is. By the specified scalars' names.
ODD = {
    "String": "{0}.__class__ is not str",
    "ID": "{0}.__class__ is not str",
    "Boolean": "{0} is not True and {0} is not False",
    "Int": "{0}.__class__ is not int or not -2147483648 <= {0} <= 2147483647",
    "Float": "{0}.__class__ is not float or {0} - {0} != 0.0",  # not finite
}


def line(text: Text, leaf: GraphQLLeafType, value: str, *, nullable: bool) -> str:
    """The code that puts what is written of a value in its place."""
    write = text.named("write", written(leaf))
    some = f"{value} is not None" if nullable else ""
    if isinstance(leaf, GraphQLScalarType) and leaf.name in ODD:
        odd = ODD[leaf.name].format(value)
        odd = f"{some} and ({odd})" if some else odd
        return f"if {odd}: {value} = {write}({value})"
    found = f"{write}({value})"
    if isinstance(leaf, GraphQLEnumType):
        found = f"{text.named('words', names(leaf))}.get({value}) or {found}"
    return f"{f'if {some}: ' if some else ''}{value} = {found}"


def names(leaf: GraphQLEnumType) -> dict[Any, str]:
    """An enum's values, as they are in Python, and what is written of them."""
    members = getattr(leaf, "wrapped_cls", ())
    return {member: leaf.coerce_output_value(member) for member in members}


def written(leaf: GraphQLLeafType) -> Callable[[Any], Any]:
    """As graphql-core completes a leaf; Bail where it fails."""
    coerce = leaf.coerce_output_value

    def write(value: Any) -> Any:
        if value is None:
            raise Bail
        try:
            found = coerce(value)
        except Exception as error:
            raise Bail from error
        if found is None or found is Undefined:
            raise Bail
        return found

    return write
