"""What whoever keeps an answer is told: how long it holds, and whose it is."""

import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from sources.timetable import Timetable
from tests.conftest import Clock, Replay, down, serving
from tests.front_door.asking import BIKES, POOLS, get
from tests.front_door.partners import CLIENTS, KEY, PEPPER, bearer

pytestmark = pytest.mark.anyio

NEXT = '{ stop(gtfsId: "FR_NAOLIB:StopPlace:20") { departures(first: 1) { expectedAt } } }'
QUERIES = sorted((Path(__file__).parents[1] / "queries").glob("*.graphql"))
MOMENTS = {  # a second past the minute, when no tram is just leaving
    "in the morning": datetime(2026, 11, 24, 9, 5, 1, tzinfo=UTC),
    "before pools close": datetime(2026, 11, 24, 20, 50, 1, tzinfo=UTC),
    "before midnight": datetime(2026, 11, 24, 22, 30, 1, tzinfo=UTC),
}


@pytest.fixture
async def server(serve, tmp_path):
    (tmp_path / "clients.toml").write_text(CLIENTS)
    async with serve(clients=tmp_path / "clients.toml", pepper=PEPPER) as server:
        yield server


async def control(server, query):
    answer = await get(server, query)
    assert answer.status_code == 200
    return answer.headers["cache-control"]


async def whole(server, query):
    """An answer that does not do without a timetable because its first import takes its time."""
    first = await get(server, query)
    for source in first.json()["extensions"]["sources"]:
        city, _, table = source["id"].partition("/")
        if table == "stops.timetable":
            await server.app.state.editions.sources.collection(Timetable, city)
    return await get(server, query)


def seconds(control):
    return int(re.search(r"max-age=(\d+)", control)[1])


# How long it holds


async def test_it_holds_until_its_source_is_due_to_be_read_again(server):
    first = await control(server, BIKES)
    server.clock.advance(25)

    assert first == "public, max-age=60, stale-while-revalidate=300, stale-if-error=3600"
    assert seconds(await control(server, BIKES)) == 35


async def test_the_least_of_its_sources_counts(server):
    query = "{ pools { totalCount } alerts { totalCount } }"

    assert await control(server, "{ pools { totalCount } }") == (
        "public, max-age=3600, stale-while-revalidate=104400, stale-if-error=2610000"
    )  # an hour at most, then as long as its source may be shown: the rest of its 6 h, and 1 d
    server.clock.advance(100)
    assert seconds(await control(server, query)) == 120
    server.clock.advance(100)
    assert await control(server, query) == (
        "public, max-age=20, stale-while-revalidate=300, stale-if-error=3600"
    )


async def test_what_time_itself_changes_holds_until_then_and_no_longer():
    clock = Clock()
    clock.now = datetime(2026, 11, 24, 20, 50, tzinfo=UTC)  # the first pools close at 22:00
    async with serving(httpx.MockTransport(Replay()), clock) as server:
        before = await get(server, POOLS)
        clock.advance(599)
        same = await get(server, POOLS)
        clock.advance(1)
        after = await get(server, POOLS)

    assert before.headers["cache-control"] == "public, max-age=600"
    assert same.headers["cache-control"] == "public, max-age=1"
    assert same.content == before.content
    assert after.json()["data"] != before.json()["data"]


async def test_departures_hold_until_the_next_one_leaves(server):
    server.clock.advance(1)
    [one] = (await whole(server, NEXT)).json()["data"]["stop"]["departures"]
    leaves = datetime.fromisoformat(one["expectedAt"])
    server.clock.advance((leaves - server.clock.now).total_seconds() - 10)

    assert await control(server, NEXT) == "public, max-age=10"


