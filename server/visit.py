"""Visits: one request, from when it comes until it is written down.

Never with a key, the text of a query, or an address beyond its network.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

from graphql import GraphQLError

from server import logs
from server.clients import Caller
from server.concurrency import Priority
from server.document import NAMELESS, Document

if TYPE_CHECKING:
    from server.tracing import Traced


PRIORITIES = tuple(Priority)  # the lowest first; looked up in a fifth of the time of a call


@dataclass
class Visit:
    """One request, as far as it came: who asks what, what it takes, and what became of it."""

    caller: Caller
    document: Document | None = None
    type: str | None = None  # of its operation: a query, a mutation, a subscription
    operation: str | None = None
    cost: float = 0.0
    uses: frozenset[str] = frozenset()  # what it names of the schema
    sources: Iterable[str] = ()
    codes: tuple[str, ...] = ()
    outcome: str = "OK"  # or PARTIAL, or the code that it was refused with
    took_s: float = 0.0
    request: str = ""  # its id
    origin: str = ""  # where its answer came from, if that took nothing
    span: "Traced | None" = None
    goes_on: bool = False  # after its first part
    _began: float = field(default_factory=perf_counter)

    @property
    def client(self) -> str:
        return self.caller.client.name

    @property
    def priority(self) -> Priority:
        """Who comes first when not all can be answered."""
        published = self.document is not None and self.document.published
        return PRIORITIES[bool(self.caller.client.keys) + published]

    @property
    def name(self) -> str:
        """What the document is called by those who wrote it."""
        return self.document.name if self.document else NAMELESS

    def refused(self, *errors: GraphQLError) -> None:
        """It was not executed, and this is why."""
        self.codes = _codes(errors)
        self.outcome = self.codes[0]

    def failed(self) -> None:
        """Nobody had thought of that: a bug of ours, unless it was refused before."""
        if not self.codes:
            self.codes, self.outcome = ("INTERNAL",), "INTERNAL"

    def answered(self, sources: Iterable[str], *errors: GraphQLError) -> None:
        """It was executed, perhaps not everywhere."""
        self.sources, self.codes = sources, _codes(errors)
        if errors:
            self.outcome = "PARTIAL"

    def again(self, address: str, request: str) -> "Visit":
        """The same, just begun: who asks it again is answered the same."""
        same = self.caller.address == address
        return Visit(  # a third of the time that `replace` takes
            self.caller if same else Caller(self.caller.client, address),
            self.document,
            self.type,
            self.operation,
            self.cost,
            self.uses,
            self.sources,
            self.codes,
            request=request,
            origin="finished",
        )

    @property
    def elapsed_s(self) -> float:
        """Seconds since it came."""
        return perf_counter() - self._began

    def end(self) -> None:
        """Write it down."""
        self.took_s = self.elapsed_s
        logs.request(
            request=self.request,
            client=self.client,
            network=self.caller.network,
            document=self.document.id if self.document else None,
            operation=self.operation,
            outcome=self.outcome,
            cost=self.cost,
            ms=int(self.took_s * 10_000) / 10,
            sources=sorted(self.sources),
            errors=self.codes,
            **({"trace": self.span.ids["trace_id"]} if self.span else {}),
        )


def _codes(errors: Iterable[GraphQLError]) -> tuple[str, ...]:
    return tuple(str((error.extensions or {}).get("code", "INTERNAL")) for error in errors)
