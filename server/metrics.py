"""Metrics: what an operator's Prometheus reads off `/metrics`, with a registry for each app.

What the sources do is counted where it happens, as plain numbers, and only put
in Prometheus' words when somebody reads them. Every label has few values: a
client is one of the file's, an operation one of the manifests', a field one of
the schema's.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from graphql import GraphQLSchema
from prometheus_client import CollectorRegistry, Gauge, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from schema.provenance import SourceState
from server.concurrency import Concurrency
from server.document import NAMELESS
from server.documents import Documents
from server.live import Operation
from server.remembered import Remembered
from server.tally import Tally
from server.usage import METRIC, coordinates, given, telling
from server.visit import Visit
from sources import Sources
from sources.breaker import State

OPERATIONS = 500  # that have a name of their own in the metrics; all others are one
SHAPES = 1_000  # documents whose fields are not yet added up
OTHER = "other"
INTERNAL = "INTERNAL"  # a bug of ours
OF_MANY = "Each of {} workers counts for itself: ask them one by one (poche serve --worker-port).\n"
LIVE = {
    "listeners": ("poche_subscribers", "Subscriptions that are open."),
    "clients": ("poche_live_clients", "WebSockets and streams that are open."),
    "questions": ("poche_live_questions", "Different questions that subscriptions ask."),
}


class Metrics:
    """All that is counted of one application."""

    def __init__(
        self, schema: GraphQLSchema, current: Callable[[], Sources], documents: Documents
    ) -> None:
        self.registry = CollectorRegistry()
        self._schema = schema
        self._current = current
        self._examined: Sources | None = None  # whose sources have gauges
        self._operations: set[str] = {NAMELESS}
        self._shapes: Counter[tuple[str, frozenset[str]]] = Counter()
        self._fields: Counter[tuple[str, str]] = Counter()
        self._ended = Tally()
        self.registry.register(self._ended)
        self._errors = Counter({INTERNAL: 0})  # told before the first one, which would be missed
        ProcessCollector(registry=self.registry)
        self._problems = Gauge(
            "poche_problems",
            "What is wrong with an operator's own files, as `/health` tells.",
            registry=self.registry,
        )
        self._state = Gauge(
            "poche_source_state",
            "1 for the state that a source is in.",
            ("source", "state"),
            registry=self.registry,
        )
        self._failing = Gauge(
            "poche_source_failing",
            "1 if the last read of a source went wrong, or is awaited in vain.",
            ("source",),
            registry=self.registry,
        )
        self._age = Gauge(
            "poche_source_age_seconds",
            "Age of what is held of a source.",
            ("source",),
            registry=self.registry,
        )
        self._breaker = Gauge(
            "poche_source_breaker",
            "1 for the state that a source's breaker is in.",
            ("source", "state"),
            registry=self.registry,
        )
        self._left = Gauge(
            "poche_source_quota_left",
            "Calls that a source's quota still allows.",
            ("source",),
            registry=self.registry,
        )
        self.registry.register(_Counted(self, current, documents))

    def watch(self, live: Callable[[], Mapping[str, int]]) -> None:
        """Tell how many there are of whatever is live, whenever somebody reads it."""
        for what, (name, about) in LIVE.items():
            gauge = Gauge(name, about, registry=self.registry)
            gauge.set_function(partial(lambda what: live()[what], what))

    def remembers(self, remembered: Remembered) -> None:
        """Tell where answers came from, and how much is remembered."""
        self.registry.register(_Remembering(remembered))

    def limits(self, concurrency: Concurrency) -> None:
        """Tell how many are executed at a time, how many may be, and who was refused."""
        self.registry.register(_Limiting(concurrency))

    def routes(self) -> list[BaseRoute]:
        return [Route("/metrics", self._answer, methods=["GET"])]

    def count(self, visit: Visit) -> None:
        """Count one request that has ended."""
        operation = self._operation(visit.name)
        self._ended.count(visit.client, operation, visit.outcome, visit.took_s, visit.cost)
        if visit.span is not None:
            self._ended.exemplify(operation, visit.took_s, visit.span.ids)
        if visit.codes:
            self._errors.update(visit.codes)

    def refuse(self, client: str, code: str, requests: int) -> None:
        """Count so many that were refused before anything was known of them."""
        self._ended.count(client, NAMELESS, code, 0.0, 0.0, requests)
        self._errors[code] += requests

    def named(self, asked: Operation) -> frozenset[str]:
        """What of the schema an operation names."""
        node = asked.node
        name = node.name.value if node.name else None
        found = coordinates(self._schema, asked.plan, name)
        told_by = telling(self._schema, asked.plan, name)
        return found | given(told_by, asked.variables) if told_by else found

    def use(self, visit: Visit) -> None:
        """Count what a request names of the schema: one sum now, the rest when read."""
        self._shapes[visit.client, visit.uses] += 1
        if len(self._shapes) > SHAPES:
            self._add_up()

    @property
    def errors(self) -> Mapping[str, int]:
        """Errors that clients were told, by code."""
        return self._errors

    @property
    def fields(self) -> Mapping[tuple[str, str], int]:
        """How often each client asked for each field, by client and coordinate."""
        self._add_up()
        return self._fields

    def _add_up(self) -> None:
        shapes, self._shapes = self._shapes, Counter()
        for (client, fields), count in shapes.items():
            for one in fields:
                self._fields[client, one] += count

    def _operation(self, name: str) -> str:
        if name not in self._operations:
            if len(self._operations) >= OPERATIONS:
                return OTHER
            self._operations.add(name)
        return name

    async def _answer(self, request: Request) -> Response:
        state = request.app.state
        if state.workers > 1 and request.scope["server"][1] != state.own_port:
            return PlainTextResponse(OF_MANY.format(state.workers), 421)
        self._problems.set(len(state.gate.problems))
        await self._examine()
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(self.registry), media_type=content_type)

    async def _examine(self) -> None:
        """How the sources are, as of now; those that are no more have no gauges."""
        sources = self._current()
        if sources is not self._examined:
            self._examined = sources
            for gauge in (self._state, self._failing, self._age, self._breaker, self._left):
                gauge.clear()
        for city in sources.cities:
            for source in sources.report(city):
                for kind in SourceState:
                    self._state.labels(source.id, kind.value).set(source.state is kind)
                self._failing.labels(source.id).set(source.last_error is not None)
                vitals = await sources.vitals(source.id)
                for state in State:
                    self._breaker.labels(source.id, state.value).set(vitals.breaker == state.value)
                if source.age_s is not None:
                    self._age.labels(source.id).set(source.age_s)
                if vitals.quota_left is not None:
                    self._left.labels(source.id).set(vitals.quota_left)


class _Counted(Collector):
    """What others count as plain numbers, in Prometheus' words."""

    def __init__(
        self, metrics: Metrics, current: Callable[[], Sources], documents: Documents
    ) -> None:
        self._metrics = metrics
        self._current = current
        self._documents = documents

    def collect(self) -> Iterable[Metric]:
        unknown = {(client,): n for client, n in self._documents.unknown.items()}
        yield _family(
            "poche_source_calls",
            "Calls to a source, by outcome.",
            ("source", "outcome"),
            self._current().calls,
        )
        yield _family(
            "poche_source_answers",
            "Questions answered from what is held: fresh, stale, or not (miss); of sources that "
            "are one payload, under the first one's name.",
            ("source", "held"),
            self._current().answers,
        )
        yield _family(
            "poche_errors",
            "Errors that clients were told, by code.",
            ("code",),
            {(code,): n for code, n in self._metrics.errors.items()},
        )
        yield _family(
            "poche_unknown_documents",
            "Documents that a safelist refuses, or would.",
            ("client",),
            unknown,
        )
        yield _family(
            METRIC,
            "Requests that name a field, an argument or a value of the schema.",
            ("client", "coordinate"),
            self._metrics.fields,
        )


