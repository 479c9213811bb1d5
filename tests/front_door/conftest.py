"""A running application, as one client sees it, and what it may be started with."""

import httpx
import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.execution import Executor
from tests.conftest import Replay, serving


@pytest.fixture
def serve(replay):
    """Serve over replayed upstreams, with settings of one's own."""
    return lambda **settings: serving(httpx.MockTransport(replay), **settings)


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="module")
async def client():
    """A client of one application that many tests share, because none of them changes it."""
    async with serving(httpx.MockTransport(Replay())) as server:
        yield server.client


@pytest.fixture
def executions(monkeypatch):
    """The operations that were executed, in order."""
    found, run = [], Executor.run

    async def counted(self, plan, name, *args, **options):
        found.append(plan.operation(name).loc.source.body)
        return await run(self, plan, name, *args, **options)

    monkeypatch.setattr(Executor, "run", counted)
    return found


@pytest.fixture
def parsed(monkeypatch):
    """What had to be parsed."""
    found, parse = [], HttpToolsProtocol.data_received

    def noted(self, data):
        found.append(data)
        parse(self, data)

    monkeypatch.setattr(HttpToolsProtocol, "data_received", noted)
    return found
