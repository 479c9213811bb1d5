"""Arguments: what a field is called with, as graphql-core and Strawberry would make it.

What no variable is in is made once, with the plan; all else once for each execution.
"""

from collections.abc import Callable
from typing import Any

from graphql import FieldNode, GraphQLField, GraphQLSchema, Visitor, visit
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

Arguments = dict[str, Any]  # by the parameters' names
Made = Callable[[VariableValues], Arguments]


class Maker:
    """Makes the arguments of the fields of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        converter = schema._strawberry_schema.schema_converter  # type: ignore[attr-defined]
        self._registry, self._config = converter.scalar_registry, converter.config

    def made(self, field: GraphQLField, ours: StrawberryField, node: FieldNode) -> Made:
        """How a field's arguments are made of an operation's variables."""

        def make(variables: VariableValues) -> Arguments:
            given = get_argument_values(field, node, variables)
            return convert_arguments(
                given, ours.arguments, scalar_registry=self._registry, config=self._config
            )

        return make

    def lasting(self, field: GraphQLField, node: FieldNode, made: Made) -> Arguments | None:
        """The same for all executions, where they are; an error of a value's is not raised here."""
        if not field.args:
            return {}
        if _varies(node):
            return None
        try:
            return made(VariableValues({}, {}))
        except Exception:
            return None  # it is raised again, by each execution


def _varies(node: FieldNode) -> bool:
    """Whether a variable is in any of its arguments."""
    finder = _Variables()
    for argument in node.arguments or ():
        visit(argument, finder)
    return finder.found


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_variable(self, *_: Any) -> None:
        self.found = True
