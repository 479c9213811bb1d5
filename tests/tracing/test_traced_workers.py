"""A trace through the real command: from who asks, through one of two workers, to an upstream."""

import signal

import httpx
import pytest

from sandbox import serve
from sandbox.world import World
from tests.stores.crews import GIVE_UP_S, at_work
from tests.stores.keepers import Valkey, running
from tests.tracing.test_trace_context import HARDLY, NANTES, PARENT, SAMPLED, TRACE

POOLS = "{ pools { totalCount } }"


@pytest.fixture
def heard(monkeypatch):
    """The parents that upstreams were told of."""
    found = []
    create_app = serve.create_app

    def create(world, **options):
        app = create_app(world, **options)

        async def listening(scope, receive, send):
            found.append(dict(scope["headers"]).get(b"traceparent"))
            await app(scope, receive, send)

        return listening

    monkeypatch.setattr(serve, "create_app", create)
    return found


def test_one_request_is_one_trace_from_end_to_end(collected, heard, tmp_path):
    tracing = {"POCHE_TRACE": str(HARDLY), "POCHE_TRACE_UPSTREAMS": f'["{NANTES}"]'}
    with (
        running(Valkey) as store,
        serve.running(World()) as upstream,
        at_work(store.url, upstream, tmp_path, POCHE_WARM="false", **tracing) as crew,
    ):
        headers = {"traceparent": SAMPLED}
        question = {"json": {"query": POOLS}, "headers": headers, "timeout": GIVE_UP_S}
        answer = httpx.post(f"{crew.together}/graphql", **question).json()
        crew.process.send_signal(signal.SIGTERM)
        assert crew.process.wait(GIVE_UP_S) == 0

    assert answer["data"]["pools"]["totalCount"] > 0
    assert {span.trace_id.hex() for span in collected.spans} == {TRACE}
    [request] = (span for span in collected.spans if span.name == "query")
    assert request.parent_span_id.hex() == PARENT
    [call] = (span for span in collected.spans if span.name == "GET nantes/pools")
    assert heard == [f"00-{TRACE}-{call.span_id.hex()}-01".encode()]
    parents = {span.span_id: span.parent_span_id for span in collected.spans}
    assert _root(call.span_id, parents) == request.parent_span_id


def _root(span, parents):
    """Who began it all, as far as we know."""
    while span in parents:
        span = parents[span]
    return span
