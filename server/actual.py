"""Actual cost: what an answer took, by the estimate's weights, its lists as long as they were.

A field that asks an upstream counts for that only if it waited for one: what is
answered from memory, or by what another replica read, is spared.
"""

from collections.abc import Container, Mapping
from typing import Any

from graphql import GraphQLNamedType, GraphQLSchema, get_named_type, is_composite_type

from server.cost import OBJECT, Weight
from server.limits import INTROSPECTION, Asked

Weights = Mapping[tuple[str, str], Weight]


def actual(
    schema: GraphQLSchema,
    weights: Weights,
    root: GraphQLNamedType,
    asked: Asked,
    data: Mapping[str, Any],
    waited: Container[str],
) -> float:
    """The points of one answer; `waited` are the fields, as `explain` calls them, that asked."""
    return round(_Adding(schema, weights, waited).below(root, asked, data, ()), 1)


class _Adding:
    def __init__(self, schema: GraphQLSchema, weights: Weights, waited: Container[str]) -> None:
        self._schema = schema
        self._weights = weights
        self._waited = waited

    def below(
        self, kind: GraphQLNamedType, level: Asked, data: Mapping[str, Any], path: tuple[str, ...]
    ) -> float:
        """Points of what one object answered."""
        total = 0.0
        for key, one in level.below.items():
            on, node = one.fields[0]
            parent = self._schema.get_type(on) if on else kind
            name = node.name.value
            if key not in data or name in INTROSPECTION or not is_composite_type(parent):
                continue
            here = (*path, key)
            field = self._schema.get_field(parent, name)
            if ".".join(here) in self._waited:
                total += self._weights.get((parent.name, name), Weight()).points
            if one.below and field is not None:
                total += self._objects(get_named_type(field.type), one, data[key], here)
        return total

    def _objects(
        self, kind: GraphQLNamedType, level: Asked, value: Any, path: tuple[str, ...]
    ) -> float:
        if isinstance(value, list):
            return sum(self._objects(kind, level, one, (*path, "*")) for one in value)
        return 0 if value is None else OBJECT + self.below(kind, level, value, path)
