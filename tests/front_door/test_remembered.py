"""Answers that are remembered: always what an execution would find, and nobody else's."""

import asyncio
import json
import re

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.execution import Executor
from server.finished import HEADERS
from tests.conftest import HERE, Replay, down, failing, serving
from tests.front_door.partners import CLIENTS, KEY, PEPPER, SAFE_KEY, bearer

pytestmark = pytest.mark.anyio

BIKES = "{ bikes(first: 2) { nodes { name availableSpaces } } }"
POOLS = "{ pools { nodes { name openNow } } }"
PARKINGS = "{ parkings { totalCount } }"
SCHOOLS = "{ schools { totalCount } }"
NAMED = "query Named($name: String) { pools(name: $name) { totalCount } }"
LABELS = "{ city { kinds { word label } } }"
AGES = "{ sources { id ageS } }"
QUERIES = sorted((HERE / "queries").glob("*.graphql"))


@pytest.fixture
def executions(monkeypatch):
    """The operations that were executed, in order."""
    found, run = [], Executor.run

    async def counted(self, plan, name, *args, **options):
        found.append(plan.operation(name).loc.source.body)
        return await run(self, plan, name, *args, **options)

    monkeypatch.setattr(Executor, "run", counted)
    return found


async def get(server, query, headers=None, **params):
    return await server.client.get("/graphql", params={"query": query, **params}, headers=headers)


async def counts(server):
    text = (await server.client.get("/metrics")).text
    return {k: float(v) for k, v in re.findall(r'poche_answers_total{origin="(\w+)"} (.*)', text)}


# What is remembered


async def test_an_answer_is_executed_once_for_as_long_as_it_holds(serve, executions):
    async with serve() as server:
        answers = [await get(server, BIKES)]
        for seconds in (0, 0.5, 1, 20, 30):
            server.clock.advance(seconds)
            answers.append(await get(server, BIKES))
        assert executions == [BIKES]
        server.clock.advance(10)  # its source is due now
        await get(server, BIKES)

    assert executions == [BIKES, BIKES]
    assert len({answer.content for answer in answers}) == 1
    ages = [re.search(r"max-age=(\d+)", one.headers["cache-control"])[1] for one in answers]
    assert ages == ["60", "60", "59", "58", "38", "8"]


async def test_an_answer_to_a_post_tells_ages_as_they_are(serve, executions):
    async with serve() as server:
        told = []
        for _ in range(3):
            [source] = (await server.ask(BIKES))["extensions"]["sources"]
            told.append(source["ageS"])
            server.clock.advance(7)

    assert told == [0, 7, 14]
    assert executions == [BIKES]


async def test_each_request_has_an_id_and_is_counted_and_charged(serve):
    async with serve(rate=1, burst=3) as server:
        answers = [await server.post("{ __typename }") for _ in range(4)]
        found = await counts(server)
        usage = (await server.client.get("/metrics")).text

    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert [one.headers["ratelimit"].partition(";t")[0] for one in answers[:3]] == [
        f'"cost";r={left}' for left in (2, 1, 0)
    ]
    assert len({one.headers["x-request-id"] for one in answers}) == 4
    assert found == {"execution": 1, "finished": 2}
    assert re.search(r'poche_requests_total{.*outcome="OK"} 3.0', usage)
    assert re.search(r'poche_requests_total{.*outcome="RATE_LIMITED"} 1.0', usage)


async def test_what_is_spelled_otherwise_is_the_same_question(serve, executions):
    async with serve() as server:
        for variables in ('{"name":"l"}', '{ "name" : "l" }'):
            await get(server, NAMED, variables=variables)
        await server.post(NAMED, {"name": "l"})
        await get(server, NAMED, {"Accept": "application/json"}, variables='{"name":"l"}')
        assert len(executions) == 1
        assert (await counts(server))["memory"] == 3
        await server.post(NAMED, {"name": "m"})

    assert len(executions) == 2


async def test_a_query_as_an_event_is_the_same_question_too(serve, executions):
    events = {"Accept": "text/event-stream"}
    async with serve() as server:
        posted = await server.post(BIKES)
        server.clock.advance(7)
        told = await server.client.post("/graphql", json={"query": BIKES}, headers=events)

    [_, event, _] = [
        json.loads(data or "null") for data in re.findall("data: ?(.*)", "data:\n" + told.text)
    ]
    assert executions == [BIKES]
    assert event["data"] == posted.json()["data"]
    assert event["extensions"]["sources"][0]["ageS"] == 7


async def test_it_can_be_switched_off(serve, executions):
    async with serve(remember_bytes=0) as server:
        first, second = await get(server, BIKES), await get(server, BIKES)

    assert executions == [BIKES, BIKES]
    assert first.content == second.content


# What is not


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        (AGES, {}),  # of this very moment
        (BIKES, {"X-Poche-Explain": "sources"}),
    ],
)
async def test_what_is_of_one_moment_is_executed_each_time(serve, executions, query, headers):
    async with serve() as server:
        for _ in range(2):
            assert "errors" not in (await get(server, query, headers)).json()

    assert executions == [query, query]


