"""Batching: what is asked of several things at once goes to a GraphQL service as one question.

The fields of a document that asks for one thing are repeated for each, under an alias and with
variables of its own; the answer is taken apart again, and each has its data and its errors. If all
of it is refused, or there is no data (one that must be there and is not takes the others along),
nobody can tell whose fault that is, and each is asked for alone.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec
from graphql import (
    DefinitionNode,
    DocumentNode,
    FieldNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from sources.errors import Changed, SourceError

NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
MAX_TEXT = 20_000  # characters of one question; most services refuse much less than that
ALIAS = re.compile(r"_(\d{1,2})_(\w+)")

Json = dict[str, Any]
Variables = Mapping[str, Any]
Send = Callable[[str, Variables], Awaitable[bytes]]  # a document and its variables: the answer
Found = bytes | Exception | None  # None: it is to be asked for alone
_Others = list[tuple[Variables, asyncio.Future[Found]]]


def parsed(body: bytes) -> Json:
    """An answer with its `data`, if any, and its `errors`; ValueError if it is none."""
    try:
        found = msgspec.json.decode(body, type=Json)
    except NOT_JSON as error:
        raise ValueError(f"not GraphQL: {error}; begins {body[:200]!r}") from None
    said = found.get("errors")
    errors = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    return {"data": found.get("data"), "errors": errors}


class Batches:
    """What is asked with one document, `own` being the variables that say of which thing."""

    def __init__(self, document: str, own: Set[str], most: int) -> None:
        self._document = document
        self._own = own
        self._most = min(most, MAX_TEXT // len(document)) if _repeats(document, own) else 1
        self._texts: dict[int, str] = {}  # by how many they ask for
        self._next: _Others | None = None  # who will be asked for with the one who is about to ask

    async def ask(self, variables: Variables, send: Send) -> bytes:
        """The answer for one thing, if others are asked for just now out of that for all."""
        if self._next is not None and len(self._next) < self._most - 1:
            turn: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
            self._next.append((variables, turn))
            found = await turn
        else:
            found = await self._led(variables, send)
        if isinstance(found, Exception):
            raise found
        return await send(self._document, variables) if found is None else found

    async def _led(self, variables: Variables, send: Send) -> Found:
        """What is found, by who is the first to ask, who asks for all that come meanwhile."""
        others, found = _Others(), list[Found]()
        try:
            with self._joined(others):
                await asyncio.sleep(0)  # for whoever asks in this turn of the loop
            found = await self._asked([variables, *(one for one, _ in others)], send)
        except (SourceError, ValueError) as error:
            found = [_again(error) for _ in others]
            raise
        else:
            return found.pop(0)
        finally:  # if we were called off, they ask by themselves
            found += [None] * (len(others) - len(found))
            for (_, turn), one in zip(others, found, strict=True):
                if not turn.done():
                    turn.set_result(one)

    @contextmanager
    def _joined(self, others: _Others) -> Iterator[None]:
        """Let others ask with us, up to as many as there may be."""
        self._next = others
        try:
            yield
        finally:
            if self._next is others:
                self._next = None

    async def _asked(self, several: Sequence[Variables], send: Send) -> list[Found]:
        if len(several) == 1:
            return [await send(self._document, several[0])]
        given = {name: value for name, value in several[0].items() if name not in self._own}
        for number, variables in enumerate(several):
            given |= {f"{name}_{number}": variables[name] for name in self._own}
        try:
            answer = parsed(await send(await self._text(len(several)), given))
        except Changed:  # it may be too much for it, or for us
            return [None] * len(several)
        if not isinstance(answer["data"], dict):
            return [None] * len(several)
        return [_part(answer, number) for number in range(len(several))]

    async def _text(self, many: int) -> str:
        """The document for so many; the first time it takes some 10 ms, which nobody waits for."""
        if many not in self._texts:
            text = await asyncio.to_thread(repeated, self._document, self._own, many)
            self._texts[many] = text
        return self._texts[many]


def repeated(document: str, own: Set[str], many: int) -> str:
    """A document that asks for so many things as it asks for one."""
    operation, fragments = _divided(document)
    fields, declared = list[FieldNode](), list[VariableDefinitionNode]()
    for number in range(many):
        numbered = _Numbered(own, number)
        for field in operation.selection_set.selections:
            one: FieldNode = visit(field, numbered)
            alias = NameNode(value=f"_{number}_{(one.alias or one.name).value}")
            fields.append(replace(one, alias=alias))
        for variable in operation.variable_definitions or ():
            if number == 0 or variable.variable.name.value in own:
                declared.append(visit(variable, numbered))
    whole = replace(
        operation,
        variable_definitions=tuple(declared),
        selection_set=SelectionSetNode(selections=tuple(fields)),
    )
    return print_ast(DocumentNode(definitions=(whole, *fragments)))


def _repeats(document: str, own: Set[str]) -> bool:
    """Whether all that it says of the one thing stands in fields at its top."""
    operation, fragments = _divided(document)
    fields = operation.selection_set.selections
    mentions = _Mentions(own)
    for fragment in fragments:
        visit(fragment, mentions)
    return not mentions.found and all(isinstance(one, FieldNode) for one in fields)


def _divided(document: str) -> tuple[OperationDefinitionNode, list[DefinitionNode]]:
    """Its one operation, and its fragments."""
    definitions = parse(document, no_location=True).definitions
    [operation] = (one for one in definitions if isinstance(one, OperationDefinitionNode))
    return operation, [one for one in definitions if one is not operation]


class _Numbered(Visitor):
    """Has a thing's own variables end in its number."""

    def __init__(self, own: Set[str], number: int) -> None:
        super().__init__()
        self._own = own
        self._number = number

    def enter_variable(self, node: VariableNode, *_: Any) -> VariableNode | None:
        name = node.name.value
        if name not in self._own:
            return None
        return VariableNode(name=NameNode(value=f"{name}_{self._number}"))


class _Mentions(Visitor):
    """Finds whether one of these variables is named."""

    def __init__(self, own: Set[str]) -> None:
        super().__init__()
        self._own = own
        self.found = False

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.found |= node.name.value in self._own


def _part(answer: Json, number: int) -> bytes:
    """What an answer says of one thing, as if it had been asked for alone."""
    data = {}
    for alias, value in answer["data"].items():
        if (of := _of(alias)) and of[0] == number:
            data[of[1]] = value
    errors = []
    for error in answer["errors"]:
        path = error.get("path")
        of = _of(path[0]) if isinstance(path, list) and path else None
        if of is None:
            errors.append(error)  # it may concern each of them
        elif of[0] == number:
            errors.append({**error, "path": [of[1], *path[1:]]})
    return msgspec.json.encode({"data": data} | ({"errors": errors} if errors else {}))


def _of(alias: Any) -> tuple[int, str] | None:
    """The number and the name of which it was made."""
    found = ALIAS.fullmatch(alias) if isinstance(alias, str) else None
    return (int(found[1]), found[2]) if found else None


def _again(error: Exception) -> Exception:
    """The same for another asker: an exception carries the way it was raised."""
    return error.again() if isinstance(error, SourceError) else ValueError(*error.args)
