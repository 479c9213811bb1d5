"""Usage: what of the schema an operation names, and who asks it.

Fields, arguments, input fields and enum values are called by their schema
coordinates: `Pool.hours`, `Query.pools(first:)`, `Near.lat`, `MenuVariant.STANDARD`.
`poche usage` reads them off servers' `/metrics`: before a deprecated field
goes, it says whom to write to.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    EnumValueNode,
    FieldNode,
    GraphQLSchema,
    ObjectFieldNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    separate_operations,
    type_from_ast,
    visit,
)
from graphql.type import GraphQLNamedType, GraphQLType, is_introspection_type
from prometheus_client.parser import text_string_to_metric_families

from server.planning import Plan

METRIC = "poche_field_requests"


def coordinates(schema: GraphQLSchema, plan: Plan, operation: str | None) -> frozenset[str]:
    """All that one operation names in the schema, worked out once for each plan."""
    known = plan.coordinates.get(operation)
    if known is None:
        document = separate_operations(plan.document)[operation or ""]
        known = plan.coordinates[operation] = used(schema, document)
    return known


def telling(
    schema: GraphQLSchema, plan: Plan, operation: str | None
) -> Mapping[str, GraphQLNamedType]:
    """The variables of one operation whose values name something, worked out once for each plan."""
    known = plan.telling.get(operation)
    if known is None:
        declared = plan.operations[operation].variable_definitions or ()
        types = {
            one.variable.name.value: get_named_type(type_from_ast(schema, one.type))
            for one in declared
        }
        known = plan.telling[operation] = {
            name: kind
            for name, kind in types.items()
            if is_enum_type(kind) or is_input_object_type(kind)
        }
    return known


def given(telling: Mapping[str, GraphQLNamedType], variables: Mapping[str, Any]) -> frozenset[str]:
    """The coordinates of input fields and enum values that come in variables, right or wrong."""
    found: set[str] = set()
    left: list[tuple[GraphQLNamedType | None, Any]] = [
        (kind, variables.get(name)) for name, kind in telling.items()
    ]
    while left:  # a loop: lists may lie in lists as deep as JSON can be
        kind, value = left.pop()
        if isinstance(value, list):
            left.extend((kind, one) for one in value)
        elif is_enum_type(kind) and isinstance(value, str) and value in kind.values:
            found.add(f"{kind.name}.{value}")
        elif is_input_object_type(kind) and isinstance(value, dict):
            for name in kind.fields.keys() & value.keys():
                found.add(f"{kind.name}.{name}")
                left.append((get_named_type(kind.fields[name].type), value[name]))
    return frozenset(found)


def used(schema: GraphQLSchema, document: DocumentNode) -> frozenset[str]:
    """The coordinates that a valid document names, values in it included."""
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


def users(metrics: Iterable[str]) -> Mapping[str, Mapping[str, int]]:
    """Who asked what how often, by coordinate and client, out of the text of each `/metrics`.

    ValueError if that is no such text.
    """
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for text in metrics:
        for family in text_string_to_metric_families(text):
            for sample in family.samples if family.name == METRIC else ():
                if sample.name.endswith("_total"):
                    labels = sample.labels
                    found[labels["coordinate"]][labels["client"]] += int(sample.value)
    return found


def _members(kind: GraphQLNamedType) -> Iterable[tuple[str, Any]]:
    for name, member in getattr(kind, "fields", {}).items():
        yield f"{kind.name}.{name}", member
        for argument, about in getattr(member, "args", {}).items():
            yield f"{kind.name}.{name}({argument}:)", about
    for name, value in getattr(kind, "values", {}).items():
        yield f"{kind.name}.{name}", value


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

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        self._found_in(self._types.get_parent_input_type(), node.name.value)

    def enter_enum_value(self, node: EnumValueNode, *_: Any) -> None:
        self._found_in(self._types.get_input_type(), node.value)

    def _found_in(self, kind: GraphQLType | None, name: str) -> None:
        named = get_named_type(kind)
        if named is not None:
            self.found.add(f"{named.name}.{name}")
