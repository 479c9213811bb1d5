"""Live: questions that stay open, asked again when there is news, and all who listen to them.

A subscription is executed like a query: at once, again when a source that its
answer rested on has been read again, and again when time itself changes it (a
tram has left). However many clients ask the same, it is executed once, and each
is sent what is new to it. Nothing is kept for a slow client but where it is: when
it has time again, it gets the latest.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import structlog
from graphql import GraphQLSchema, OperationDefinitionNode, OperationType

from resolvers.provenance import rested_on
from schema.key import CHANGES_ONLY
from server.answers import Answer
from server.concurrency import Place
from server.errors import RequestError
from server.execution import Executor
from server.parameters import bad_request
from server.planning import Plan
from server.seats import Seats, full
from server.settings import Settings
from sources.tracing import Span, Tracer, step
from sources.watch import Watch

log = structlog.get_logger("server")

PACE_S = 1.0  # between two executions that only time asks for
REST_S = 60.0  # what depends on the time and does not say so is right to the minute
TURNS = 16  # questions that are asked again at a time, so that other requests get theirs
FAREWELL_S = 5.0


@dataclass(frozen=True)
class Operation:
    """What a client asks: an operation that may be executed, with its variables.

    `address` is who asks, `points` what it costs each time that it is executed,
    `place` where it may be, if it is no subscription, and `span` where that is told.
    """

    plan: Plan
    name: str | None
    variables: Mapping[str, Any]
    address: str = ""
    points: int = 1
    place: Place | None = None
    span: Span | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """The same for all who ask the same; RequestError (422) if nobody can ask that."""
        return id(self.plan), self.name, self.written

    @property
    def written(self) -> bytes:
        """Its variables, as all write them who mean the same; RequestError (422)."""
        try:
            return orjson.dumps(self.variables, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError as error:
            message = f"`variables` cannot be used: {error}."
            raise RequestError(422, bad_request(message)) from None

    @property
    def node(self) -> OperationDefinitionNode:
        return self.plan.operation(self.name)

    @property
    def is_subscription(self) -> bool:
        return self.node.operation is OperationType.SUBSCRIPTION

    @property
    def may_come_in_parts(self) -> bool:
        """Whether it says what may come later, and changes nothing."""
        return self.plan.in_parts is not None and self.node.operation is OperationType.QUERY

    @property
    def root_fields(self) -> list[str]:
        """The names of the fields it asks of its root; of a subscription there is one."""
        asked = self.plan.asked[self.node.name.value if self.node.name else None]
        return [below.fields[0][1].name.value for below in asked.below.values()]


class Question:
    """One operation that stays open for as long as somebody listens."""

    def __init__(self, live: "Live", operation: Operation) -> None:
        self.operation = operation
        self.listeners = 0
        self.answer: Answer | None = None
        self.failure: RequestError | None = None
        self._live = live
        self._watch = Watch()
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._keep_asking(), name="live question")
        self._task.add_done_callback(lambda _: self._news.set())

    async def news(self) -> bool:
        """Wait for the next answer that differs; False if there will be none any more."""
        if not self._task.done():
            await self._news.wait()
        return not self._task.done()

    def ask_again(self) -> None:
        self._watch.news.set()

    def end(self) -> None:
        self._task.cancel()
        self._watch.end()

    async def _keep_asking(self) -> None:
        try:
            until = await self._ask()
            while True:
                await self._pause(until)
                async with self._live.turns:
                    until = await self._ask()
        except RequestError as error:
            self.failure = error
        except Exception:
            log.exception("bug in a live question")

    async def _ask(self) -> float:
        """Execute it; how many seconds the answer is good for, if there is no news."""
        with self._watch.reading():
            answer, good_s = await self._live.executed(self.operation)
        before, self.answer = self.answer, answer
        if before is None or answer.differs(before):
            news, self._news = self._news, asyncio.Event()
            news.set()
        return good_s

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._watch.news.wait()


class Listener:
    """One client's place in a question: what it has been sent."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._sent: Answer | None = None

    async def next(self) -> bytes | None:
        """What is new to the client, as soon as there is something.

        None when nothing will come any more; RequestError if it cannot be executed.
        """
        while True:
            answer = self._question.answer
            if answer is not None and answer is not self._sent:
                body, self._sent = answer.since(self._sent), answer
                if body is not None:
                    return body
            if not await self._question.news():
                if self._question.failure is not None:
                    raise self._question.failure
                return None