async def test_errors_are_never_remembered(serve, replay, executions):
    replay.broken["schools"] = down
    async with serve() as server:
        for _ in range(2):
            answer = await get(server, SCHOOLS)
            assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
            assert answer.headers["cache-control"] == "no-store"
        del replay.broken["schools"]
        server.clock.advance(60)
        assert "errors" not in (await get(server, SCHOOLS)).json()

    assert len(executions) == 3


async def test_a_source_that_fails_and_recovers_changes_the_answer(serve, replay):
    def state(answer):
        return answer.json()["extensions"]["sources"][0]["state"]

    async with serve() as server:
        fresh = await get(server, PARKINGS)
        replay.broken["parkings"] = failing
        server.clock.advance(130)
        stale = await get(server, PARKINGS)  # and it is asked again behind
        await settled()
        again = await get(server, PARKINGS)
        del replay.broken["parkings"]
        server.clock.advance(60)
        await get(server, PARKINGS)  # that reads it, behind
        await settled()
        last = await get(server, PARKINGS)

    assert [state(one) for one in (fresh, stale, again, last)] == ["LIVE", "STALE", "STALE", "LIVE"]
    assert stale.json()["data"] == fresh.json()["data"]
    assert replay.calls["parkings"] == 3  # one, one in vain, one


async def test_a_flood_of_questions_takes_nothing_from_those_of_everybody(serve, executions):
    async with serve(remember_bytes=64_000) as server:
        for _ in range(2):
            await server.post(POOLS)
        for number in range(50):
            await server.post(NAMED, {"name": f"nobody {number}"})
        server.clock.advance(1)
        executions.clear()
        await server.post(POOLS)
        remembered = (await server.client.get("/metrics")).text
        assert executions == []
        for number in range(50, 53):  # what is asked twice has its place
            for _ in range(3):
                await server.post(NAMED, {"name": f"many {number}"})
                server.clock.advance(1)

    assert len(executions) == 6
    [held] = re.findall(r"^poche_remembered_bytes (.*)", remembered, re.MULTILINE)
    assert 0 < float(held) <= 32_000


# Whose it is


@pytest.fixture
async def partners(serve, tmp_path):
    (tmp_path / "clients.toml").write_text(CLIENTS)
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "all.json").write_text(json.dumps({"bikes": BIKES}))
    options = {"clients": tmp_path / "clients.toml", "documents": tmp_path / "documents"}
    async with serve(**options, pepper=PEPPER) as server:
        yield server


async def test_nobody_gets_what_was_made_for_another(partners, executions):
    first = [await get(partners, POOLS, bearer(KEY)) for _ in range(2)]
    second = [await get(partners, POOLS) for _ in range(2)]
    refused = [await get(partners, POOLS, bearer(SAFE_KEY)) for _ in range(2)]
    wrong = [await get(partners, POOLS, bearer("poche_wrong")) for _ in range(2)]

    assert executions == [POOLS]  # they may all see the same
    assert all(one.headers["cache-control"].startswith("private") for one in first)
    assert all(one.headers["cache-control"].startswith("public") for one in second)
    assert [one.status_code for one in refused + wrong] == [403, 403, 401, 401]


async def test_a_key_or_a_document_that_is_withdrawn_is_so_at_once(partners, tmp_path):
    url = "/graphql/d/bikes"
    before = [await partners.client.get(url, headers=bearer(KEY)) for _ in range(2)]
    (tmp_path / "clients.toml").write_text(
        CLIENTS.replace("tram-app", "other").replace("0\n", "1\n")
    )
    await partners.app.state.gate.clients.refresh()
    renamed = await partners.client.get(url, headers=bearer(KEY))
    (tmp_path / "clients.toml").write_text("")
    await partners.app.state.gate.clients.refresh()
    gone = await partners.client.get(url, headers=bearer(KEY))
    (tmp_path / "documents" / "all.json").write_text("{}")
    await partners.app.state.gate.documents.refresh()
    unknown = await partners.client.get(url)

    assert [one.status_code for one in (*before, renamed, gone, unknown)] == [
        200, 200, 200, 401, 404,
    ]  # fmt: skip
    assert "ratelimit" not in before[1].headers
    assert "ratelimit" in renamed.headers


async def test_each_language_and_each_site_has_its_own(partners, executions):
    for _ in range(2):
        french = await get(partners, LABELS, {"Accept-Language": "fr"})
        english = await get(partners, LABELS, {"Accept-Language": "en"})
    assert executions == [LABELS, LABELS]
    assert french.content != english.content
    assert "Accept-Language" in english.headers["vary"]

    for origin in ("https://tram.example", "https://other.example") * 2:
        answer = await get(partners, BIKES, {"Origin": origin})
        allowed = answer.headers.get("access-control-allow-origin")
        assert allowed == ("https://tram.example" if "tram" in origin else None)