async def test_what_is_asked_of_today_holds_until_midnight():
    clock = Clock()
    clock.now = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)  # half past eleven in Nantes
    async with serving(httpx.MockTransport(Replay()), clock) as server:
        today = await control(server, "{ menus(days: 1) { date } }")
        that_day = await control(server, '{ menus(from: "2026-11-24", days: 1) { date } }')

    assert today == "public, max-age=1800"
    assert seconds(that_day) == 3_600


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("query", QUERIES, ids=lambda path: path.stem)
async def test_no_answer_changes_while_it_holds(query, moment):
    clock = Clock()
    clock.now = MOMENTS[moment]
    async with serving(httpx.MockTransport(Replay()), clock) as server:
        first = await whole(server, query.read_text())
        if first.headers["cache-control"] == "no-store":
            assert "errors" in first.json()
            return
        holds_s = seconds(first.headers["cache-control"])
        assert holds_s > 0
        clock.advance(holds_s - 1)
        last = await get(server, query.read_text())

    assert last.content == first.content


async def test_what_is_stale_is_kept_a_moment_only(server, replay):
    await control(server, BIKES)
    replay.broken["bikes"] = down
    server.clock.advance(100)

    assert await control(server, BIKES) == (
        "public, max-age=5, stale-while-revalidate=255, stale-if-error=3555"
    )


async def test_so_is_what_does_without_a_source_that_fails(server, replay):
    server.clock.advance(1)
    replay.broken["departures"] = down
    answer = await whole(server, NEXT)

    assert answer.json()["data"]["stop"]["departures"]
    assert answer.headers["cache-control"] == "public, max-age=5"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ __typename }", "public, max-age=3600"),
        ('{ __type(name: "Pool") { name } }', "public, max-age=3600"),
        ("{ sources { id ageS } }", "public, max-age=0"),
    ],
)
async def test_what_rests_on_no_source(server, query, expected):
    assert await control(server, query) == expected


# What is never kept


async def test_errors(server, replay):
    replay.broken["schools"] = down
    urls = (
        ("/graphql?query={ schools { totalCount } pools { totalCount } }", 200),
        ("/graphql?query={ nothing }", 422),
        ("/graphql?query={", 400),
        ("/graphql/d/nowhere", 404),
        ("/graphql?query=" + "a" * 20_000, 414),
    )
    for url, status in urls:
        answer = await server.client.get(url)
        assert (answer.status_code, answer.headers["cache-control"]) == (status, "no-store")
        assert "etag" not in answer.headers


async def test_what_is_about_this_one_execution(server):
    for explain in ("sources", "cost"):
        answer = await get(server, BIKES, {"X-Poche-Explain": explain})
        assert answer.headers["cache-control"] == "no-store"


async def test_answers_to_a_post_which_tell_ages_instead(server):
    posted, got = await server.post(BIKES), await get(server, BIKES)

    assert posted.headers["cache-control"] == "no-store"
    assert "etag" not in posted.headers
    [one], [other] = (answer.json()["extensions"]["sources"] for answer in (posted, got))
    assert one.pop("ageS") == 0
    assert one == other  # an age that is kept is wrong: the rest says it, too


async def test_the_way_to_the_explorer(server):
    answer = await server.client.get("/graphql", headers={"accept": "text/html"})

    assert answer.headers["location"] == "/graphiql"
    assert answer.headers["cache-control"] == "no-store"


# Whose it is


async def test_what_a_key_is_asked_with_is_private(server):
    for headers in (bearer(KEY), {"X-API-Key": KEY}):
        answer = await get(server, BIKES, headers)
        assert answer.headers["cache-control"].startswith("private, max-age=60,")
    anonymous = await get(server, BIKES)

    assert anonymous.headers["cache-control"].startswith("public, ")
    vary = {one.strip() for one in anonymous.headers["vary"].split(",")}
    assert {"Accept", "Authorization", "X-API-Key", "Origin"} <= vary  # partners' sites may ask


async def test_how_a_client_stands_is_not_everybodys(serve):
    async with serve(rate=0.001, burst=2) as server:
        kept, posted = await get(server, "{ __typename }"), await server.post("{ __typename }")
        over = await get(server, "{ __typename }")

    assert "ratelimit" not in kept.headers
    assert "ratelimit-policy" not in kept.headers
    assert "r=0" in posted.headers["ratelimit"]
    assert (over.status_code, over.headers["cache-control"]) == (429, "no-store")
