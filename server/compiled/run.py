"""Run: one execution of a program: its fields' functions step by step, its keys by the wave.

A resolver asks for a key with `await info.context.load(key)`. Here it is no task that waits:
it is held where it is until the keys of all that can be asked by then are answered, and
goes on with its own.
"""

from collections.abc import Callable, Coroutine, Generator, Iterable, Sequence
from datetime import datetime
from types import coroutine
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError, located_error
from graphql.execution.values import VariableValues

from resolvers import Loaders
from resolvers.waves import PENDING, Outcome, Waves
from schema.key import Key
from server.compiled.bail import Bail
from server.compiled.keyed import Alike, Keys
from server.compiled.patterns import Rope, dumps
from server.compiled.program import Program, Spot

Work = Coroutine[Key[Any], Any, Any]
Done = Callable[["Run", list[Any], list[list[Any]]], None]  # values, and wherever each goes
Waiting = tuple[Work, Outcome, Any]  # and where its value goes
Awaited = tuple[Outcome, list[Any]]  # a key's, and wherever its answer goes
Group = tuple[Spot, Done, list[Waiting], list[Awaited]]


class Asking:
    """What a resolver is given as context: a request's loaders, but that keys go by the wave."""

    __slots__ = ("_loaders", "changes_at", "city", "now")

    def __init__(self, loaders: Loaders) -> None:
        self._loaders = loaders
        self.now: datetime = loaders.now
        self.changes_at = loaders.changes_at
        self.city = loaders.city

    @property
    def language(self) -> str:
        return self._loaders.language

    @coroutine
    def load(self, key: Key[Any]) -> Generator[Key[Any], Any, Any]:
        return (yield key)


class Info:
    """All that our resolvers look at; whoever looks for more bails out."""

    __slots__ = ("context",)

    def __init__(self, context: Asking) -> None:
        self.context = context


class Written(ExecutionResult):
    """A result whose data is written already: `json`, and for who writes what it is a part of."""

    __slots__ = ("json",)

    def __init__(self, json: bytes, errors: list[GraphQLError] | None) -> None:
        data: Any = orjson.Fragment(json)
        super().__init__(data, errors)
        self.json = json