async def test_who_has_it_already_is_told_so_from_memory(serve, executions):
    async with serve() as server:
        tag = (await get(server, BIKES)).headers["etag"]
        for _ in range(3):
            answer = await get(server, BIKES, {"If-None-Match": tag})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["etag"] == tag
        for coding in ("br", "gzip", "identity") * 2:
            answer = await get(server, LABELS, {"Accept-Encoding": coding})
            assert answer.headers.get("content-encoding", "identity") == coding

    assert executions == [BIKES, LABELS]


looked_for = set()


class Name(bytes):
    """A header's name that notes what it is compared with: all that anybody looks for."""

    __hash__ = bytes.__hash__

    def __eq__(self, other):
        looked_for.add(bytes(other))
        return bytes(self) == other


HARMLESS = {  # read, and yet the answer is the same
    b"content-length",  # what is too long is refused, and refusals are not kept
    b"x-request-id",  # each answer gets its own, whoever made it
}
LOOKS = [
    ("GET", "/graphql", {"query": BIKES}, {}),
    ("HEAD", "/graphql", {"query": LABELS}, {"If-None-Match": "*", "Accept-Encoding": "br"}),
    ("GET", "/graphql/d/bikes", {}, {"Origin": "https://tram.example", "Accept": "*/*"}),
    ("GET", "/graphql", {"query": BIKES}, bearer(KEY)),
    ("GET", "/graphql", {"query": BIKES}, {"X-API-Key": KEY, "Cookie": "a=b"}),
    ("GET", "/graphql", {"query": BIKES}, {"X-Poche-Explain": "sources"}),
    ("POST", "/graphql", {"query": LABELS}, {"Content-Type": "application/json"}),
]


async def test_every_header_that_is_read_is_a_part_of_what_is_known(partners):
    """Else what was made for one client would be given to another that asked otherwise."""

    async def handed_on(scope, receive, send):
        witness = (Name(b"x-witness"), b"")  # which each look passes by
        await partners.app({**scope, "headers": [witness, *scope["headers"]]}, receive, send)

    looked_for.clear()
    transport = httpx.ASGITransport(handed_on)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for method, path, asked, headers in LOOKS:
            how = {"json": asked} if method == "POST" else {"params": asked}
            answer = await client.request(method, path, headers=headers, **how)
            assert answer.status_code in (200, 304), answer.text

    assert looked_for - HARMLESS == HEADERS


# Asked by many at once


async def test_a_stampede_is_one_execution(serve, replay, executions):
    async with serve() as server:
        answers = await asyncio.gather(*(server.post(POOLS) for _ in range(100)))
        found = await counts(server)

    assert executions == [POOLS]
    assert replay.calls["pools"] == 1
    assert len({answer.content for answer in answers}) == 1
    assert found == {"execution": 1, "flight": 99}


@pytest.fixture
def slow(replay):
    """Upstreams that answer when they are let; and whether one has been asked."""
    asked, let = asyncio.Event(), asyncio.Event()

    async def handle(request):
        asked.set()
        await let.wait()
        return replay(request)

    return httpx.MockTransport(handle), asked, let


async def test_a_leader_that_hangs_up_fails_no_follower(slow, executions):
    transport, asked, let = slow
    async with serving(transport) as server:
        leader = asyncio.create_task(server.post(BIKES))
        await asked.wait()
        follower = asyncio.create_task(server.post(BIKES))
        for _ in range(20):
            await asyncio.sleep(0)
        leader.cancel()
        await asyncio.wait((leader,))
        let.set()
        answer = await follower

    assert leader.cancelled()
    assert answer.json()["data"]["bikes"]["nodes"]
    assert executions == [BIKES]


async def test_when_all_have_gone_the_execution_ends_and_the_next_begins_anew(slow, executions):
    transport, asked, let = slow
    async with serving(transport) as server:
        waiting = [asyncio.create_task(server.post(BIKES)) for _ in range(2)]
        await asked.wait()
        for _ in range(20):
            await asyncio.sleep(0)
        for one in waiting:
            one.cancel()
        await asyncio.wait(waiting)
        next_one = asyncio.create_task(server.post(BIKES))
        for _ in range(20):
            await asyncio.sleep(0)
        let.set()
        answer = await next_one
        running = [one for one in asyncio.all_tasks() if one.get_name() == "execution"]

    assert answer.json()["data"]["bikes"]["nodes"]
    assert executions == [BIKES, BIKES]
    assert running == []


# Exactly what an execution would find


def same(remembered, executed):
    return orjson.loads(remembered.content) == orjson.loads(executed.content)


async def settled():
    """Reads that went on behind have ended."""
    reads = [one for one in asyncio.all_tasks() if one.get_name().startswith("read ")]
    await asyncio.gather(*reads, return_exceptions=True)
    await asyncio.sleep(0)  # and it has been told


STEPS = (0.0, 0.3, 1.0, 13.5, 29.9, 60.0, 61.0, 299.0, 1_800.0, 7_200.0, 43_000.0)


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
