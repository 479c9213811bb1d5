"""Lasting: what is selected of objects that each execution would write the same."""

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

from server.compiled.fields import Attribute
from server.compiled.selections import Collected, Selections

if TYPE_CHECKING:
    from server.compiled.generator import Generator

TYPENAME = "__typename"
WORTH_IT = 2  # attributes that are copied as quickly as read


class Lasting:
    """Tells it of one operation's selections: they last where all is attributes, all the way."""

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

    def but_for_what_waits(self, kind: GraphQLObjectType, found: Collected) -> bool:
        """Whether something is waited for, and all else lasts, and is worth keeping."""
        fields = {key: kind.fields.get(one[0].node.name.value) for key, one in found.items()}
        rest = {
            key: found[key]
            for key, field in fields.items()
            if field is None or not self._generator.waits(field)
        }
        attributes = all(fields[key] is not None for key in rest)  # and no type's name
        return WORTH_IT <= len(rest) < len(found) and attributes and self._all(kind, rest)

    def _all(self, kind: GraphQLObjectType, found: Collected) -> bool:
        for below in found.values():
            name = below[0].node.name.value
            field = kind.fields.get(name)
            if field is None:
                if name != TYPENAME:
                    return False
                continue
            if not isinstance(self._generator.way(field), Attribute):
                return False
            named = get_named_type(field.type)
            if is_composite_type(named) and not self.whole(named, below):
                return False
        return True