class Live:
    """All open questions of this process, and the clients that listen."""

    def __init__(
        self,
        schema: GraphQLSchema,
        executor: Executor,
        once: Callable[[Operation], Awaitable[bytes]],
        settings: Settings,
        tracer: Tracer | None = None,
    ) -> None:
        self.turns = asyncio.Semaphore(TURNS)
        self.once = once  # the response to what is no subscription; RequestError
        self.settings = settings
        self._executor = executor
        self._tracer = tracer
        self._changes_only = _changes_only(schema)
        self._questions: dict[tuple[Any, ...], Question] = {}
        self._clients: set[Callable[[], None]] = set()
        self._places = Seats("liveClients", settings.live_clients, settings.live_per_address)
        self._points = Seats("livePoints", settings.live_points, settings.live_points_per_address)
        self._closing = False
        self._empty = asyncio.Event()

    def check(self, address: str, points: int = 0) -> None:
        """RequestError (429, 503) if no client may come in from there, or ask that much."""
        if self._closing:
            raise full()
        self._places.check(address)
        self._points.check(address, points)

    @property
    def counts(self) -> dict[str, int]:
        """How much there is of everything, for operators and tests."""
        return {
            "clients": len(self._clients),
            "questions": len(self._questions),
            "listeners": sum(question.listeners for question in self._questions.values()),
        }

    @contextmanager
    def client(self, address: str, leave: Callable[[], None]) -> Iterator[None]:
        """One client, for as long as it stays; `leave` asks it to go, for the server's end.

        RequestError (429, 503) if there is no place for it.
        """
        self._clients.add(leave)
        try:
            with self._places.taken(address):
                yield
        finally:
            self._clients.remove(leave)
            if not self._clients:
                self._empty.set()

    @contextmanager
    def listener(self, operation: Operation) -> Iterator[Listener]:
        """A place at a subscription's question; the last one that leaves ends it.

        RequestError (429, 503) if there is none left.
        """
        seats = self._points.taken(operation.address, operation.points)
        with seats, self._joined(operation) as question:
            yield Listener(question)

    @contextmanager
    def _joined(self, operation: Operation) -> Iterator[Question]:
        key = operation.key
        question = self._questions.get(key)
        if question is None:
            question = self._questions[key] = Question(self, operation)
        question.listeners += 1
        try:
            yield question
        finally:
            question.listeners -= 1
            if not question.listeners:
                question.end()
                del self._questions[key]

    def ask_again(self) -> None:
        """Ask every question again: what cities say has changed."""
        for question in self._questions.values():
            question.ask_again()

    async def executed(self, operation: Operation) -> tuple[Answer, float]:
        """An answer, and for how many seconds it is good; RequestError."""
        about = {"poche.field": operation.root_fields[0]}
        with step("subscription answer", about, tracer=self._tracer):
            result, context = await self._executor.run(
                operation.plan, operation.name, dict(operation.variables)
            )
        changes_only = operation.is_subscription and operation.root_fields[0] in self._changes_only
        answer = Answer(result, rested_on(context), changes_only=changes_only)
        return answer, _good_s(context.now, context.until)

    async def close(self) -> None:
        """Tell all clients to go, and wait for that, but not for ever."""
        self._closing = True
        for leave in tuple(self._clients):
            leave()
        for question in self._questions.values():
            question.end()
        if self._clients:
            self._empty.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL_S):
                    await self._empty.wait()


def _changes_only(schema: GraphQLSchema) -> set[str]:
    """The subscription fields that say so in their metadata."""
    fields = schema.subscription_type.fields if schema.subscription_type else {}
    return {
        name
        for name, field in fields.items()
        if field.extensions["strawberry-definition"].metadata.get(CHANGES_ONLY)
    }


def _good_s(now: datetime, until: datetime | None) -> float:
    if until is None:
        return REST_S
    return min(REST_S, max(PACE_S, (until - now).total_seconds()))
