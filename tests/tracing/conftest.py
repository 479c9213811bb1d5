"""What is told of requests, as it is told: each span when it ends, and nothing is sent."""

import pytest

from tests.tracing.told import Told


@pytest.fixture
def told(monkeypatch) -> Told:
    pytest.importorskip("opentelemetry.sdk", reason="poche[tracing] is not installed")
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    told = Told()
    monkeypatch.setattr("server.tracing.OTLPSpanExporter", told.exporter)
    monkeypatch.setattr("server.tracing.BatchSpanProcessor", SimpleSpanProcessor)
    return told


@pytest.fixture
def collected(monkeypatch):
    pytest.importorskip("opentelemetry.sdk", reason="poche[tracing] is not installed")
    from tests.tracing.collector import collecting

    with collecting() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
        yield found


@pytest.fixture
def anyio_backend():
    return "asyncio"
