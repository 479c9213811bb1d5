"""Tracing with OpenTelemetry: which requests are told of, what of them, and to whom.

Imported only where POCHE_TRACE says that any are. Spans go by OTLP over HTTP to where the
standard variables say (`OTEL_EXPORTER_OTLP_ENDPOINT` and its like), from a thread beside us.
Who asks may have a request traced, as part of a trace of their own (W3C Trace Context), but
only so many a second: a trace costs more than most answers. Our spans are made into OpenTelemetry's
when they have ended: its own, with their locks and limits, take three times as long.
"""

import asyncio
import os
import re
from collections.abc import Callable, Container, Iterable, Mapping
from importlib.metadata import version
from random import getrandbits, random
from threading import Thread
from time import time_ns
from typing import Any, Self

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.environment_variables import OTEL_SDK_DISABLED
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    format_span_id,
    format_trace_id,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from server.document import NAMELESS
from server.settings import Settings
from server.visit import Visit
from sources.tracing import OK, About, Kind

# What a parent may look like, and whether it is traced; a later version may say more behind.
PARENT = re.compile(
    rb"(?!ff)(?!00-.{53})[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}"
    rb"-[0-9a-f]([0-9a-f])(?:-.*)?"
)
SAMPLED, RANDOM = 1, 2  # bits of the last digit
TRACEPARENT = b"traceparent"
MAX_STATE = 512  # bytes of others' notes that are carried along
FORCED_PER_S = 10  # requests that are traced because who asks says so
MAX_VALUE = 200  # characters of what is told: an operation's name may be as long as it likes
FAREWELL_S = 2.0  # for what is not sent yet when we end
ROOT = INVALID_SPAN_CONTEXT  # above the first of a trace
UNSET, ERROR = Status(StatusCode.UNSET), Status(StatusCode.ERROR)
KINDS = {"internal": SpanKind.INTERNAL, "client": SpanKind.CLIENT}
FINE = {"NOT_MODIFIED", "Unsupported"}  # not read as it has not changed, not compiled
AMISS = {"PARTIAL", "OVERLOADED", "INTERNAL"}  # of requests; all else is for their clients to mend
NAMELESS_SPAN = "GraphQL Operation"  # the conventions' word, as long as nothing else is known
carried = TraceContextTextMapPropagator()

Headers = Iterable[tuple[bytes, bytes]]


class Step:
    """A span of OpenTelemetry, in our words (`sources/tracing.py`)."""

    __slots__ = ("_about", "_above", "_began", "_context", "_kind", "_name", "_tracing", "outcome")

    def __init__(
        self,
        tracing: "Tracing",
        name: str,
        above: SpanContext,
        about: About,
        kind: SpanKind,
        ago_s: float = 0.0,
    ) -> None:
        self.outcome = OK
        self._tracing = tracing
        self._name = name
        self._above = above if above.is_valid else None
        self._about: dict[str, Any] = {**about}
        self._kind = kind
        self._began = time_ns() - int(ago_s * 1e9)
        first = self._above is None
        self._context = SpanContext(
            getrandbits(128) if first else above.trace_id,
            getrandbits(64),
            is_remote=False,
            trace_flags=TraceFlags(SAMPLED | (RANDOM if first else above.trace_flags & RANDOM)),
            trace_state=above.trace_state,
        )

    def begin(self, name: str, about: About, kind: Kind = "internal") -> "Step":
        return self._tracing.step(name, self._context, about, kind)

    def tell(self, about: About) -> None:
        self._about.update(about)

    def headers(self, host: str) -> Mapping[str, str]:
        found: dict[str, str] = {}
        if host in self._tracing.hosts:
            carried.inject(found, set_span_in_context(NonRecordingSpan(self._context), Context()))
        return found

    def end(self) -> None:
        failed = self.outcome != OK and self.outcome not in FINE
        self._end({"poche.outcome": self.outcome} if self.outcome != OK else {}, failed=failed)

    def _end(self, about: About, *, failed: bool) -> None:
        about = {**self._about, **about}
        if failed:
            about["error.type"] = self.outcome
        self._tracing.ended(
            ReadableSpan(
                self._name,
                self._context,
                self._above,
                self._tracing.resource,
                {name: _cut(said) for name, said in about.items()},
                kind=self._kind,
                status=ERROR if failed else UNSET,
                start_time=self._began,
                end_time=time_ns(),
                instrumentation_scope=self._tracing.scope,
            )
        )


