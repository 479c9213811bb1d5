"""Drafting: functions that are written one after the other, as others turn out to be needed."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from graphql import GraphQLField, GraphQLOutputType, is_non_null_type
from graphql.execution.collect_fields import FieldDetailsList

from server.compiled.arguments import Made
from server.compiled.bail import Bail
from server.compiled.fields import Call
from server.compiled.kinds import WORK
from server.compiled.program import Function, Spot, Text

if TYPE_CHECKING:
    from server.compiled.generator import Generator


@dataclass(frozen=True)
class Asked:
    """A field, as one selection asks for it."""

    field: GraphQLField
    key: str
    details: FieldDetailsList
    about: str


class Draft:
    """The functions of one program, and what they are given."""

    def __init__(self, generator: "Generator") -> None:
        encoded = generator.encoded
        self._generator = generator
        self._makers: list[Made] = []
        self._text = Text()
        self._text.names.update(
            Bail=Bail, WORK=WORK, partial=partial, encoded=encoded.selection, framed=encoded.frame
        )
        self._todo: deque[Callable[[], None]] = deque()  # functions that are still to be written
        self._at_hand = Function("", "")
        self._about = ""  # the field at hand

    def _written(self) -> dict[str, Any]:
        """All of them, by name, once nothing is left to be written; Unsupported."""
        while self._todo:
            self._todo.popleft()()
        return self._text.compiled()

    def _function(self, name: str, takes: str, body: Callable[[], None]) -> None:
        self._at_hand = Function(name, takes)
        if takes.startswith("run"):
            self._line(1, "info = run.info")
        body()
        self._at_hand.write(self._text)

    def _line(self, indent: int, text: str) -> None:
        self._at_hand.body.append((indent, text, self._about))

    def _end(self, indent: int, text: str) -> None:
        self._at_hand.tail.append((indent, text, self._about))

    def _list_of(self, kind: str) -> str:
        """A list that the function at hand begins with."""
        name = self._text.fresh(kind)
        self._at_hand.head.append((1, f"{name} = []", self._about))
        return name

    def _keeper(self, body: Callable[[], None], kept: str) -> tuple[str, str]:
        """Who knows what is kept of an object, and who writes what is not: to be written later."""
        write, known, written = map(self._text.fresh, ("write", "known", "written"))

        def keeper() -> None:
            self._function(write, "v", body)
            self._text.line(0, f"{known}, {written} = {kept}({write})")

        self._todo.append(keeper)
        return known, written

    def _spot(self, asked: Asked, kind: GraphQLOutputType, key: str | None) -> str:
        nodes = tuple(one.node for one in asked.details)
        spot = Spot(key, nodes, asked.about, not is_non_null_type(kind))
        return self._text.named("spot", spot)

    def _given(self, asked: Asked, way: Call) -> list[str]:
        """The arguments of a call, as code."""
        found = [f"{way.info}=info"] if way.info else []
        node, maker = asked.details[0].node, self._generator.maker
        made = maker.made(asked.field, way.field, node)
        lasting = maker.lasting(asked.field, node, made)
        if lasting is None:
            self._makers.append(made)
            return [*found, f"**run.arguments[{len(self._makers) - 1}]"]
        constants = (f"{name}={self._text.named('given', one)}" for name, one in lasting.items())
        return [*found, *constants]

    def _fresh(self) -> str:
        return self._text.fresh("v")
