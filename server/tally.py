"""Tally: the requests that have ended, as plain numbers, told to Prometheus when it reads them.

Its own counters have a lock each, and it takes longer to find the right ones by
their labels than to count: together a tenth of an answer that is given again.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import accumulate
from time import time

from prometheus_client.core import (
    CounterMetricFamily,
    Exemplar,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
BUCKETS = [*(str(float(bound)) for bound in SECONDS), "+Inf"]


class Tally(Collector):
    """Requests by client, operation and outcome; their durations by operation, cost by client."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str, str], int] = {}
        self._seconds: dict[str, list[int]] = {}  # how many took as long, by bucket
        self._sums: dict[str, float] = {}
        self._points: dict[str, float] = {}
        self._exemplars: dict[tuple[str, int], Exemplar] = {}  # by operation and bucket

    def count(
        self,
        client: str,
        operation: str,
        outcome: str,
        took_s: float,
        cost: float,
        requests: int = 1,
    ) -> None:
        """So many more that are alike: what each of them took, and was estimated to cost."""
        what = client, operation, outcome
        self._requests[what] = self._requests.get(what, 0) + requests
        if operation not in self._seconds:
            self._seconds[operation], self._sums[operation] = [0] * len(BUCKETS), 0.0
        self._seconds[operation][bisect_left(SECONDS, took_s)] += requests
        self._sums[operation] += requests * took_s
        if cost:
            self._points[client] = self._points.get(client, 0.0) + requests * cost

    def exemplify(self, operation: str, took_s: float, ids: Mapping[str, str]) -> None:
        """Have what took as long known by the trace of the last one that did."""
        bucket = bisect_left(SECONDS, took_s)
        self._exemplars[operation, bucket] = Exemplar({**ids}, took_s, time())

    def collect(self) -> Iterable[Metric]:
        requests = CounterMetricFamily(
            "poche_requests",
            "Requests, by what became of them.",
            labels=("client", "operation", "outcome"),
        )
        for what, count in self._requests.items():
            requests.add_metric(what, count)
        seconds = HistogramMetricFamily(
            "poche_request_seconds", "How long requests took.", labels=("operation",)
        )
        for operation, counts in self._seconds.items():
            upto: list[tuple[str, float] | tuple[str, float, Exemplar]] = []
            for bucket, (bound, n) in enumerate(zip(BUCKETS, accumulate(counts), strict=True)):
                one = self._exemplars.get((operation, bucket))
                upto.append((bound, n) if one is None else (bound, n, one))
            seconds.add_metric((operation,), upto, self._sums[operation])
        cost = CounterMetricFamily(
            "poche_cost_points", "What requests were estimated to cost.", labels=("client",)
        )
        for client, points in self._points.items():
            cost.add_metric((client,), points)
        return requests, seconds, cost
