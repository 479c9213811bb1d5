"""Run: one execution of a program: its fields' functions step by step, its keys by the wave.

A resolver asks for a key with `await info.context.load(key)`. Here it is no task that waits:
it is held where it is until the keys of all that can be asked by then are answered, and
goes on with its own.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Hashable, Iterable, Sequence
from datetime import datetime
from types import coroutine
from typing import Any

from graphql import ExecutionResult, GraphQLError, located_error
from graphql.execution.values import VariableValues

from resolvers import Loaders
from resolvers.waves import Waves
from schema.key import Key
from server.compiled.bail import Bail
from server.compiled.program import Program, Spot

Work = Coroutine[Key[Any], Any, Any]
Done = Callable[["Run", list[Any], list[Any]], None]
Waiting = tuple[Work, "asyncio.Future[Any]", Any]  # and where its value goes
Awaited = tuple["asyncio.Future[Any]", list[Any]]  # a key's answer, and wherever it goes
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


class Run:
    """What a program works with."""

    __slots__ = ("_failures", "_groups", "_waves", "arguments", "data", "info")

    def __init__(self, loaders: Loaders, arguments: Sequence[dict[str, Any]]) -> None:
        self.info = Info(Asking(loaders))
        self.arguments = arguments
        self.data: dict[str, Any] = {}
        self._waves: Waves = loaders.waves
        self._groups: list[Group] = []
        self._failures: dict[int, list[tuple[str | int, Spot, Exception]]] = {}

    async def result(self, root: Callable[["Run"], None]) -> ExecutionResult:
        """What the operation comes to; any error is a reason to bail out."""
        root(self)
        while self._groups:
            self._waves.answer()
            if not self._resume():
                pending = {one[1] for _, _, waiting, _ in self._groups for one in waiting}
                pending.update(one[0] for *_, awaited in self._groups for one in awaited)
                await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        errors: list[GraphQLError] = []
        if self._failures:
            self._locate(self.data, [], errors)
        return ExecutionResult(self.data, errors or None)

    def ask(self, spot: Spot, done: Done, works: Iterable[Work], targets: list[Any]) -> None:
        """Begin what a field does for several objects, and go on with those that are done."""
        values: list[Any] = []
        filled: list[Any] = []
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
        make: Callable[[Any], Any],
        reads: Callable[[Any], Hashable],
        objects: list[Any],
        targets: list[Any],
    ) -> None:
        """Ask for the keys in which a field of several objects ends, each of them once."""
        alike: dict[Hashable, tuple[Any, list[Any]]] = {}
        for one, target in zip(objects, targets, strict=True):
            what = reads(one)
            try:
                known = alike.get(what)
            except TypeError:  # it reads a list, say, by which nothing is told apart
                what, known = object(), None
            if known is None:
                alike[what] = one, [target]
            else:
                known[1].append(target)
        awaited: list[Awaited] = []
        values: list[Any] = []
        filled: list[Any] = []
        for one, places in alike.values():
            try:
                key = make(one)
                if isinstance(key, Key):
                    awaited.append((self._waves.ask(key), places))
                else:  # it returned before it came to that
                    values += [key] * len(places)
                    filled += places
            except Exception as error:
                for place in places:
                    self._fail(spot, error, place)
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
            filled: list[Any] = []
            still: list[Waiting] = []
            later: list[Awaited] = []
            for one in waiting:
                work, future, target = one
                if future.done():
                    progress = True
                    self._step(spot, work, target, future, values, filled, still)
                else:
                    still.append(one)
            for future, places in awaited:
                if not future.done():
                    later.append((future, places))
                    continue
                progress = True
                error = future.exception()
                if error is None:
                    values += [future.result()] * len(places)
                    filled += places
                elif isinstance(error, Exception):
                    for place in places:
                        self._fail(spot, error, place)
                else:
                    raise error
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
        answered: "asyncio.Future[Any] | None",
        values: list[Any],
        filled: list[Any],
        waiting: list[Waiting],
    ) -> None:
        """Take one resolver as far as it gets."""
        try:
            while True:
                if answered is None:
                    key = work.send(None)
                elif (error := answered.exception()) is None:
                    key = work.send(answered.result())
                else:
                    key = work.throw(error)
                if not isinstance(key, Key):
                    raise Bail(spot.about, "waits")  # for something else
                answered = self._waves.ask(key)
                if not answered.done():
                    waiting.append((work, answered, target))
                    return
        except StopIteration as end:
            values.append(end.value)
            filled.append(target)
        except Bail:
            raise
        except Exception as error:
            self._fail(spot, error, target)

    def _fail(self, spot: Spot, error: Exception, target: Any) -> None:
        """A field of its own that fails is null, and everything else is as it would be."""
        if not spot.nullable:
            raise Bail(spot.about, type(error).__name__) from error
        if spot.key is not None:
            place, key = target, spot.key
        else:
            place, key = target
        place[key] = None
        self._failures.setdefault(id(place), []).append((key, spot, error))

    def _locate(self, value: Any, path: list[str | int], errors: list[GraphQLError]) -> None:
        """Tell all failures, each with its path, in the order of the data."""
        for key, spot, error in self._failures.get(id(value), ()):
            errors.append(located_error(error, [*spot.nodes], [*path, key]))
        steps = value.items() if isinstance(value, dict) else enumerate(value)
        for key, below in steps:
            if isinstance(below, dict | list):
                self._locate(below, [*path, key], errors)


async def run(program: Program, loaders: Loaders, variables: VariableValues) -> ExecutionResult:
    """One execution of a program; any exception is a reason to bail out."""
    arguments = [make(variables) for make in program.makers]
    return await Run(loaders, arguments).result(program.root)
