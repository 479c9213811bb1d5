"""Cost: what an operation may take, added up from the schema's own weights before it runs.

    cost of a field = its @cost + entries * (0.1 + cost of what is asked of each)

@listSize says how many entries; where a variable does, the sum is done again
for each request, over what `limits.asked` has merged. Of an abstract type the
dearest concrete one counts. Introspection reads no source: it is measured apart,
in objects, against what a tool asks that wants to know the whole schema.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
    get_introspection_query,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_list_type,
    is_object_type,
    parse,
    value_from_ast_untyped,
)
from graphql.pyutils import Undefined

from schema.cost import Cost, ListSize
from server.errors import RequestError
from server.limits import INTROSPECTION, Asked, asked, over
from server.settings import Settings

OBJECT = 0.1  # points of one object that we hold anyway
UNSIZED = 10  # entries of a list that the schema says nothing about
MANY = 1_000_000  # entries: more make no difference
WORST = 100  # entries where a variable decides, and its value is not known yet
TOOLS = 4  # introspection: as much at once as so many tools ask


@dataclass(frozen=True)
class Estimate:
    """What an operation takes at most: points, objects of cities, objects of the schema."""

    cost: float
    nodes: int
    introspection: int
    varies: bool  # whether variables had a say in it


@dataclass(frozen=True)
class Weight:
    """What the schema says of one field: points, entries, and who decides on their number."""

    points: float = 0
    entries: float | None = None
    slicing: tuple[str, ...] = ()
    sized: tuple[str, ...] = ()


class Estimator:
    """Estimates operations of one schema, and refuses those that are too expensive."""

    def __init__(self, schema: GraphQLSchema, settings: Settings) -> None:
        self._schema = schema
        self.weights = {**_declared(schema), **_introspected(schema)}
        everything = parse(get_introspection_query(input_value_deprecation=True, one_of=True))
        [(_, top)] = asked(everything, {}).items()
        [operation, *_] = everything.definitions
        assert isinstance(operation, OperationDefinitionNode)  # noqa: S101 - for mypy
        whole = self.estimate(operation, top, {}).introspection
        self.bounds = {
            "cost": settings.max_cost,
            "nodes": settings.max_nodes,
            "introspection": TOOLS * whole,
        }

    def estimate(
        self, operation: OperationDefinitionNode, top: Asked, variables: dict[str, Any] | None
    ) -> Estimate:
        """What a valid operation takes at most; with None, whatever the variables will be."""
        root = self._schema.get_root_type(operation.operation)
        adding = _Adding(self._schema, self.weights, operation, variables)
        nodes, cost = adding.below(root, top) if root else (0, 0)
        introspection = round(adding.introspection)
        return Estimate(round(cost, 1), round(nodes), introspection, adding.varies)

    def check(self, estimate: Estimate) -> None:
        """RequestError (422) if that is more than one operation may take."""
        for limit, bound in self.bounds.items():
            value = getattr(estimate, limit)
            if value > bound:
                code = "COST_ESTIMATED_TOO_EXPENSIVE" if limit == "cost" else "LIMIT_EXCEEDED"
                raise RequestError(422, over(limit, value, bound, code))


class _Adding:
    """One sum; each level is added up once for each concrete type and size it is met with."""

    def __init__(
        self,
        schema: GraphQLSchema,
        weights: Mapping[tuple[str, str], Weight],
        operation: OperationDefinitionNode,
        variables: dict[str, Any] | None,
    ) -> None:
        self.varies = False
        self.introspection = 0.0
        self._schema = schema
        self._weights = weights
        self._variables = variables
        self._defaults = {
            one.variable.name.value: value_from_ast_untyped(one.default_value)
            for one in operation.variable_definitions or ()
            if one.default_value
        }
        self._known: dict[tuple[Any, ...], tuple[float, float]] = {}

    def below(
        self, kind: GraphQLObjectType, level: Asked, page: float = 1, paged: tuple[str, ...] = ()
    ) -> tuple[float, float]:
        """Objects and points of what is asked of one object; `page` entries in `paged` lists."""
        key = (id(level), kind.name, page)
        if key not in self._known:
            nodes = cost = 0.0
            for one in level.below.values():
                node = next((n for on, n in one.fields if self._applies(on, kind)), None)
                if node is not None:
                    more = self._field(kind, node, one, page, paged)
                    nodes, cost = nodes + more[0], cost + more[1]
            self._known[key] = nodes, cost
        return self._known[key]

    def _field(
        self,
        kind: GraphQLObjectType,
        node: FieldNode,
        asked: Asked,
        page: float,
        paged: tuple[str, ...],
    ) -> tuple[float, float]:
        name = node.name.value
        field = self._schema.get_field(kind, name)
        weight = self._weights.get((kind.name, name), Weight())
        concrete = self._concrete(field)
        if field is None or not concrete:
            return 0, weight.points  # a leaf
        size = self._size(node, weight, field)
        if name in paged:
            entries = page
        elif weight.sized:
            entries = 1
        elif size is not None:
            entries = size
        else:
            entries = UNSIZED if is_list_type(get_nullable_type(field.type)) else 1
        inner = [self.below(one, asked, size or 0, weight.sized) for one in concrete]
        nodes = entries * (1 + max(n for n, _ in inner))
        cost = weight.points + entries * (OBJECT + max(c for _, c in inner))
        if name in INTROSPECTION:
            self.introspection += nodes
            return 0, 0
        return nodes, cost

    def _size(self, node: FieldNode, weight: Weight, field: GraphQLField) -> float | None:
        """How many entries are meant: the most that an argument says, else what is assumed."""
        given = {one.name.value: one.value for one in node.arguments or ()}
        sizes = []
        for name in weight.slicing:
            if name not in field.args:  # a list that is paged one way only
                continue
            size = _entries(self._value(given[name])) if name in given else None
            sizes.append(_entries(field.args[name].default_value) if size is None else size)
        return max((size for size in sizes if size is not None), default=weight.entries)

    def _value(self, node: ValueNode) -> Any:
        if not isinstance(node, VariableNode):
            return value_from_ast_untyped(node, self._variables)
        self.varies = True
        if self._variables is None:
            return WORST
        name = node.name.value
        return self._variables.get(name, self._defaults.get(name))

    def _concrete(self, field: GraphQLField | None) -> Sequence[GraphQLObjectType]:
        """The types that a field's objects can be of; none for a leaf."""
        named = get_named_type(field.type) if field else None
        if is_abstract_type(named):
            return self._schema.get_possible_types(named)
        return [named] if is_object_type(named) else []

    def _applies(self, on: str | None, kind: GraphQLObjectType) -> bool:
        if on is None or on == kind.name:
            return True
        named = self._schema.get_type(on)
        return is_abstract_type(named) and self._schema.is_sub_type(named, kind)


