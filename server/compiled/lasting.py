"""Lasting: what is selected of objects that each execution would write the same.

Attributes, and what functions make of an object that see nothing but it, with arguments
that no variable is in; and of the objects below, the same.
"""

from typing import TYPE_CHECKING

from graphql import (
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetailsList

from server.compiled.fields import Attribute, Call
from server.compiled.selections import Collected, Selections

if TYPE_CHECKING:
    from server.compiled.generator import Generator

TYPENAME = "__typename"
WORTH_IT = 2  # fields that are copied as quickly as read


class Lasting:
    """Tells it of one operation's selections."""

    def __init__(self, generator: "Generator", selections: Selections) -> None:
        self._generator = generator
        self._selections = selections
        self._known: dict[tuple[str, int], bool] = {}

    def whole(self, kind: GraphQLOutputType, details: FieldDetailsList) -> bool:
        """Whether all that a field asks of an object lasts; False of anything else but objects."""
        key = str(kind), id(details)
        if key not in self._known:
            if is_abstract_type(kind):
                possible = self._generator.schema.get_possible_types(kind)
                self._known[key] = all(self.whole(one, details) for one in possible)
            else:
                self._known[key] = is_object_type(kind) and self._all(
                    kind, self._selections.below(kind, details)
                )
        return self._known[key]

    def some(self, kind: GraphQLObjectType, found: Collected) -> bool:
        """Whether some fields of an object last, and are worth keeping, and others do not."""
        if any(one[0].node.name.value == TYPENAME for one in found.values()):
            return False  # types of which the same is selected share what is kept
        lasting = sum(self.field(kind, below) for below in found.values())
        return WORTH_IT <= lasting < len(found)

    def field(self, kind: GraphQLObjectType, details: FieldDetailsList) -> bool:
        """Whether one does, and all that is selected of it."""
        node = details[0].node
        field = kind.fields.get(node.name.value)
        if field is None:
            return node.name.value == TYPENAME
        way = self._generator.way(field)
        if isinstance(way, Call):
            maker = self._generator.maker
            if not way.sees_no_more or maker.lasting(field, way.field, node) is None:
                return False
        elif not isinstance(way, Attribute):
            return False
        named = get_named_type(field.type)
        return not is_composite_type(named) or self.whole(named, details)

    def _all(self, kind: GraphQLObjectType, found: Collected) -> bool:
        return all(self.field(kind, below) for below in found.values())
