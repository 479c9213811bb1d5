"""Told: the spans that have ended, as trees."""

from typing import Any

Tree = dict[str, Any]


class Told:
    def __init__(self) -> None:
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

        self._class = InMemorySpanExporter
        self._exporters: list[Any] = []

    def exporter(self) -> Any:
        """A new one, as an application would send its spans by."""
        self._exporters.append(self._class())
        return self._exporters[-1]

    @property
    def spans(self) -> list[Any]:
        """In the order in which they began."""
        found = [span for one in self._exporters for span in one.get_finished_spans()]
        return sorted(found, key=lambda span: span.start_time)

    def named(self, *names: str) -> list[Any]:
        return [span for span in self.spans if span.name in names]

    def one(self, name: str) -> Any:
        (found,) = self.named(name)
        return found

    def about(self, name: str) -> dict[str, Any]:
        return dict(self.one(name).attributes)

    @property
    def requests(self) -> list[Any]:
        return [span for span in self.spans if span.kind.name == "SERVER"]

    @property
    def tree(self) -> Tree:
        """All spans by their names, each with those below it; of the same name, one."""
        nodes: dict[int, Tree] = {span.context.span_id: {} for span in self.spans}
        top: Tree = {}
        for span in self.spans:
            above = nodes.get(span.parent.span_id, top) if span.parent else top
            above[span.name] = nodes[span.context.span_id]
        return top

    def forget(self) -> None:
        for one in self._exporters:
            one.clear()
