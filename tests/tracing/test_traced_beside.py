"""What no request waits for is traced by itself: reads ahead, and subscriptions that go on."""

import asyncio
import contextvars

import httpx
import pytest

from sources.tracing import current
from tests.conftest import Clock, serving
from tests.leaping import LeapingLoop, goes_by
from tests.live.online import POOLS, STOP, running

PARKINGS, TTL_S = "{ parkings { totalCount } }", 120  # as nantes.toml has it


def test_a_read_ahead_is_part_of_no_request(told, replay):
    async def main():
        async with serving(httpx.MockTransport(replay), trace=1) as server:
            await server.post(PARKINGS)
            told.forget()
            await goes_by(TTL_S)

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(main())
    reads = told.named("read nantes/parkings")
    assert reads
    assert all(span.parent is None for span in reads)
    assert told.requests == []


@pytest.mark.anyio
async def test_a_read_that_a_request_began_is_not_told_if_that_is_not(told, replay):
    async with serving(httpx.MockTransport(replay), trace=1e-12) as server:
        await server.post(POOLS)
    assert replay.calls["pools"] == 1
    assert told.spans == []


@pytest.mark.anyio
async def test_a_query_over_a_websocket_is_told_with_its_answer(told, replay, tmp_path):
    online = running(replay, Clock(), trace=1, data=tmp_path)
    async with online as city, city.greeted() as socket:
        await socket.subscribe("1", POOLS)
        await socket.next("1")
    [request], answer = told.requests, told.one("answer")
    assert answer.parent.span_id == request.context.span_id
    assert answer.attributes["poche.origin"] == "execution"
    assert told.one("execute").context.trace_id == request.context.trace_id


@pytest.mark.anyio
async def test_each_answer_to_a_subscription_is_a_trace_of_its_own(told, replay, tmp_path):
    online = running(replay, Clock(), trace=1, data=tmp_path)
    async with online as city, city.greeted() as socket:
        await socket.subscribe("1", stop=STOP)
        await socket.next("1")
        await city.news("07")
        await socket.next("1")
    asked = told.named("subscription answer")
    assert len(asked) >= 2
    assert all(span.parent is None for span in asked)
    traces = [span.context.trace_id for span in asked]
    assert len({*traces}) == len(traces)
    executed = {span.context.trace_id for span in told.named("execute")}
    assert executed >= {*traces}
    assert {span.attributes["poche.field"] for span in asked} == {"departures"}


def test_what_is_set_apart_has_nothing_around_it():
    from sources.tracing import apart

    token = current.set(object())
    try:
        assert apart().get(current) is None
        assert contextvars.copy_context().get(current) is not None
    finally:
        current.reset(token)
