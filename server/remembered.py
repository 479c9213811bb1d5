"""Remembered: answers that are known, for as long as executing them again would find the same.

An answer is known by what it was asked: the document's text, the operation, its
variables, the language. Who asks makes no difference: whatever a client may ask it
has been let in for before, and it sees what everybody sees. What is asked by many
at the same time is executed once for all of them.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from resolvers.eager import first_steps, outcome
from resolvers.loaders import language
from server.answered import Answer
from server.concurrency import Place
from server.errors import RequestError
from server.execution import Executor
from server.footing import Footings
from server.live import Operation
from sources.tracing import step, tell

SHARE = 8  # what takes more than this part of the room is not worth it
SEEN = 10_000  # questions of which we know that they were asked before
JOIN_S = 1.0  # who comes later than that would have too little left of their deadline

Key = tuple[Any, ...]


class Remembered:
    """The answers that were used last, in so many bytes.

    Once there is no room left, only what is asked a second time pushes out others: a
    flood of questions that nobody asks twice takes nothing from those of everybody.
    """

    def __init__(self, executor: Executor, clock: Callable[[], datetime], most_bytes: int) -> None:
        self.counts: Counter[str] = Counter()  # where answers came from
        self.bytes = 0
        self._executor = executor
        self._clock = clock
        self._most_bytes = most_bytes
        self._footings = Footings()
        self._answers: OrderedDict[Key, Answer] = OrderedDict()
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._flights: dict[tuple[Key, float | None], _Flight] = {}
        self._forgotten = 0  # how often

    def __len__(self) -> int:
        return len(self._answers)

    def again(self) -> None:
        """An answer was given again as it was finished (`finished.py`)."""
        self.counts["finished"] += 1

    def forget(self) -> None:
        """Know nothing any more, nor what is under way: what cities say has changed."""
        self._forgotten += 1
        self._answers.clear()
        self._flights.clear()
        self.bytes = 0

    def knows(self, operation: Operation, deadline_s: float | None, place: Place) -> bool:
        """Whether the answer takes no execution of its own, in that place."""
        key = _key(operation)
        return key is not None and self.has(key, deadline_s, place)

    def has(self, key: Key, deadline_s: float | None, place: Place) -> bool:
        """The same of a question, as it is known here."""
        known, flight = self._answers.get(key), self._flights.get((key, deadline_s))
        return (known is not None and known.stands(self._clock())) or (
            flight is not None and flight.takes(place)
        )

    async def answer(self, operation: Operation, deadline_s: float | None, place: Place) -> Answer:
        """The answer to a query, executed in that place if it must be.

        RequestError if it cannot be executed (422), or finds no place (429, 503).
        """
        key = _key(operation)
        if key is None:
            async with place:
                return await self._execute(operation, deadline_s)
        while (answer := self._find(key)) is None:
            flight = self._flights.get((key, deadline_s))
            if flight is None or not flight.takes(place):
                return await self._lead(key, operation, deadline_s, place)
            answer = await flight.landed()
            if answer is not None:
                self._from("flight")
                return answer
        self._from("memory")
        return answer

    async def body(self, operation: Operation) -> bytes:
        """The response to a query that comes another way than by plain HTTP; RequestError (422)."""
        assert operation.place is not None  # noqa: S101 - it was let in
        with step("answer", tracer=operation.span):
            answer = await self.answer(operation, None, operation.place)
        return answer.body(sources=bool(answer.touched), now=self._clock())

    async def _lead(
        self, key: Key, operation: Operation, deadline_s: float | None, place: Place
    ) -> Answer:
        """The same, executed; whoever asks it meanwhile joins."""
        self._from("execution")
        what = key, deadline_s
        flight = self._flights[what] = _Flight(place)
        try:
            await place.enter()
        except BaseException as error:
            self._land(what, flight, error)
            raise
        [found] = first_steps([self._executed(key, operation, deadline_s, place)])
        if isinstance(found, asyncio.Task):
            flight.execution = found
            found.set_name("execution")
            found.add_done_callback(lambda done: self._land(what, flight, outcome(done)))
            answer = await flight.landed()
            if answer is None:
                raise asyncio.CancelledError
            return answer
        self._land(what, flight, found)
        if isinstance(found, BaseException):
            raise found
        return found

    async def _executed(
        self, key: Key, operation: Operation, deadline_s: float | None, place: Place
    ) -> Answer:
        """An answer, in a place that is taken, and given back."""
        since = self._forgotten
        try:
            answer = await self._execute(operation, deadline_s)
        finally:
            place.leave()
        if since == self._forgotten and answer.lasts(self._clock()):
            self._remember(key, answer)
        return answer

    async def _execute(self, operation: Operation, deadline_s: float | None) -> Answer:
        result, context = await self._executor.run(
            operation.plan, operation.name, dict(operation.variables), deadline_s=deadline_s
        )
        return Answer(result, context, self._footings.of(context))

    def _find(self, key: Key) -> Answer | None:
        """What is known and still so, which is used from now on."""
        known = self._answers.get(key)
        if known is None:
            return None
        if not known.stands(self._clock()):
            self._forget(key)
            return None
        self._answers.move_to_end(key)
        return known

    def _from(self, origin: str) -> None:
        self.counts[origin] += 1
        tell({"poche.origin": origin})

    def _remember(self, key: Key, answer: Answer) -> None:
        size = answer.size
        if size > self._most_bytes // SHARE:
            return
        new = self._noted(key)
        self._forget(key)
        if new and self.bytes + size > self._most_bytes:
            return
        while self.bytes + size > self._most_bytes:
            self._forget(next(iter(self._answers)))
        self._answers[key] = answer
        self.bytes += size

    def _forget(self, key: Key) -> None:
        answer = self._answers.pop(key, None)
        if answer is not None:
            self.bytes -= answer.size

    def _noted(self, key: Key) -> bool:
        """Whether this was never asked before, as far as we know; from now on it was."""
        new = hash(key) not in self._seen
        self._seen[hash(key)] = None
        self._seen.move_to_end(hash(key))
        if len(self._seen) > SEEN:
            self._seen.popitem(last=False)
        return new

    def _land(
        self,
        what: tuple[Key, float | None],
        flight: "_Flight",
        found: Answer | BaseException,
    ) -> None:
        if self._flights.get(what) is flight:
            del self._flights[what]
        flight.land(found)


def _key(operation: Operation) -> Key | None:
    """What answers are known by; None if variables are too deep to be compared."""
    try:
        variables = operation.written
    except RequestError:  # what nobody declared hurts nobody
        return None
    return (*named(operation), variables, language.get())


def named(operation: Operation) -> tuple[bytes, str | None]:
    """By what questions of the same text begin, which go on with their variables and language."""
    name = operation.node.name
    return operation.plan.digest, name.value if name else None


class _Flight:
    """One execution, still in line or under way, and who waits for it.

    Who leads it and goes before it began leaves the others to lead another one. Later it
    goes on until the last of them has gone.
    """

    __slots__ = ("_began", "_landing", "_waiting", "execution", "place")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.execution: asyncio.Task[Answer] | None = None
        self._began = asyncio.get_running_loop().time()
        self._landing: asyncio.Future[Answer | None] | None = None  # once somebody waits for it
        self._waiting = 0

    def takes(self, place: Place) -> bool:
        """Whether somebody else may wait for it, and need not: it comes as soon as theirs would."""
        soon = self.place.taken or self.place.priority >= place.priority
        late = asyncio.get_running_loop().time() - self._began >= JOIN_S
        left = self.execution is not None and not self._waiting
        return soon and not late and not left

    async def landed(self) -> Answer | None:
        """What it came to; None if it never began."""
        if self._landing is None:
            self._landing = asyncio.get_running_loop().create_future()
        self._waiting += 1
        try:
            return await asyncio.shield(self._landing)
        finally:
            self._waiting -= 1
            if not self._waiting and self.execution is not None:
                self.execution.cancel()

    def land(self, found: Answer | BaseException) -> None:
        """Tell those who wait what it came to."""
        if self._landing is None or not self._waiting:
            return
        if isinstance(found, asyncio.CancelledError):
            self._landing.set_result(None)
        elif isinstance(found, BaseException):
            self._landing.set_exception(found)
        else:
            self._landing.set_result(found)
