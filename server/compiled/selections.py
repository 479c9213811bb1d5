"""Selections: what is asked of each type, with all fragments and directives merged in."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from graphql import FragmentDefinitionNode, GraphQLObjectType, OperationDefinitionNode
from graphql.execution.collect_fields import (
    FieldDetailsList,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues

from server.compiled.bail import Unsupported
from server.compiled.fields import Attribute

if TYPE_CHECKING:
    from server.compiled.generator import Generator

Collected = dict[str, FieldDetailsList]  # by response key, in its order


class Selections:
    """Those of one operation, with variables that say what is skipped and what included."""

    def __init__(
        self,
        generator: "Generator",
        operation: OperationDefinitionNode,
        fragments: Sequence[FragmentDefinitionNode],
        variables: VariableValues,
    ) -> None:
        self._generator = generator
        self._schema = generator.schema
        self._operation = operation
        self._fragments = {one.name.value: FragmentDetails(one) for one in fragments}
        self._variables = variables
        self._known: dict[tuple[str, int], Collected] = {}  # which keeps the lists alive

    def root(self) -> tuple[GraphQLObjectType, Collected]:
        """The type that queries begin with, and what is asked of it; Unsupported."""
        root = self._schema.query_type
        if root is None or self._operation.directives:
            raise Unsupported("directive")
        found = collect_fields(
            self._schema, self._fragments, self._variables, root, self._operation
        )
        return root, found.grouped_field_set

    def below(self, kind: GraphQLObjectType, details: FieldDetailsList) -> Collected:
        """What a field asks of a type, if it finds one of it."""
        known = self._known.get((kind.name, id(details)))
        if known is None:
            found = collect_subfields(
                self._schema, self._fragments, self._variables, self._operation, kind, details
            )
            known = self._known[kind.name, id(details)] = found.grouped_field_set
        return known

    def alike(self, kind: GraphQLObjectType, details: FieldDetailsList) -> tuple[Any, ...]:
        """What makes the code for one type that for another one; Unsupported."""
        found: list[Any] = []
        for key, below in self.below(kind, details).items():
            field = kind.fields.get(below[0].node.name.value)
            if field is None:
                found.append((key, None))
                continue
            way = self._generator.way(field)
            how = way.name if isinstance(way, Attribute) else id(way.function)
            found.append((key, how, str(field.type), *(id(one.node) for one in below)))
        return tuple(found)
