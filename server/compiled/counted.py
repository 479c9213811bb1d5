"""Counted: who executed operations, and why, for an operator's Prometheus."""

from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from server.compiled.compared import Compared
from server.compiled.executor import CompiledExecutor


class Counted(Collector):
    """What an executor of compiled operations counts as plain numbers."""

    def __init__(self, executor: CompiledExecutor, compared: Compared) -> None:
        self._executor = executor
        self._compared = compared

    def collect(self) -> Iterable[Metric]:
        yield _family(
            "poche_operations",
            "Operations executed, by whom, and why if not compiled.",
            ("executor", "reason"),
            self._executor.counts,
        )
        yield _family(
            "poche_bail_outs",
            "Executions that graphql-core finished, by why and at which field.",
            ("reason", "field"),
            self._executor.bails,
        )
        compared = {(found,): n for found, n in self._compared.counts.items()}
        yield _family(
            "poche_compared",
            "Executions done by both, by whether the answers were the same.",
            ("found",),
            compared,
        )


def _family(name: str, about: str, labels: tuple[str, ...], counted: Mapping[Any, int]) -> Metric:
    family = CounterMetricFamily(name, about, labels=labels)
    for values, count in sorted(counted.items()):
        family.add_metric(values, count)
    return family
