"""Drafting: functions that are written one after the other, as others turn out to be needed."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import GraphQLField, GraphQLOutputType, is_non_null_type
from graphql.execution.collect_fields import FieldDetailsList

from server.compiled.alike import alike
from server.compiled.arguments import Arguments, Made
from server.compiled.bail import Bail
from server.compiled.fields import Call
from server.compiled.kinds import WORK
from server.compiled.patterns import Gaps
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


class Kept(NamedTuple):
    """The names of what `Encoded` has of a selection."""

    known: str
    written: str
    each: str
    again: str
    every: str

    def of(self, o: str) -> str:
        """The code of what is kept, or else written, of an object."""
        return f"{self.known}(id({o})) or {self.written}({o})"


class Draft:
    """The functions of one program, and what they are given."""

    def __init__(self, generator: "Generator") -> None:
        encoded = generator.encoded
        self._generator = generator
        self._makers: list[Made] = []
        self._text = Text()
        self._text.names.update(
            Bail=Bail, WORK=WORK, Gaps=Gaps, alike=alike, partial=partial,
            encoded=encoded.selection, framed=encoded.frame,
        )  # fmt: skip
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

    def _keeper(self, body: Callable[[], str], kept: str, more: str = "") -> Kept:
        """What knows all that is kept of objects, by who writes them: to be written later.

        Many at a time: a call for each would take as long as half of what it does.
        """
        write, *names = map(self._text.fresh, ("write", *Kept._fields))

        def each() -> None:
            self._line(1, "found = []")
            self._line(1, "for v in vs:")
            self._line(2, f"found.append({body()})")
            self._line(1, "return found")

        def keeper() -> None:
            self._function(write, "vs", each)
            self._text.line(0, f"{', '.join(names)} = {kept}({write}{more})")

        self._todo.append(keeper)
        return Kept(*names)

    def _spot(self, asked: Asked, kind: GraphQLOutputType, key: str | None) -> str:
        nodes = tuple(one.node for one in asked.details)
        spot = Spot(key, nodes, asked.about, not is_non_null_type(kind))
        return self._text.named("spot", spot)

    def _given(self, asked: Asked, way: Call) -> list[str]:
        """The arguments of a call, as code."""
        found = [f"{way.info}=info"] if way.info else []
        lasting = self._lasting_arguments(asked, way)
        if lasting is None:
            return [*found, f"**{self._arguments(asked, way)}"]
        constants = (f"{name}={self._text.named('given', one)}" for name, one in lasting.items())
        return [*found, *constants]

    def _arguments(self, asked: Asked, way: Call) -> str:
        """The same without the info, as the code of a dict."""
        lasting = self._lasting_arguments(asked, way)
        if lasting is not None:
            return self._text.named("given", lasting)
        node = asked.details[0].node
        self._makers.append(self._generator.maker.made(asked.field, way.field, node))
        return f"run.arguments[{len(self._makers) - 1}]"

    def _lasting_arguments(self, asked: Asked, way: Call) -> Arguments | None:
        """Those of a call that are the same for all executions."""
        return self._generator.maker.lasting(asked.field, way.field, asked.details[0].node)

    def _fresh(self) -> str:
        return self._text.fresh("v")
