"""A running application, as one client sees it, and what it may be started with."""

import httpx
import pytest

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