def _entries(value: Any) -> float | None:
    if isinstance(value, int | float):
        return max(0, min(value, MANY))  # a sum of any depth stays finite
    if isinstance(value, list):
        return len(value)
    return None if value is None or value is Undefined else 1  # one value will do for a list of it


def _declared(schema: GraphQLSchema) -> dict[tuple[str, str], Weight]:
    """What @cost and @listSize say, by type and field."""
    found = {("Query", "_entities"): Weight(slicing=("representations",))}
    for kind in schema.type_map.values():
        for name, field in getattr(kind, "fields", {}).items():
            about = field.extensions.get("strawberry-definition")
            for directive in getattr(about, "directives", ()):
                weight = found.get((kind.name, name), Weight())
                if isinstance(directive, Cost):
                    weight = replace(weight, points=float(directive.weight))
                elif isinstance(directive, ListSize):
                    weight = replace(
                        weight,
                        entries=directive.assumed_size or None,
                        slicing=tuple(directive.slicing_arguments or ()),
                        sized=tuple(directive.sized_fields or ()),
                    )
                found[kind.name, name] = weight
    return found


def _introspected(schema: GraphQLSchema) -> dict[tuple[str, str], Weight]:
    """How long the lists of introspection are in this schema: on average, where they differ."""
    kinds = list(schema.type_map.values())
    fields = [field for kind in kinds for field in getattr(kind, "fields", {}).values()]
    values = [value for kind in kinds for value in getattr(kind, "values", {})]
    arguments = [one for field in fields for one in getattr(field, "args", {})]
    each = {
        ("__Schema", "types"): len(kinds),
        ("__Schema", "directives"): len(schema.directives),
        ("__Type", "fields"): len(fields) / len(kinds),
        ("__Type", "inputFields"): len(fields) / len(kinds),
        ("__Type", "enumValues"): len(values) / len(kinds),
        ("__Type", "interfaces"): 1,
        ("__Type", "possibleTypes"): 1,
        ("__Type", "ofType"): 0.5,
        ("__Field", "args"): len(arguments) / len(fields),
        ("__Directive", "args"): 2,
    }
    return {where: Weight(entries=entries) for where, entries in each.items()}
