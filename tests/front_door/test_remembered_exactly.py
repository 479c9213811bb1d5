"""Remembered answers are exactly what an execution would find, whatever happened before."""

import asyncio

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.footing import Footing
from tests.conftest import HERE, Replay, down, serving
from tests.front_door.asking import BIKES, LABELS, POOLS, get, settled

pytestmark = pytest.mark.anyio

QUERIES = sorted((HERE / "queries").glob("*.graphql"))
STEPS = (0.0, 0.3, 1.0, 13.5, 29.9, 60.0, 61.0, 299.0, 1_800.0, 7_200.0, 43_000.0)


def same(remembered, executed):
    return orjson.loads(remembered.content) == orjson.loads(executed.content)


@pytest.mark.parametrize("query", QUERIES, ids=lambda path: path.stem)
async def test_no_golden_query_is_remembered_wrongly(query, monkeypatch):
    """The same application is asked twice at each moment: the second time it must execute."""
    text = query.read_text()
    async with serving(httpx.MockTransport(Replay())) as server:
        for seconds in STEPS:
            server.clock.advance(seconds)
            await compare(server, text, monkeypatch)


async def compare(server, text, monkeypatch):
    for method in (get, lambda server, query: server.post(query)):
        await settled()
        remembered = await method(server, text)
        if "errors" in remembered.json():
            continue
        await settled()
        remembered = await method(server, text)
        await settled()
        with monkeypatch.context() as patch:
            patch.setattr("server.answered.Answer.stands", lambda *_: False)
            patch.setattr("server.finished.Finished.again", _never)
            patch.setattr("server.footing.Footings.of", lambda _, ask: Footing(ask))
            executed = await method(server, text)
        assert same(remembered, executed)


async def _never(*_):
    return False


STEP = st.one_of(
    st.tuples(st.just("wait"), st.floats(0, 400)),
    st.tuples(st.just("break"), st.sampled_from(["bikes", "pools", "departures"])),
    st.tuples(st.just("mend"), st.sampled_from(["bikes", "pools", "departures"])),
    st.tuples(st.just("ask"), st.sampled_from([BIKES, POOLS, LABELS])),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(STEP, min_size=5, max_size=25))
def test_whatever_happens_what_is_remembered_is_what_would_be_executed(steps):
    async def main():
        replay = Replay()
        with pytest.MonkeyPatch.context() as patch:
            async with serving(httpx.MockTransport(replay)) as server:
                for what, value in steps:
                    if what == "wait":
                        server.clock.advance(value)
                    elif what == "break":
                        replay.broken[value] = down
                    elif what == "mend":
                        replay.broken.pop(value, None)
                    else:
                        await compare(server, value, patch)

    asyncio.run(main())
