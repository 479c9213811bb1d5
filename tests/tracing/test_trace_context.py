"""W3C Trace Context: whose trace a request is part of, and who hears of ours."""

import httpx
import pytest

from tests.conftest import serving

pytestmark = pytest.mark.anyio

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = f"00-{TRACE}-{PARENT}-01"
HARDLY = 1e-12  # of all requests: none, but those who ask for it
TYPE = {"query": "{ __typename }"}
NANTES, SCHOOLS = "data.nantesmetropole.fr", "data.education.gouv.fr"


@pytest.fixture
def serve(told, replay):
    return lambda **settings: serving(httpx.MockTransport(replay), **{"trace": 1, **settings})


async def ask(server, *headers):
    return await server.client.post("/graphql", json=TYPE, headers=headers)


TAKEN = [
    SAMPLED,
    f"00-{TRACE}-{PARENT}-03",  # its id is random, too
    f"00-{TRACE}-{PARENT}-ff",
    f"cc-{TRACE}-{PARENT}-01",  # a version that is not yet
    f"cc-{TRACE}-{PARENT}-01-what-it-says-more",
]
NO_PARENTS = [
    b"",
    b"01",
    f"00-{'0' * 32}-{PARENT}-01".encode(),
    f"00-{TRACE}-{'0' * 16}-01".encode(),
    f"ff-{TRACE}-{PARENT}-01".encode(),
    f"00-{TRACE}-{PARENT}-01-more".encode(),
    f"00-{TRACE.upper()}-{PARENT}-01".encode(),
    f"00-{TRACE}-{PARENT}-1".encode(),
    f"00-{TRACE}-{PARENT}-zz".encode(),
    f"00-{TRACE}{PARENT}-01".encode(),
    f"{SAMPLED},{SAMPLED}".encode(),
    SAMPLED.encode() + b"\xff",
    b"00-" + b"a" * 60_000,
]


async def test_who_asks_has_it_traced_as_part_of_their_own(serve, told):
    async with serve(trace=HARDLY) as server:
        for parent in TAKEN:
            told.forget()
            await ask(server, ("traceparent", parent))
            [request] = told.requests
            assert f"{request.context.trace_id:032x}" == TRACE
            assert f"{request.parent.span_id:016x}" == PARENT
            assert {span.context.trace_id for span in told.spans} == {request.context.trace_id}


async def test_who_asks_may_have_it_left_out(serve, told):
    async with serve() as server:
        for flags in ("00", "02", "fe"):
            await ask(server, ("traceparent", f"00-{TRACE}-{PARENT}-{flags}"))
    assert told.spans == []


async def test_what_is_no_parent_is_ignored(serve, told):
    async with serve() as server:
        for parent in NO_PARENTS:
            told.forget()
            assert (await ask(server, (b"traceparent", parent))).status_code == 200
            [request] = told.requests
            assert request.parent is None, parent
            assert f"{request.context.trace_id:032x}" != TRACE, parent


async def test_what_is_no_parent_forces_nothing(serve, told):
    twice = ("traceparent", SAMPLED)
    async with serve(trace=HARDLY) as server:
        await ask(server, twice, twice)
        for parent in NO_PARENTS:
            await ask(server, (b"traceparent", parent))
    assert told.spans == []


async def test_only_so_many_are_traced_because_who_asks_says_so(serve, told):
    async with serve(trace=HARDLY) as server:
        for _ in range(25):
            assert (await ask(server, ("traceparent", SAMPLED))).status_code == 200
        assert len(told.requests) == 10
        server.clock.advance(1)
        await ask(server, ("traceparent", SAMPLED))
        assert len(told.requests) == 11


async def test_those_that_would_be_traced_anyway_do_not_count(serve, told):
    async with serve() as server:
        for _ in range(25):
            await ask(server, ("traceparent", SAMPLED))
    assert len(told.requests) == 25


# Who hears of it


@pytest.fixture
def heard(replay, monkeypatch):
    """What upstreams are sent of it, by host."""
    found = {}

    class Listening(type(replay)):
        def __call__(self, request):
            told = {k: v for k, v in request.headers.items() if k.startswith("trace")}
            found[request.url.host] = told
            return super().__call__(request)

    replay.__class__ = Listening
    return found


BOTH = {"query": "{ pools { totalCount } schools { totalCount } }"}


async def test_upstreams_hear_nothing_of_it(serve, told, heard):
    headers = {"traceparent": SAMPLED, "tracestate": "a=b"}
    async with serve() as server:
        await server.client.post("/graphql", json=BOTH, headers=headers)
    assert heard == {NANTES: {}, SCHOOLS: {}}


async def test_but_for_those_that_the_operator_names(serve, told, heard):
    headers = [("traceparent", SAMPLED), ("tracestate", "a=b"), ("tracestate", "c=d")]
    async with serve(trace_upstreams=(NANTES.upper(),)) as server:
        await server.client.post("/graphql", json=BOTH, headers=headers)
    call = told.one("GET nantes/pools")
    parent = f"00-{TRACE}-{call.context.span_id:016x}-"
    assert heard[SCHOOLS] == {}
    assert heard[NANTES]["traceparent"].startswith(parent)
    assert int(heard[NANTES]["traceparent"][-2:], 16) & 1
    assert heard[NANTES]["tracestate"] == "a=b,c=d"


async def test_what_others_note_of_it_is_carried_within_reason(serve, told, heard):
    async with serve(trace_upstreams=(NANTES,), remember_bytes=0) as server:
        for state in ("a=" + "b" * 600, "no state"):
            heard.clear()
            headers = {"traceparent": SAMPLED, "tracestate": state}
            await server.client.post("/graphql", json=BOTH, headers=headers)
            server.clock.advance(365 * 86_400)  # all is read again
            assert TRACE in heard[NANTES]["traceparent"]
            assert "tracestate" not in heard[NANTES]


async def test_what_is_not_traced_is_not_heard_of_either(serve, told, heard):
    async with serve(trace=HARDLY, trace_upstreams=(NANTES,)) as server:
        await server.client.post("/graphql", json=BOTH)
    assert heard == {NANTES: {}, SCHOOLS: {}}
