"""Introspection: the schema kept to oneself, where POCHE_INTROSPECTION is off."""

from typing import Any

from graphql import FieldNode, GraphQLError
from graphql.validation import ASTValidationRule

CLOSED = ("__schema", "__type", "_service")  # the last is federation's way to read the schema


class NoIntrospection(ASTValidationRule):
    """Refuses to tell the schema; `__typename` tells only what was asked."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if node.name.value in CLOSED:
            self.report_error(GraphQLError(f"`{node.name.value}` is not answered here.", node))
