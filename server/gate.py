"""Gate: who asks, which document, and whether they may; the same for every transport."""

from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError
from starlette.requests import HTTPConnection
from starlette.types import Scope

from server.clients import NOBODY, Caller, Clients, address
from server.concurrency import Concurrency, Place
from server.cost import Estimate
from server.documents import Documents
from server.editions import Editions
from server.errors import RequestError
from server.execution import is_mutation
from server.live import Operation
from server.logs import request_of
from server.metrics import Metrics
from server.parameters import Parameters
from server.planning import Planner
from server.rates import Rates, Standing
from server.visit import Visit
from sources.tracing import current

if TYPE_CHECKING:
    from server.tracing import Tracing


@dataclass(frozen=True)
class Gate:
    """Everything that stands between a client and the execution of what it asks."""

    planner: Planner
    editions: Editions
    clients: Clients
    documents: Documents
    rates: Rates
    concurrency: Concurrency
    metrics: Metrics
    tracing: "Tracing | None" = None

    @property
    def problems(self) -> dict[str, str]:
        """What an operator should put right in the files of cities, clients and documents."""
        clients = {"clients": self.clients.problem} if self.clients.problem else {}
        return {**self.editions.problems, **clients, **self.documents.problems}

    @property
    def version(self) -> int:
        """Another one when the files of cities, clients or documents have been read again."""
        return self.editions.version + self.clients.version + self.documents.version

    def visit(self, connection: HTTPConnection) -> "Coming":
        """One request, from when it comes, of nobody yet, until it is written down."""
        visit = Visit(Caller(NOBODY, address(connection)), request=request_of(connection.scope))
        self.trace(visit, connection.scope)
        return Coming(self, visit)

    @contextmanager
    def going_on(self, visit: Visit) -> Iterator[None]:
        """The rest of a visit that is answered in parts, which is written down after the last."""
        visit.goes_on = True
        try:
            yield
        except Exception:
            visit.failed()
            raise
        finally:
            self.ended(visit)

    def ended(self, visit: Visit) -> None:
        """Write it down."""
        visit.end()
        self.metrics.count(visit)
        if visit.span is not None:
            visit.span.ended(visit)

    def trace(self, visit: Visit, scope: Scope, names: Container[bytes] | None = None) -> None:
        """Have it told step by step, if it is its turn, or who asks wants that.

        `names` are those of its headers, where somebody has them already.
        """
        if self.tracing is None:
            return
        if self.tracing.due(dict(scope["headers"]) if names is None else names):
            visit.span = self.tracing.request(scope["headers"], visit)

    def identify(self, visit: Visit, connection: HTTPConnection) -> None:
        """Who asks; RequestError (401, 403)."""
        visit.caller = self.clients.identify(connection)

    async def find(self, visit: Visit, asked: Parameters) -> Operation:
        """What they ask; RequestError (400, 403, 404, 422, 429, 503)."""
        client = visit.caller.client
        planned = self.documents.planned(asked, client)
        async with nullcontext() if planned else self.place(visit):  # to plan is work, too
            visit.document = await self.documents.find(asked, client)
        if visit.document.page and not client.keys:
            visit.caller = visit.caller.on(visit.document.page)
        name = asked.operation_name or None
        operation = Operation(visit.document.plan, name, asked.variables or {})
        visit.type = operation.node.operation.value
        visit.operation = operation.node.name.value if operation.node.name else None
        if is_mutation(operation.node) and not visit.caller.client.mutations:
            message = "This client may ask, and change nothing."
            raise RequestError(403, GraphQLError(message, extensions={"code": "FORBIDDEN"}))
        return operation

    def watches(self, visit: Visit) -> bool:
        """Whether what was asked is looked up each time, to be counted as unknown."""
        sent = visit.document is None or visit.document.id is None
        return sent and visit.caller.client.log_unknown

    def place(self, visit: Visit) -> Place:
        """Where it may be executed, once that is entered."""
        return Place(self.concurrency, visit.priority, visit.caller)

    def estimate(self, operation: Operation) -> Estimate:
        """What an operation will take."""
        return self.planner.estimate(operation.plan, operation.name, dict(operation.variables))

    def actual(
        self, operation: Operation, data: Mapping[str, Any] | None, waited: Container[str]
    ) -> float:
        """What an operation took; `waited` are the fields that asked an upstream."""
        return self.planner.actual(operation.plan, operation.name, data, waited)

    def bill(
        self, operation: Operation, standing: Standing | None, actual: float | None = None
    ) -> dict[str, Any]:
        """`extensions.cost`: points, and what is left of them where there is a rate."""
        reset_at = standing and standing.reset_at
        return {
            "estimated": self.estimate(operation).cost,
            "actual": actual,
            "limit": self.planner.max_cost,
            "remaining": standing and standing.left,
            "resetAt": reset_at and reset_at.isoformat(timespec="seconds"),
        }

    async def quote(self, visit: Visit, operation: Operation) -> dict[str, Any]:
        """The bill of what is not executed: nothing is spent."""
        return self.bill(operation, await self.rates.standing(visit.caller))

    async def admit(self, visit: Visit, operation: Operation) -> Standing | None:
        """Let it in, if it is not too much, and not too often; RequestError (422, 429)."""
        estimate = self.estimate(operation)
        self.planner.check(estimate)
        visit.cost = estimate.cost
        standing = await self.rates.spend(visit.caller, visit.cost)
        visit.uses = self.metrics.named(operation)
        self.metrics.use(visit)
        return standing

    async def admit_again(self, visit: Visit) -> Standing | None:
        """Let in what was let in before; RequestError (429)."""
        standing = await self.rates.spend(visit.caller, visit.cost)
        self.metrics.use(visit)
        return standing

    def admit_alone(self, visit: Visit) -> Standing | None:
        """The same, where rates are counted here; RequestError (429)."""
        standing = self.rates.spend_alone(visit.caller, visit.cost)
        self.metrics.use(visit)
        return standing


class Coming:
    """A visit, from when it comes until it is written down, unless it goes on."""

    __slots__ = ("_around", "_gate", "_visit")

    def __init__(self, gate: Gate, visit: Visit) -> None:
        self._gate = gate
        self._visit = visit

    def __enter__(self) -> Visit:
        self._around = current.set(self._visit.span)
        return self._visit

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            self._visit.failed()
        current.reset(self._around)
        if not self._visit.goes_on:
            self._gate.ended(self._visit)
