"""Limits: how much one document may ask, counted before anything else is done with it.

A document is walked once, as execution would walk it, fragments and all, and
the walk ends at the first bound that is passed: a document of any size, or of
2^40 fields in 2 kB, costs no more than `max_fields` steps.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
)

from server.errors import RequestError
from server.settings import Settings

INTROSPECTION = ("__schema", "__type")  # deeper than any query; limited apart, in cost.py
INPUT_FIELDS = 8  # of one object literal: validation prints it whole for each unknown one


@dataclass(slots=True)
class Asked:
    """What is asked under one response key, with all fragments merged in.

    `fields` are the nodes that ask it, each with the type that its fragment is
    about (None outside of fragments); `below` what they select, by response key.
    """

    fields: list[tuple[str | None, FieldNode]] = field(default_factory=list)
    below: dict[str, "Asked"] = field(default_factory=dict)


def bounds(settings: Settings) -> Mapping[str, int]:
    """The bounds that `asked` holds a document to."""
    return {
        "depth": settings.max_depth,
        "aliases": settings.max_aliases,
        "rootFields": settings.max_root_fields,
        "directives": settings.max_directives,
        "fields": settings.max_fields,
        "duplicateKeys": settings.max_duplicate_keys,
        "inputFields": INPUT_FIELDS,
    }


def asked(document: DocumentNode, bounds: Mapping[str, int]) -> Mapping[str | None, Asked]:
    """What each operation asks, by its name; RequestError (422) if that is too much."""
    return _Walk(document, bounds).operations()


def over(limit: str, value: float, bound: float, code: str = "LIMIT_EXCEEDED") -> GraphQLError:
    """The error that says which limit was passed: its name, what was asked, what may be."""
    message = f"Too much at once: {limit} {value:g}, of at most {bound:g}."
    return GraphQLError(
        message, extensions={"code": code, "limit": limit, "value": value, "bound": bound}
    )


class _Spot(NamedTuple):
    """Where the walk is: below which key, on which type, how deep, inside of which fragments."""

    level: Asked
    kind: str | None = None
    depth: int | None = 1  # None where depth does not count
    inside: tuple[str, ...] = ()

    def below(self, level: Asked, node: FieldNode) -> "_Spot":
        if self.depth is None or node.name.value in INTROSPECTION:
            return self._replace(level=level, depth=None)
        return self._replace(level=level, depth=self.depth + 1)


class _Walk:
    def __init__(self, document: DocumentNode, bounds: Mapping[str, int]) -> None:
        self._document = document
        self._bounds = bounds
        self._counts: Counter[str] = Counter()  # of the whole document
        self._fragments: dict[str, FragmentDefinitionNode] = {}
        self._entered: set[int] = set()

    def operations(self) -> Mapping[str | None, Asked]:
        found: dict[str | None, Asked] = {}
        definitions = self._document.definitions
        fragments = [node for node in definitions if isinstance(node, FragmentDefinitionNode)]
        self._fragments = {node.name.value: node for node in fragments}
        for node in definitions:
            if isinstance(node, OperationDefinitionNode):
                top = self._merged(node.selection_set)
                self._check("rootFields", len(top.below))
                self._count("directives", len(node.directives or ()))
                self._values(one.default_value for one in node.variable_definitions or ())
                found[node.name.value if node.name else None] = top
        for node in fragments:
            if id(node) not in self._entered:  # in no operation, but validation will read it
                self._merged(node.selection_set)
        return found

    def _merged(self, selected: SelectionSetNode) -> Asked:
        top = Asked()
        todo = [(selected, _Spot(top))]
        while todo:
            selection_set, at = todo.pop()
            for node in selection_set.selections:
                self._count("fields")  # spreads count too, so that the walk has an end
                self._count("directives", len(node.directives or ()))
                if isinstance(node, FieldNode):
                    here = self._field(node, at)
                    if node.selection_set:
                        todo.append((node.selection_set, at.below(here, node)))
                elif fragment := self._fragment(node, at):
                    on = fragment.type_condition
                    within = at._replace(kind=on.name.value if on else at.kind)
                    if isinstance(fragment, FragmentDefinitionNode):
                        within = within._replace(inside=(*at.inside, fragment.name.value))
                    todo.append((fragment.selection_set, within))
        return top

    def _fragment(
        self, node: SelectionNode, at: _Spot
    ) -> FragmentDefinitionNode | InlineFragmentNode | None:
        if not isinstance(node, FragmentSpreadNode):
            return node if isinstance(node, InlineFragmentNode) else None
        name = node.name.value
        fragment = None if name in at.inside else self._fragments.get(name)
        if fragment:  # validation has words for cycles, and for fragments there are none of
            self._entered.add(id(fragment))
        return fragment

    def _field(self, node: FieldNode, at: _Spot) -> Asked:
        self._check("depth", at.depth or 0)
        self._values(one.value for one in node.arguments or ())
        if node.alias:
            self._count("aliases")
        key = (node.alias or node.name).value
        here = at.level.below.setdefault(key, Asked())
        if all(node is not known for _, known in here.fields):
            here.fields.append((at.kind, node))
            if len(here.fields) > 1:  # validation compares each of these with each other
                again = sum(len(one.fields) - 1 for one in at.level.below.values())
                self._check("duplicateKeys", again)
        return here

    def _values(self, given: Iterable[ValueNode | None]) -> None:
        todo = list(given)
        while todo:
            value = todo.pop()
            if isinstance(value, ListValueNode):
                todo += value.values
            elif isinstance(value, ObjectValueNode):
                self._check("inputFields", len(value.fields))
                todo += [one.value for one in value.fields]

    def _count(self, limit: str, more: int = 1) -> None:
        self._counts[limit] += more
        self._check(limit, self._counts[limit])

    def _check(self, limit: str, value: int) -> None:
        bound = self._bounds.get(limit)
        if bound is not None and value > bound:
            raise RequestError(422, over(limit, value, bound))
