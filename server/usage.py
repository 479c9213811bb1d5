"""Usage: which fields of the schema an operation asks, and who asks them.

Fields are called by their schema coordinates (`Pool.hours`, `Query.pools(first:)`).
`poche usage` reads them off a server's `/metrics`: before a deprecated field
goes, it says whom to write to.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    separate_operations,
    visit,
)
from graphql.type import GraphQLNamedType, is_introspection_type
from prometheus_client.parser import text_string_to_metric_families

from server.execution import Plan

METRIC = "poche_field_requests"


def coordinates(schema: GraphQLSchema, plan: Plan, operation: str | None) -> frozenset[str]:
    """All that one operation names in the schema, worked out once for each plan."""
    known = plan.coordinates.get(operation)
    if known is None:
        document = separate_operations(plan.document)[operation or ""]
        known = plan.coordinates[operation] = used(schema, document)
    return known


def used(schema: GraphQLSchema, document: DocumentNode) -> frozenset[str]:
    """The coordinates of fields, and of arguments given, in a valid document."""
    types = TypeInfo(schema)
    finder = _Finder(types)
    visit(document, TypeInfoVisitor(types, finder))
    return frozenset(finder.found)


def deprecated(schema: GraphQLSchema) -> Mapping[str, str]:
    """The coordinates that clients should leave, and what the schema says to do instead."""
    found: dict[str, str] = {}
    for kind in schema.type_map.values():
        for where, one in _members(kind):
            if one.deprecation_reason is not None:
                found[where] = one.deprecation_reason
    return found


def users(metrics: str) -> Mapping[str, Mapping[str, int]]:
    """Who asked what how often, by coordinate and client, out of the text of `/metrics`."""
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples if family.name == METRIC else ():
            if sample.name.endswith("_total"):
                labels = sample.labels
                found[labels["coordinate"]][labels["client"]] = int(sample.value)
    return found


def _members(kind: GraphQLNamedType) -> Iterable[tuple[str, Any]]:
    for name, member in getattr(kind, "fields", {}).items():
        yield f"{kind.name}.{name}", member
        for argument, about in getattr(member, "args", {}).items():
            yield f"{kind.name}.{name}({argument}:)", about


class _Finder(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._types = types

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        kind, name = self._types.get_parent_type(), node.name.value
        if kind is not None and not is_introspection_type(kind) and not name.startswith("__"):
            where = f"{kind.name}.{name}"
            self.found.update((where, *(f"{where}({a.name.value}:)" for a in node.arguments or ())))
