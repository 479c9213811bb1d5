"""Tracing with OpenTelemetry: which requests are told of, what of them, and to whom.

Imported only where POCHE_TRACE says that any are. Spans go by OTLP over HTTP to where the
standard variables say (`OTEL_EXPORTER_OTLP_ENDPOINT` and its like), from a thread beside us.
Who asks may have a request traced, as part of a trace of their own (W3C Trace Context), but
only so many a second: a trace costs more than most answers.
"""

import asyncio
import re
from collections.abc import Callable, Container, Iterable, Mapping
from importlib.metadata import version
from random import random
from threading import Thread
from time import time_ns
from typing import Any, Self

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Span as Recorded
from opentelemetry.trace import (
    SpanKind,
    StatusCode,
    format_span_id,
    format_trace_id,
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
SAMPLED = 1  # a bit of the last digit
TRACEPARENT = b"traceparent"
MAX_STATE = 512  # bytes of others' notes that are carried along
FORCED_PER_S = 10  # requests that are traced because who asks says so
LIMITS = SpanLimits(max_span_attribute_length=200)  # an operation's name may be as long as it likes
FAREWELL_S = 2.0  # for what is not sent yet when we end
ROOT = Context()  # that has no span
KINDS = {"internal": SpanKind.INTERNAL, "client": SpanKind.CLIENT}
FINE = {"NOT_MODIFIED", "Unsupported"}  # not read as it has not changed, not compiled
AMISS = {"PARTIAL", "OVERLOADED", "INTERNAL"}  # of requests; all else is for their clients to mend
NAMELESS_SPAN = "GraphQL Operation"  # the conventions' word, as long as nothing else is known
carried = TraceContextTextMapPropagator()

Headers = Iterable[tuple[bytes, bytes]]


class Step:
    """A span of OpenTelemetry, in our words (`sources/tracing.py`)."""

    __slots__ = ("_span", "_tracing", "outcome")

    def __init__(self, tracing: "Tracing", span: Recorded) -> None:
        self.outcome = OK
        self._tracing = tracing
        self._span = span

    def begin(self, name: str, about: About, kind: Kind = "internal") -> "Step":
        return self._tracing.step(name, set_span_in_context(self._span, ROOT), about, kind)

    def tell(self, about: About) -> None:
        self._span.set_attributes(about)

    def headers(self, host: str) -> Mapping[str, str]:
        found: dict[str, str] = {}
        if host in self._tracing.hosts:
            carried.inject(found, set_span_in_context(self._span, ROOT))
        return found

    def end(self) -> None:
        if self.outcome != OK:
            self._end({}, self.outcome, failed=self.outcome not in FINE)
        else:
            self._span.end()

    def _end(self, about: About, outcome: str, *, failed: bool) -> None:
        about = {**about, "poche.outcome": outcome}
        if failed:
            about["error.type"] = outcome
            self._span.set_status(StatusCode.ERROR)
        self._span.set_attributes(about)
        self._span.end()


class Traced(Step):
    """The first span of ours for a request."""

    __slots__ = ()

    @property
    def ids(self) -> dict[str, str]:
        """By which it is found again: the labels of an exemplar."""
        context = self._span.get_span_context()
        return {
            "trace_id": format_trace_id(context.trace_id),
            "span_id": format_span_id(context.span_id),
        }

    def ended(self, visit: Visit) -> None:
        """Tell what the log's line tells, and no more."""
        self._span.update_name(_name(visit))
        about = {name: said for name, said in _about(visit).items() if said}
        self._end(about, visit.outcome, failed=visit.outcome in AMISS)


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
        resource = Resource.create({**ours, **OTELResourceDetector().detect().attributes})
        self._provider = TracerProvider(
            ALWAYS_ON, resource, shutdown_on_exit=False, span_limits=LIMITS
        )
        self._tracer = self._provider.get_tracer("poche", version("poche"))

    async def __aenter__(self) -> Self:
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Send what is left, for as long as we wait for that: who collects it may be away."""
        sending = Thread(target=self._provider.shutdown, name="traces", daemon=True)
        sending.start()
        await asyncio.to_thread(sending.join, FAREWELL_S)

    def begin(self, name: str, about: About, kind: Kind = "internal") -> Step | None:
        """The first step of what no request asks for, if it is its turn."""
        return self.step(name, ROOT, about, kind) if self._drawn() else None

    def due(self, names: Container[bytes]) -> bool:
        """Whether a request with headers of these names may have to be told: looked at first."""
        return TRACEPARENT in names or random() < self._share  # noqa: S311 - to draw lots

    def request(self, headers: Headers, visit: Visit) -> Traced | None:
        """What is told of a request that is due, from when it came, if it is to be told."""
        above = self._above(headers)
        return None if above is None else self._begun(above, visit)

    def step(self, name: str, above: Context, about: About, kind: Kind) -> Step:
        """A step below another one, or the first of a trace."""
        return Step(self, self._tracer.start_span(name, above, KINDS[kind], about))

    def _drawn(self) -> bool:
        """Whether it is the turn of one that nobody else decided on."""
        return random() < self._share  # noqa: S311 - to draw lots, not to keep a secret

    def _begun(self, above: Context, visit: Visit) -> Traced:
        began = time_ns() - int(visit.elapsed_s * 1e9)
        span = self._tracer.start_span(NAMELESS_SPAN, above, SpanKind.SERVER, start_time=began)
        return Traced(self, span)

    def _above(self, headers: Headers) -> Context | None:
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
        return carried.extract(given, ROOT)

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
    }
