"""How traces leave: to a collector, from metrics, from logs; and that nothing is there when off."""

import json
import subprocess
import sys
from threading import Event
from threading import enumerate as threads

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from cities import CityError
from server.app import create_app
from server.settings import Settings
from tests.conftest import serving

pytestmark = pytest.mark.anyio

POOLS = "{ pools { totalCount } }"
OPENMETRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}


async def test_a_collector_has_all_of_it_when_we_end(collected, replay, monkeypatch):
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    async with serving(httpx.MockTransport(replay), trace=1) as server:
        await server.post(POOLS)

    assert collected.paths == {"/v1/traces"}
    about = collected.resource
    assert about["service.name"] == "poche"
    assert about["service.version"] == "0.1.0"
    assert about["deployment.environment.name"] == "test"
    assert {"query", "execute", "GET nantes/pools"} <= {span.name for span in collected.spans}


async def test_it_may_be_called_something_else(collected, replay, monkeypatch):
    monkeypatch.setenv("OTEL_SERVICE_NAME", "poche-nantes")
    async with serving(httpx.MockTransport(replay), trace=1) as server:
        await server.post(POOLS)
    assert collected.resource["service.name"] == "poche-nantes"


async def test_it_may_be_kept_to_ourselves(told, replay, monkeypatch):
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    async with serving(httpx.MockTransport(replay), trace=1) as server:
        assert "errors" not in await server.ask(POOLS)
    assert told.spans == []


async def test_we_do_not_wait_for_a_collector_that_says_nothing(told, replay, monkeypatch):
    """Nothing of a request does, and the end of the process not for long."""
    monkeypatch.setattr("server.tracing.FAREWELL_S", 0.01)
    silent = Event()
    exporter = told.exporter

    def hanging():
        made = exporter()
        made.shutdown = silent.wait
        return made

    monkeypatch.setattr("server.tracing.OTLPSpanExporter", hanging)
    async with serving(httpx.MockTransport(replay), trace=1) as server:
        assert "errors" not in await server.ask(POOLS)
    assert [one for one in threads() if one.name == "traces" and one.daemon]
    silent.set()


async def test_slow_requests_lead_to_their_traces(told, replay):
    async with serving(httpx.MockTransport(replay), trace=1) as server:
        await server.post(POOLS)
        await server.post(POOLS)
        answer = await server.client.get("/metrics", headers=OPENMETRICS)
        plain = (await server.client.get("/metrics")).text

    [seconds] = (
        family
        for family in text_string_to_metric_families(answer.text)
        if family.name == "poche_request_seconds"
    )
    exemplars = [one.exemplar for one in seconds.samples if one.exemplar]
    known = {f"{one.context.trace_id:032x}": one for one in told.requests}
    assert exemplars
    for exemplar in exemplars:
        request = known[exemplar.labels["trace_id"]]
        assert exemplar.labels["span_id"] == f"{request.context.span_id:016x}"
        assert 0 < exemplar.value <= (request.end_time - request.start_time) / 1e9
    assert "trace_id" not in plain


async def test_what_is_not_traced_leads_nowhere(replay):
    async with serving(httpx.MockTransport(replay)) as server:
        await server.post(POOLS)
        answer = await server.client.get("/metrics", headers=OPENMETRICS)
    assert "poche_request_seconds_bucket" in answer.text
    assert "trace_id" not in answer.text


# Off


def test_nothing_of_it_is_loaded_unless_it_is_on(tmp_path):
    program = f"""
import json, sys
from server.app import create_app
from server.settings import Settings
import server.cli
create_app(Settings(data={str(tmp_path)!r}))
print(json.dumps([name for name in sys.modules if name.startswith("opentelemetry")]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_where_it_is_not_installed_that_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "server.tracing", None)
    with pytest.raises(CityError, match=r"^POCHE_TRACE: .*pip install 'poche\[tracing\]'"):
        create_app(Settings(trace=0.01, data=tmp_path))