class _Limiting(Collector):
    """How much is under way, and what was too much."""

    def __init__(self, concurrency: Concurrency) -> None:
        self._concurrency = concurrency

    def collect(self) -> Iterable[Metric]:
        found = self._concurrency
        for name, about, numbers in (
            ("poche_executions", "Executions that are under way.", found.running),
            ("poche_executions_waiting", "Requests that wait for a place.", found.waiting),
        ):
            gauge = GaugeMetricFamily(name, about, labels=("priority",))
            for priority, number in numbers.items():
                gauge.add_metric((priority.name.lower(),), number)
            yield gauge
        yield _family(
            "poche_overload_refused",
            "Requests that found no place.",
            ("priority",),
            {(priority.name.lower(),): n for priority, n in found.refused.items()},
        )
        limit, delay_s = found.gradient.limit, found.gradient.delay_s
        yield GaugeMetricFamily("poche_executions_limit", "Executions that may be.", int(limit))
        yield GaugeMetricFamily(
            "poche_loop_delay_seconds", "How long work waits for this process.", delay_s
        )


class _Remembering(Collector):
    """What became of questions that may have been answered before."""

    def __init__(self, remembered: Remembered) -> None:
        self._remembered = remembered

    def collect(self) -> Iterable[Metric]:
        yield _family(
            "poche_answers",
            "Answers, by where they came from: as they were finished for the last who asked, "
            "memory, an execution for somebody else (flight), or one of their own.",
            ("origin",),
            {(origin,): n for origin, n in self._remembered.counts.items()},
        )
        yield GaugeMetricFamily(
            "poche_remembered_bytes", "Bytes of answers in memory.", self._remembered.bytes
        )


def _family(name: str, about: str, labels: tuple[str, ...], counted: Mapping[Any, int]) -> Metric:
    family = CounterMetricFamily(name, about, labels=labels)
    for values, count in sorted(counted.items()):
        family.add_metric(values, count)
    return family