class Traced(Step):
    """The first span of ours for a request."""

    __slots__ = ()

    @property
    def ids(self) -> dict[str, str]:
        """By which it is found again: the labels of an exemplar."""
        return {
            "trace_id": format_trace_id(self._context.trace_id),
            "span_id": format_span_id(self._context.span_id),
        }

    def ended(self, visit: Visit) -> None:
        """Tell what the log's line tells, and no more."""
        self._name, self.outcome = _name(visit), visit.outcome
        about = {name: said for name, said in _about(visit).items() if said}
        self._end(about, failed=visit.outcome in AMISS)


class Tracing:
    """What is traced of one application; while it is entered, it is also sent.

    `ticks` are seconds that pass.
    """

    def __init__(self, settings: Settings, ticks: Callable[[], float]) -> None:
        self.hosts = frozenset(host.lower() for host in settings.trace_upstreams)
        self._share = settings.trace
        self._ticks = ticks
        self._second, self._forced_in_it = 0, 0
        ours: dict[str, Any] = {"service.name": "poche", "service.version": version("poche")}
        self.resource = Resource.create({**ours, **OTELResourceDetector().detect().attributes})
        self.scope = InstrumentationScope("poche", version("poche"))
        self._batches: BatchSpanProcessor | None = None

    async def __aenter__(self) -> Self:
        if os.environ.get(OTEL_SDK_DISABLED, "").strip().lower() != "true":
            self._batches = BatchSpanProcessor(OTLPSpanExporter())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Send what is left, for as long as we wait for that: who collects it may be away."""
        if self._batches is not None:
            sending = Thread(target=self._batches.shutdown, name="traces", daemon=True)
            sending.start()
            await asyncio.to_thread(sending.join, FAREWELL_S)

    def ended(self, span: ReadableSpan) -> None:
        """Have it sent, with others."""
        if self._batches is not None:
            self._batches.on_end(span)

    def begin(self, name: str, about: About, kind: Kind = "internal") -> Step | None:
        """The first step of what no request asks for, if it is its turn."""
        return self.step(name, ROOT, about, kind) if self._drawn() else None

    def due(self, names: Container[bytes]) -> bool:
        """Whether a request with headers of these names may have to be told: looked at first."""
        return TRACEPARENT in names or random() < self._share  # noqa: S311 - to draw lots

    def request(self, headers: Headers, visit: Visit) -> Traced | None:
        """What is told of a request that is due, from when it came, if it is to be told."""
        above = self._above(headers)
        if above is None:
            return None
        return Traced(self, NAMELESS_SPAN, above, {}, SpanKind.SERVER, visit.elapsed_s)

    def step(self, name: str, above: SpanContext, about: About, kind: Kind) -> Step:
        """A step below another one, or the first of a trace."""
        return Step(self, name, above, about, KINDS[kind])

    def _drawn(self) -> bool:
        """Whether it is the turn of one that nobody else decided on."""
        return random() < self._share  # noqa: S311 - to draw lots, not to keep a secret

    def _above(self, headers: Headers) -> SpanContext | None:
        """What is above a request that is due; None if it is not to be told."""
        parents = [value for name, value in headers if name == TRACEPARENT]
        if not parents:
            return ROOT
        parent = PARENT.fullmatch(parents[0]) if len(parents) == 1 else None
        if parent is None:
            return ROOT if self._drawn() else None
        if not int(parent[1], 16) & SAMPLED or not (self._drawn() or self._forced()):
            return None
        given = {"traceparent": parent[0].decode()}
        state = b",".join(value for name, value in headers if name == b"tracestate")
        if 0 < len(state) <= MAX_STATE:
            given["tracestate"] = state.decode("latin-1")
        return get_current_span(carried.extract(given, Context())).get_span_context()

    def _forced(self) -> bool:
        """Whether one more may be traced in this second because who asks says so."""
        second = int(self._ticks())
        if second != self._second:
            self._second, self._forced_in_it = second, 0
        self._forced_in_it += 1
        return self._forced_in_it <= FORCED_PER_S


def _name(visit: Visit) -> str:
    """What spans are told apart by: no names that clients make up."""
    if visit.type is None:
        return NAMELESS_SPAN
    return visit.type if visit.name == NAMELESS else f"{visit.type} {visit.name}"


def _cut(said: Any) -> Any:
    """What is said of something, no longer than is good."""
    if isinstance(said, str):
        return said[:MAX_VALUE]
    return tuple(_cut(one) for one in said) if isinstance(said, list) else said


def _about(visit: Visit) -> dict[str, Any]:
    return {
        "graphql.operation.type": visit.type,
        "graphql.operation.name": visit.operation,
        "poche.document": visit.document and visit.document.id,
        "poche.client": visit.client,
        "poche.request": visit.request,
        "poche.cost": visit.cost,
        "poche.sources": sorted(visit.sources),
        "poche.errors": sorted({*visit.codes}),
        "poche.origin": visit.origin,
        "poche.outcome": visit.outcome,
    }
