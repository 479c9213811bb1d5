"""What is asked of the shared store is told where it is asked, and what became of it."""

import httpx
import pytest

from server.settings import Settings
from sources.shared_link import Link
from sources.shared_store import Shared
from sources.tracing import step
from tests.conftest import serving
from tests.stores.keepers import Valkey, running

pytestmark = pytest.mark.anyio

POOLS = "{ pools { totalCount } }"


@pytest.fixture
def valkey(monkeypatch):
    monkeypatch.setitem(Link.__init__.__kwdefaults__, "patience_s", 5.0)
    with running(Valkey) as server:
        yield server


async def test_the_store_is_told_of_each_read_and_of_rates(told, replay, valkey):
    options = {"trace": 1, "store": valkey.url, "rate": Settings().rate}
    async with serving(httpx.MockTransport(replay), **options) as server:
        await server.post(POOLS)

    tree = told.tree["query"]
    assert "store spend" in tree
    assert tree["execute"]["read nantes/pools"] == {
        "store lease": {},
        "store get": {},
        "store tripped": {},
        "GET nantes/pools": {"store take": {}},
        "store put": {},
        "store release": {},
    }
    asked = [span for span in told.spans if span.name.startswith("store")]
    assert {span.kind.name for span in asked} == {"CLIENT"}
    for span in asked:
        assert dict(span.attributes) == {"db.system.name": "redis"}


async def test_a_store_that_is_away_is_told_once(told, tmp_path):
    from server.tracing import Tracing

    store = Shared(f"unix://{tmp_path}/nobody")
    async with Tracing(Settings(trace=1), lambda: 0.0) as tracing:
        with step("read", tracer=tracing):
            assert await store.get("pools") is None
            assert await store.get("pools") is None

    assert told.tree == {"read": {"store get": {}}}
    assert told.one("store get").status.status_code.name == "ERROR"
    assert told.about("store get")["error.type"] == "ConnectionError"
    assert told.one("read").status.status_code.name == "UNSET"
