"""Subgraphs: the schema as routers of a federation see it, all of it or a part.

A part is what some modules of this folder declare: their root fields, and their entities with
all fields. Another module's entity is known to it by its id and by what its interfaces have:
`Pool.stops` is answered where the pools are, as far as the ids and names of stops, and a router
asks for the rest of each where the stops are. What several parts can answer alike is shared:
what interfaces have, and all types without a key, which are values.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import copy
from operator import attrgetter

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from strawberry.federation.schema_directives import Key, Shareable
from strawberry.federation.types import FieldSet

DEFINITION = "strawberry-definition"  # of what Strawberry has made a type or a field
ENTITY, ENTITIES = "_Entity", "_entities"


def keys(kind: GraphQLNamedType) -> list[str]:
    """The fields that an entity is known by, each by itself, `id` first; of a value none."""
    return [str(one.fields) for one in _directives(kind) if isinstance(one, Key)]


def entities(schema: GraphQLSchema) -> Mapping[str, list[str]]:
    """The entities that are resolved here: their names, and what each is known by."""
    union = schema.get_type(ENTITY)
    found = union.types if isinstance(union, GraphQLUnionType) else ()
    return {kind.name: keys(kind) for kind in found}


def share_values(schema: GraphQLSchema) -> None:
    """Mark all types without a key: a router may have a value of whoever has it."""
    roots = _roots(schema)
    for kind in _objects(schema):
        if not keys(kind) and kind not in roots:
            _direct(kind, Shareable())


def part(whole: GraphQLSchema, modules: Collection[str]) -> GraphQLSchema:
    """What some modules declare of a schema that is not used again, since its types change.

    ValueError if they declare neither a root field nor an entity.
    """
    owned = [kind for kind in _objects(whole) if keys(kind) and _module(kind) in modules]
    for kind in _objects(whole):
        if keys(kind):
            _divide(kind, ours=kind in owned)
    for root in _roots(whole):
        root.fields = {
            name: field
            for name, field in root.fields.items()
            if _module(field) in {*modules, None} and (owned or name != ENTITIES)
        }
    used = [root for root in _roots(whole) if any(map(_module, root.fields.values()))]
    if not used and not owned:
        raise ValueError("neither a root field nor an entity is theirs")
    union = whole.type_map[ENTITY]
    assert isinstance(union, GraphQLUnionType)  # noqa: S101 - for mypy
    union.types = tuple(sorted(owned, key=attrgetter("name")))
    return GraphQLSchema(
        query=whole.query_type,  # where a router asks who we are
        mutation=whole.mutation_type if whole.mutation_type in used else None,
        subscription=whole.subscription_type if whole.subscription_type in used else None,
        types=_reached(whole, [*used, *owned]),
        directives=whole.directives,
        description=whole.description,
        extensions=whole.extensions,
    )


def _divide(kind: GraphQLObjectType, *, ours: bool) -> None:
    """Share what an entity's interfaces have; of another part's, leave nothing else."""
    shared = {name for interface in kind.interfaces for name in interface.fields}
    if not ours:
        kind.fields = {name: field for name, field in kind.fields.items() if name in shared}
        _direct(kind, Key(fields=FieldSet("id"), resolvable=False))
    for name in shared - {"id"}:  # a key is shared by itself
        _direct(kind.fields[name], *_directives(kind.fields[name]), Shareable())


def _roots(schema: GraphQLSchema) -> list[GraphQLObjectType]:
    found = (schema.query_type, schema.mutation_type, schema.subscription_type)
    return [kind for kind in found if kind is not None]


def _objects(schema: GraphQLSchema) -> Iterator[GraphQLObjectType]:
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("_"):
            yield kind


def _reached(schema: GraphQLSchema, start: Iterable[GraphQLObjectType]) -> list[GraphQLObjectType]:
    """Every object that an answer may have; of an interface, whatever has it."""
    found = dict.fromkeys(start)
    todo = list(found)
    while todo:
        for field in todo.pop().fields.values():
            named = get_named_type(field.type)
            kinds = schema.get_possible_types(named) if is_abstract_type(named) else [named]
            new = [one for one in kinds if is_object_type(one) and one not in found]
            found |= dict.fromkeys(new)
            todo += new
    return list(found)


def _module(part: GraphQLObjectType | GraphQLField) -> str | None:
    """The module of this folder that declares a type or a field; None for federation's own."""
    module: str = part.extensions[DEFINITION].origin.__module__
    return module.removeprefix(f"{__package__}.") if module.startswith(f"{__package__}.") else None


def _directives(part: GraphQLNamedType | GraphQLField) -> list[object]:
    return list(part.extensions[DEFINITION].directives or ())


def _direct(part: GraphQLNamedType | GraphQLField, *directives: object) -> None:
    """Give a type or a field these directives: in this schema only, and instead of its own."""
    definition = copy(part.extensions[DEFINITION])
    definition.directives = list(directives)
    part.extensions = {**part.extensions, DEFINITION: definition}
