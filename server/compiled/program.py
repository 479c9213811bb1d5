"""Program: the text of a function, as it is written, and what it becomes.

No word of a client's is in the text: every name in it is one of ours, and what a client
calls things by has a stand-in there, which the constant itself takes the place of once
the text has been compiled.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, TracebackType
from typing import Any

from graphql import FieldNode

from server.compiled.arguments import Made
from server.compiled.bail import Unsupported

FILE = "<compiled operation>"
MAX_LINES = 1_200  # some 20 ms to compile: what is longer is left to graphql-core
PIECE = 100  # lines that are compiled together, or a function that is longer
STAND_IN = "\0{}"  # no word of ours begins like that


class Text:
    """Lines, with the field of the schema that each of them is about."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.about: list[str] = []
        self.names: dict[str, Any] = {}  # what the text refers to
        self._constants: dict[str, Any] = {}
        self._count = 0

    def line(self, indent: int, text: str, about: str = "") -> None:
        """One line, so many steps in; Unsupported if that is too much."""
        if len(self.lines) >= MAX_LINES:
            raise Unsupported("size")
        self.lines.append("    " * indent + text)
        self.about.append(about)

    def fresh(self, kind: str) -> str:
        """A name that nothing else has."""
        self._count += 1
        return f"{kind}{self._count}"

    def named(self, kind: str, value: Any) -> str:
        """A name for something."""
        name = self.fresh(kind)
        self.names[name] = value
        return name

    def constant(self, word: str) -> str:
        """The code of a constant, whatever is in it."""
        stand_in = STAND_IN.format(len(self._constants))
        self._constants[stand_in] = word
        return repr(stand_in)

    def compiled(self) -> dict[str, Any]:
        """The functions of the text, by name, and all else that it refers to; Unsupported."""
        made = dict(self.names)
        for first, lines in self._pieces():
            text = "\n" * first + "\n".join(lines)
            try:
                code = compile(text, FILE, "exec", dont_inherit=True, optimize=0)
            except (SyntaxError, RecursionError, MemoryError):  # nested deeper than Python's may be
                raise Unsupported("size") from None
            exec(_with(self._constants, code), made)  # noqa: S102 - this is what it is all about
        return made

    def _pieces(self) -> Iterator[tuple[int, list[str]]]:
        """Whole functions, some at a time, each with the number of lines before it.

        No other thread runs while one is compiled, which would be 20 ms for all of a large one.
        """
        begins = [at for at, line in enumerate(self.lines) if line.startswith("def ")]
        first = 0
        for begin in begins:
            if begin - first >= PIECE:
                yield first, self.lines[first:begin]
                first = begin
        yield first, self.lines[first:]


class Function:
    """The lines of one function: how it begins, what it does, and how it ends."""

    def __init__(self, name: str, takes: str) -> None:
        self.head = [(0, f"def {name}({takes}):", "")]
        self.body: list[tuple[int, str, str]] = []
        self.tail: list[tuple[int, str, str]] = []

    def write(self, text: Text) -> None:
        for line in (*self.head, *self.body, *self.tail):
            text.line(*line)


def _with(constants: dict[str, Any], code: CodeType) -> CodeType:
    """The same code with the constants themselves."""
    return code.replace(co_consts=_put(constants, code.co_consts))


def _put(constants: dict[str, Any], one: Any) -> Any:
    if isinstance(one, CodeType):
        return _with(constants, one)
    if isinstance(one, tuple):  # such as the keys of a dict
        return tuple(_put(constants, each) for each in one)
    return constants.get(one, one) if isinstance(one, str) else one


@dataclass(frozen=True)
class Spot:
    """Where an operation waits: a field, or an item of a list."""

    key: str | None  # in the response; None of an item, which has a place in a list instead
    nodes: tuple[FieldNode, ...]
    about: str  # its coordinate in the schema
    nullable: bool


@dataclass(frozen=True)
class Program:
    """What became of it: `root` begins it, given a run."""

    root: Callable[..., Any]
    about: tuple[str, ...]
    makers: tuple[Made, ...]  # of arguments, once for each execution

    def blamed(self, trace: TracebackType | None) -> str:
        """The coordinate of the field at which an error was raised, as far as that is told."""
        found = ""
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == FILE:
                found = self.about[trace.tb_lineno - 1]
            trace = trace.tb_next
        return found
