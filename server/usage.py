"""Usage: what of the schema an operation names, and who asks it.

Fields, arguments, input fields and enum values are called by their schema
coordinates: `Pool.hours`, `Query.pools(first:)`, `Near.lat`, `MenuVariant.STANDARD`.
`poche usage` reads them off servers' `/metrics`: before a deprecated field
goes, it says whom to write to.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    type_from_ast,
)
from graphql.type import GraphQLNamedType, GraphQLType, is_introspection_type
from prometheus_client.parser import text_string_to_metric_families

from server.planning import Plan

METRIC = "poche_field_requests"


def coordinates(schema: GraphQLSchema, plan: Plan, operation: str | None) -> frozenset[str]:
    """All that one operation names in the schema, worked out once for each plan."""
    known = plan.coordinates.get(operation)
    if known is None:
        node = plan.operations[operation]
        known = plan.coordinates[operation] = used(schema, plan.document, node)
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


def used(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> frozenset[str]:
    """The coordinates that an operation of a valid document names, values in it included.

    By a walk of its own: graphql-core's visitors take five times as long, and somebody waits.
    """
    return frozenset(_Walk(schema, document).found_in(operation))


def deprecated(schema: GraphQLSchema) -> Mapping[str, str]:
    """The coordinates that clients should leave, and what the schema says to do instead."""
    found: dict[str, str] = {}
    for kind in schema.type_map.values():
        for where, one in _members(kind):
            if one.deprecation_reason is not None:
                found[where] = one.deprecation_reason
    return found


def users(metrics: str) -> Counter[tuple[str, str]]:
    """How often each coordinate was asked for by each client, out of the text of `/metrics`.

    ValueError if that is no such text.
    """
    found: Counter[tuple[str, str]] = Counter()
    for family in text_string_to_metric_families(metrics):
        for sample in family.samples if family.name == METRIC else ():
            if sample.name.endswith("_total"):
                found[sample.labels["coordinate"], sample.labels["client"]] += int(sample.value)
    return found


def _members(kind: GraphQLNamedType) -> Iterable[tuple[str, Any]]:
    for name, member in getattr(kind, "fields", {}).items():
        yield f"{kind.name}.{name}", member
        for argument, about in getattr(member, "args", {}).items():
            yield f"{kind.name}.{name}({argument}:)", about
    for name, value in getattr(kind, "values", {}).items():
        yield f"{kind.name}.{name}", value


class _Walk:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._found: set[str] = set()
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }

    def found_in(self, operation: OperationDefinitionNode) -> set[str]:
        self._directives(operation.directives)
        for one in operation.variable_definitions or ():
            self._directives(one.directives)
            self._value(type_from_ast(self._schema, one.type), one.default_value)
        entered: set[str] = set()
        todo: list[tuple[Any, Any]] = [
            (self._schema.get_root_type(operation.operation), operation.selection_set)
        ]
        while todo:
            kind, selection_set = todo.pop()
            for node in selection_set.selections:
                self._directives(node.directives)
                if isinstance(node, FieldNode):
                    below = self._field(kind, node)
                    if node.selection_set:
                        todo.append((below, node.selection_set))
                elif isinstance(node, InlineFragmentNode):
                    on = node.type_condition
                    within = self._schema.get_type(on.name.value) if on else kind
                    todo.append((within, node.selection_set))
                elif node.name.value not in entered:
                    entered.add(node.name.value)
                    todo.append(self._spread(node))
        return self._found

    def _spread(self, node: FragmentSpreadNode) -> tuple[Any, Any]:
        fragment = self._fragments[node.name.value]
        self._directives(fragment.directives)
        return self._schema.get_type(fragment.type_condition.name.value), fragment.selection_set

    def _field(self, kind: Any, node: FieldNode) -> GraphQLNamedType:
        """The type of what is below it."""
        name = node.name.value
        field = self._schema.get_field(kind, name)
        assert field is not None  # noqa: S101 - for mypy: the document is valid
        where = f"{kind.name}.{name}"
        told = not is_introspection_type(kind) and not name.startswith("__")
        if told:
            self._found.add(where)
        self._arguments(node.arguments, field.args, where if told else None)
        return get_named_type(field.type)

    def _directives(self, nodes: Iterable[DirectiveNode] | None) -> None:
        for node in nodes or ():
            directive = self._schema.get_directive(node.name.value)
            self._arguments(node.arguments, directive.args if directive else {}, None)

    def _arguments(
        self,
        nodes: Iterable[ArgumentNode] | None,
        known: Mapping[str, GraphQLArgument],
        where: str | None,
    ) -> None:
        for node in nodes or ():
            name = node.name.value
            if where:
                self._found.add(f"{where}({name}:)")
            if name in known:
                self._value(known[name].type, node.value)

    def _value(self, kind: GraphQLType | None, value: ValueNode | None) -> None:
        left = [(get_named_type(kind), value)]
        while left:
            named, node = left.pop()
            if isinstance(node, ListValueNode):
                left += [(named, one) for one in node.values]
            elif isinstance(node, EnumValueNode) and is_enum_type(named):
                self._found.add(f"{named.name}.{node.value}")
            elif isinstance(node, ObjectValueNode) and is_input_object_type(named):
                for one in node.fields:
                    name = one.name.value
                    self._found.add(f"{named.name}.{name}")
                    left.append((get_named_type(named.fields[name].type), one.value))
