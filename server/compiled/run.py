"""Run: one execution of a program: its fields' functions step by step, its keys by the wave.

A resolver asks for a key with `await info.context.load(key)`. Here it is no task that waits:
it is held where it is until the keys of all that can be asked by then are answered, and
goes on with its own.
"""

from collections.abc import Callable, Coroutine, Generator, Hashable, Iterable, Sequence
from datetime import datetime
from types import coroutine
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError, located_error
from graphql.execution.values import VariableValues

from resolvers import Loaders
from resolvers.waves import PENDING, Waves, unanswered
from schema.key import Key
from server.compiled.alike import Alike, alike
from server.compiled.bail import Bail
from server.compiled.keyed import Keys
from server.compiled.patterns import Rope, dumps
from server.compiled.program import Program, Spot

Work = Coroutine[Key[Any], Any, Any]
Targets = Iterable[list[Any]]  # wherever each of several values goes
Done = Callable[["Run", list[Any], Targets], None]  # values, and their targets
Waiting = tuple[Work, Key[Any], Any]  # and where its value goes
# Of one field: works that wait, or keys, and wherever the answer to each goes.
Group = tuple[Spot, Done, list[Waiting], list[Key[Any]], Targets]


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
                await self._waves.known.news()
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
            self._groups.append((spot, done, waiting, [], ()))
        if values:
            done(self, values, filled)

    def ask_key(
        self, spot: Spot, done: Done, keys: Keys, arguments: dict[str, Any], target: Any
    ) -> None:
        """Ask for the key in which a field of the root ends."""
        known = keys.known(self._loaders, arguments)
        key = known.get(keys.reads(None)) if known else None
        if key is None:
            self.ask_keys(spot, done, keys, arguments, alike(keys.reads, [None], [target]))
            return
        self._waves.asked.append(key)
        self._groups.append((spot, done, [], [key], [[target]]))

    def ask_keys(
        self, spot: Spot, done: Done, keys: Keys, arguments: dict[str, Any], *groups: Alike
    ) -> None:
        """Ask for the keys in which a field of several objects ends, each of them once."""
        known = keys.known(self._loaders, arguments)
        for group in groups:
            found: list[Any] = [*map(known.get, group.reads)] if known else [None]
            targets = group.targets
            if not all(found):
                found, targets = self._made(spot, done, keys, arguments, known, group)
            if found:
                self._waves.asked += found
                self._groups.append((spot, done, [], found, targets))

    def _made(
        self,
        spot: Spot,
        done: Done,
        keys: Keys,
        arguments: dict[str, Any],
        known: dict[Hashable, Key[Any]] | None,
        group: Alike,
    ) -> tuple[list[Key[Any]], Targets]:
        """The keys of objects, not all of which are known yet, and where their answers go."""
        make = keys.make(self.info, arguments)
        found: list[Key[Any]] = []
        targets: list[list[Any]] = []
        values: list[Any] = []
        filled: list[list[Any]] = []
        for read, row, places in zip(group.reads, group.rows, group.targets, strict=True):
            key = None if known is None else known.get(read)
            if key is None:
                try:
                    key = make(group.objects[row])
                except Exception as error:
                    self._fail(spot, error, places)
                    continue
                if not isinstance(key, Key):  # it returned before it came to that
                    values.append(key)
                    filled.append(places)
                    continue
                if known is not None:
                    keys.keep(read, key)
            found.append(key)
            targets.append(places)
        if values:
            done(self, values, filled)
        return found, targets

    def _resume(self) -> bool:
        """Go on with all whose keys have been answered; False if there are none."""
        groups, self._groups = self._groups, []
        known, progress = self._waves.known.values, False
        well = self._waves.known.well
        for group in groups:
            _, done, _, keys, targets = group
            values = [*map(known.__getitem__, keys)]
            if values and (well or not unanswered(values)):
                progress = True
                done(self, values, targets)
            elif self._some(group):
                progress = True
        return progress

    def _some(self, group: Group) -> bool:
        """Go on with those of a group whose keys have been answered; False if there are none."""
        spot, done, waiting, keys, targets = group
        known, progress = self._waves.known.values, False
        values: list[Any] = []
        filled: list[list[Any]] = []
        still: list[Waiting] = []
        later: list[Key[Any]] = []
        places: list[list[Any]] = []
        for one in waiting:
            work, key, target = one
            if (value := known[key]) is PENDING:
                still.append(one)
            else:
                progress = True
                self._step(spot, work, target, value, values, filled, still)
        for key, where in zip(keys, targets, strict=True):
            value = known[key]
            if value is PENDING:
                later.append(key)
                places.append(where)
                continue
            progress = True
            if isinstance(value, BaseException):
                self._fail(spot, value, where)
            else:
                values.append(value)
                filled.append(where)
        if still or later:
            self._groups.append((spot, done, still, later, places))
        if values:
            done(self, values, filled)
        return progress

    def _step(
        self,
        spot: Spot,
        work: Work,
        target: Any,
        answer: Any,
        values: list[Any],
        filled: list[list[Any]],
        waiting: list[Waiting],
    ) -> None:
        """Take one resolver as far as it gets."""
        try:
            while True:
                failed = isinstance(answer, BaseException)
                key = work.throw(answer) if failed else work.send(answer)
                if not isinstance(key, Key):
                    raise Bail(spot.about, "waits")  # for something else
                self._waves.asked.append(key)
                answer = self._waves.known.values.get(key, PENDING)
                if answer is PENDING:
                    waiting.append((work, key, target))
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
