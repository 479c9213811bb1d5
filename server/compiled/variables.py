"""Variables: what a request sends for an operation's variables, as graphql-core coerces it.

What is of just the type that a scalar takes is taken as it is. Whatever else is sent,
graphql-core looks at, which takes a few microseconds for each.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from graphql import (
    GraphQLError,
    GraphQLSchema,
    VariableDefinitionNode,
    get_nullable_type,
    is_non_null_type,
    is_scalar_type,
)
from graphql.execution.get_variable_signature import (
    GraphQLVariableSignature,
    get_variable_signature,
)
from graphql.execution.values import (
    VariableValues,
    VariableValueSource,
    get_variable_values,
)

Fits = Callable[[Any], bool]
NOTHING = VariableValues({}, {})
# By the specified scalars' names, what they take as it is.
FITS: dict[str, Fits] = {
    "String": lambda value: value.__class__ is str,
    "ID": lambda value: value.__class__ is str,
    "Boolean": lambda value: value is True or value is False,
    "Int": lambda value: value.__class__ is int and -2147483648 <= value <= 2147483647,
    "Float": lambda value: value.__class__ is float and value - value == 0.0,  # finite
}


class _Variable(NamedTuple):
    name: str
    signature: GraphQLVariableSignature
    fits: Fits
    nullable: bool
    omissible: bool


class _Sources(dict[str, VariableValueSource]):
    """What graphql-core knows of plain variables, made when it looks, which it seldom does."""

    def __init__(
        self, signatures: Mapping[str, GraphQLVariableSignature], coerced: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self._signatures, self._coerced = signatures, coerced

    def __contains__(self, name: object) -> bool:
        return name in self._signatures

    def __missing__(self, name: str) -> VariableValueSource:
        signature = self._signatures[name]
        if name in self._coerced:
            return VariableValueSource(signature, self._coerced[name])
        return VariableValueSource(signature)

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self._signatures else default


class Variables:
    """Those that one operation declares."""

    def __init__(self, schema: GraphQLSchema, declared: Sequence[VariableDefinitionNode]) -> None:
        self._schema = schema
        self._declared = declared
        found = [_plain(schema, one) for one in declared]
        self._plain = None if None in found else tuple(one for one in found if one)
        self._signatures = {one.name: one.signature for one in found if one}

    def values(self, given: dict[str, Any] | None) -> VariableValues | None:
        """What they are; None if they are not as they should be."""
        if not self._declared:
            return NOTHING
        given = given or {}
        if self._plain is not None:
            coerced: dict[str, Any] = {}
            for name, _, fits, nullable, omissible in self._plain:
                if name not in given:
                    if not omissible:
                        break
                    continue
                value = given[name]
                if not fits(value) and not (value is None and nullable):
                    break
                coerced[name] = value
            else:
                return VariableValues(_Sources(self._signatures, coerced), coerced)
        found = get_variable_values(self._schema, self._declared, given, max_errors=1)
        return None if isinstance(found, list) else found


def _plain(schema: GraphQLSchema, declared: VariableDefinitionNode) -> _Variable | None:
    """A variable of a specified scalar type; None for any other."""
    signature = get_variable_signature(schema, declared)
    if isinstance(signature, GraphQLError):
        return None
    scalar = get_nullable_type(signature.type)
    if not is_scalar_type(scalar) or scalar.name not in FITS:
        return None
    nullable = not is_non_null_type(signature.type)
    omissible = nullable and declared.default_value is None
    return _Variable(signature.name, signature, FITS[scalar.name], nullable, omissible)