class Run:
    """What a program works with."""

    __slots__ = ("_failures", "_groups", "_loaders", "_waves", "arguments", "data", "info")

    def __init__(self, loaders: Loaders, arguments: Sequence[dict[str, Any]]) -> None:
        self.info = Info(Asking(loaders))
        self.arguments = arguments
        self.data: dict[str, Any] = {}
        self._loaders = loaders
        self._waves: Waves = loaders.waves()
        self._groups: list[Group] = []
        self._failures: dict[int, list[tuple[str | int, Spot, Exception]]] = {}

    async def result(self, root: Callable[["Run"], None]) -> ExecutionResult:
        """What the operation comes to, its data as JSON; any error is a reason to bail out."""
        root(self)
        while self._groups:
            self._waves.answer()
            if not self._resume():
                await self._waves.news.come()
        errors: list[GraphQLError] = []
        if self._failures:
            self._locate(self.data, [], errors)
        return Written(dumps(self.data), errors or None)

    def ask(self, spot: Spot, done: Done, works: Iterable[Work], targets: list[Any]) -> None:
        """Begin what a field does for several objects, and go on with those that are done."""
        values: list[Any] = []
        filled: list[list[Any]] = []
        waiting: list[Waiting] = []
        for work, target in zip(works, targets, strict=True):
            self._step(spot, work, target, None, values, filled, waiting)
        if waiting:
            self._groups.append((spot, done, waiting, []))
        if values:
            done(self, values, filled)

    def ask_keys(
        self,
        spot: Spot,
        done: Done,
        keys: Keys,
        arguments: dict[str, Any],
        groups: Iterable[Alike],
    ) -> None:
        """Ask for the keys in which a field of several objects ends, each of them once."""
        known = keys.known(self._loaders, arguments)
        make: Callable[[Any], Any] | None = None
        awaited: list[Awaited] = []
        values: list[Any] = []
        filled: list[list[Any]] = []
        for read, one, places in groups:
            key = None if known is None else known.get(read)
            if key is None:
                make = make or keys.make(self.info, arguments)
                try:
                    key = make(one)
                except Exception as error:
                    self._fail(spot, error, places)
                    continue
                if not isinstance(key, Key):  # it returned before it came to that
                    values.append(key)
                    filled.append(places)
                    continue
                if known is not None:
                    keys.keep(read, key)
            awaited.append((self._waves.ask([key])[0], places))
        if awaited:
            self._groups.append((spot, done, [], awaited))
        if values:
            done(self, values, filled)

    def _resume(self) -> bool:
        """Go on with all whose keys have been answered; False if there are none."""
        groups, self._groups = self._groups, []
        progress = False
        for spot, done, waiting, awaited in groups:
            values: list[Any] = []
            filled: list[list[Any]] = []
            still: list[Waiting] = []
            later: list[Awaited] = []
            for one in waiting:
                work, outcome, target = one
                if outcome.value is PENDING:
                    still.append(one)
                else:
                    progress = True
                    self._step(spot, work, target, outcome, values, filled, still)
            for asked in awaited:
                value = asked[0].value
                if value is PENDING:
                    later.append(asked)
                    continue
                progress, places = True, asked[1]
                if isinstance(value, BaseException):
                    self._fail(spot, value, places)
                else:
                    values.append(value)
                    filled.append(places)
            if still or later:
                self._groups.append((spot, done, still, later))
            if values:
                done(self, values, filled)
        return progress

    def _step(
        self,
        spot: Spot,
        work: Work,
        target: Any,
        answered: Outcome | None,
        values: list[Any],
        filled: list[list[Any]],
        waiting: list[Waiting],
    ) -> None:
        """Take one resolver as far as it gets."""
        try:
            while True:
                if answered is None:
                    key = work.send(None)
                elif isinstance(answered.value, BaseException):
                    key = work.throw(answered.value)
                else:
                    key = work.send(answered.value)
                if not isinstance(key, Key):
                    raise Bail(spot.about, "waits")  # for something else
                [answered] = self._waves.ask([key])
                if answered.value is PENDING:
                    waiting.append((work, answered, target))
                    return
        except StopIteration as end:
            values.append(end.value)
            filled.append([target])
        except Bail:
            raise
        except Exception as error:
            self._fail(spot, error, [target])

    def _fail(self, spot: Spot, error: BaseException, targets: Iterable[Any]) -> None:
        """A field of its own that fails is null, and everything else is as it would be."""
        if not isinstance(error, Exception):
            raise error
        if not spot.nullable:
            raise Bail(spot.about, type(error).__name__) from error
        for target in targets:
            place, key = target if spot.key is None else (target, spot.key)
            place[key] = None
            self._failures.setdefault(id(place), []).append((key, spot, error))

    def _locate(self, value: Any, path: list[str | int], errors: list[GraphQLError]) -> None:
        """Tell all failures, each with its path, in the order of the data."""
        if isinstance(value, Rope):
            for row, key, hole, below in value.gaps():
                self._locate_in(hole, [*path, row], errors)
                self._locate(below, [*path, row, key], errors)
        elif isinstance(value, dict | list):
            self._locate_in(value, path, errors)
            for step, below in value.items() if isinstance(value, dict) else enumerate(value):
                self._locate(below, [*path, step], errors)

    def _locate_in(self, place: Any, path: list[str | int], errors: list[GraphQLError]) -> None:
        for key, spot, error in self._failures.get(id(place), ()):
            errors.append(located_error(error, [*spot.nodes], [*path, key]))


async def run(program: Program, loaders: Loaders, variables: VariableValues) -> ExecutionResult:
    """One execution of a program; any exception is a reason to bail out."""
    arguments = [make(variables) for make in program.makers]
    return await Run(loaders, arguments).result(program.root)
