"""Arguments: what a field is called with, as graphql-core and Strawberry would make it.

What no variable is in is made once, with the plan. Of the rest, a variable of a specified
scalar type is handed on as it is; anything else is made once for each execution.
"""

from collections.abc import Callable
from typing import Any

import strawberry
from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLSchema,
    VariableNode,
    Visitor,
    is_non_null_type,
    visit,
)
from graphql.execution.values import VariableValues, coerce_argument, get_argument_values
from strawberry.types.arguments import StrawberryArgument, convert_arguments
from strawberry.types.base import StrawberryMaybe, StrawberryOptional
from strawberry.types.field import StrawberryField

from server.compiled.variables import NOTHING

Arguments = dict[str, Any]  # by the parameters' names
Made = Callable[[VariableValues], Arguments]
HANDED_ON = (str, int, float, bool, strawberry.ID)


class Maker:
    """Makes the arguments of the fields of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        converter = schema._strawberry_schema.schema_converter  # type: ignore[attr-defined]
        self._registry, self._config = converter.scalar_registry, converter.config

    def made(self, field: GraphQLField, ours: StrawberryField, node: FieldNode) -> Made:
        """How a field's arguments are made of an operation's variables."""

        def make(variables: VariableValues) -> Arguments:
            return self._converted(ours, get_argument_values(field, node, variables))

        return self._handed_on(field, ours, node, make) or make

    def lasting(
        self, field: GraphQLField, ours: StrawberryField, node: FieldNode
    ) -> Arguments | None:
        """The same for all executions, where they are; an error of a value's is not raised here."""
        if not field.args:
            return {}
        if any(_varies(one) for one in node.arguments or ()):
            return None
        try:
            return self.made(field, ours, node)(NOTHING)
        except Exception:
            return None  # it is raised again, by each execution

    def _handed_on(
        self, field: GraphQLField, ours: StrawberryField, node: FieldNode, otherwise: Made
    ) -> Made | None:
        """The same, at once, if variables are all that varies, and each is handed on as it is."""
        given = {one.name.value: one for one in node.arguments or ()}
        parameters = {self._config.name_converter.from_argument(one): one for one in ours.arguments}
        fixed: dict[str, Any] = {}
        variables: list[tuple[str, str, bool]] = []
        for name, argument in field.args.items():
            one, parameter = given.get(name), parameters.get(name)
            if one is None or not _varies(one):
                try:
                    coerce_argument(fixed, node, name, argument, one, NOTHING, None)
                except Exception:
                    return None
            elif (
                parameter is not None
                and isinstance(one.value, VariableNode)
                and _is_handed_on(argument, parameter)
            ):
                required = is_non_null_type(argument.type)
                variables.append((parameter.python_name, one.value.name.value, required))
            else:
                return None
        constants = self._converted(ours, fixed)

        def hand_on(values: VariableValues) -> Arguments:
            coerced, made = values.coerced, constants.copy()
            for parameter, variable, required in variables:
                value = coerced.get(variable)
                if value is None and (required or variable not in coerced):
                    return otherwise(values)
                made[parameter] = value
            return made

        return hand_on

    def _converted(self, ours: StrawberryField, given: dict[str, Any]) -> Arguments:
        return convert_arguments(
            given, ours.arguments, scalar_registry=self._registry, config=self._config
        )


def _is_handed_on(argument: GraphQLArgument, parameter: StrawberryArgument) -> bool:
    """Whether what graphql-core makes of a value is what the parameter takes."""
    if argument.out_name is not None:
        return False
    kind = parameter.type
    if isinstance(kind, StrawberryOptional) and not isinstance(kind, StrawberryMaybe):
        kind = kind.of_type
    return kind in HANDED_ON


def _varies(node: Any) -> bool:
    """Whether a variable is in it."""
    finder = _Variables()
    visit(node, finder)
    return finder.found


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_variable(self, *_: Any) -> None:
        self.found = True
