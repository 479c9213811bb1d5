"""Keeping: the part of writing that is about what outlives an execution (`encoded.py`)."""

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from graphql import GraphQLObjectType, GraphQLOutputType, is_object_type
from graphql.execution.collect_fields import FieldDetailsList

from server.compiled.drafting import Draft, Kept
from server.compiled.fields import Call
from server.compiled.lasting import Lasting
from server.compiled.patterns import Field
from server.compiled.selections import Collected, Selections

if TYPE_CHECKING:
    from server.compiled.generator import Generator


class Keeping(Draft):
    """Selections of which all lasts are bytes, those of which some does are dicts to begin with."""

    def __init__(self, generator: "Generator", selections: Selections) -> None:
        super().__init__(generator)
        self._selections = selections
        self._lasting = Lasting(generator, selections)
        self._framing = False  # whether what does not last is left out
        self._kept: dict[tuple[str, int], Kept] = {}
        self._frames: dict[tuple[str, int], tuple[Kept, bool]] = {}

    @abstractmethod
    def _object(
        self, kind: GraphQLOutputType, details: FieldDetailsList, v: str, indent: int
    ) -> None:
        """Put in place of an object what is written of it."""

    @abstractmethod
    def _selection(
        self, kind: GraphQLObjectType, found: Collected, o: str, indent: int, told: str = ""
    ) -> str:
        """What is selected of an object, as code."""

    def _whole(self, kind: GraphQLOutputType, details: FieldDetailsList) -> Kept | None:
        """What knows all that is written of an object, if that is the same for all executions."""
        if not self._lasting.whole(kind, details):
            return None
        key = str(kind), id(details)
        if key not in self._kept:

            def body() -> str:
                self._object(kind, details, "v", 2)
                return "v"

            self._kept[key] = self._keeper(body, "encoded")
        return self._kept[key]

    def _framed(self, kind: GraphQLObjectType, found: Collected, o: str, indent: int) -> str | None:
        """The name of a dict of what lasts of an object, to which all other fields are added.

        None if that is not worth it.
        """
        if self._framing or not self._lasting.some(kind, found):
            return None
        frame, _ = self._frame(kind, found)
        made = self._fresh()
        self._line(indent, f"{made} = {frame.written}({o})")
        return made

    def _again(self, kind: GraphQLOutputType, details: FieldDetailsList) -> str | None:
        """The name of what knows lists of such objects, of which what differs ends in keys."""
        if not is_object_type(kind):
            return None
        found = self._selections.below(kind, details)
        if self._framing or not self._lasting.some(kind, found):
            return None
        frame, keyed = self._frame(kind, found)
        return frame.again if keyed else None

    def _frame(self, kind: GraphQLObjectType, found: Collected) -> tuple[Kept, bool]:
        """What knows all that lasts of an object; and whether all other fields end in keys."""
        key = kind.name, id(found)
        if key not in self._frames:
            fields = self._keyed(kind, found)
            given = f", {self._text.named('fields', fields or ())}"
            kept = self._keeper(self._body(kind, found), "framed", given)
            self._frames[key] = kept, fields is not None
        return self._frames[key]

    def _body(self, kind: GraphQLObjectType, found: Collected) -> Callable[[], str]:
        def body() -> str:
            self._framing = True
            display = self._selection(kind, found, "v", 2)
            self._framing = False
            return display

        return body

    def _keyed(self, kind: GraphQLObjectType, found: Collected) -> tuple[Field, ...] | None:
        """The fields that do not last, if all of them end in keys."""
        fields: list[Field] = []
        for key, details in found.items():
            if self._lasting.field(kind, details):
                continue
            field = kind.fields.get(details[0].node.name.value)
            way = None if field is None else self._generator.way(field)
            if not isinstance(way, Call) or way.key is None:
                return None
            fields.append((key, way.key.reads))
        return tuple(fields)
