"""Events, through the front door: what is over is over, on lists and on maps, at its own minute."""

import asyncio
import re

import httpx
import pytest

from tests.conftest import Clock, serving

MIDDAY = "Concert de midi"  # 12:15 to 13:15 on the day of the tests, at the Lieu unique
MINUTE = 60
BEFORE, AFTER = 189 * MINUTE, 191 * MINUTE  # it is 10:05
LISTS = {
    "events": "{ found: events(days: 1) { nodes { name } } }",
    "places": '{ found: places(kinds: ["event"], first: 100) { nodes { name } } }',
    "nearest": "{ found: nearest(lat: 47.215364, lon: -1.545432, within: 5, "
    'kinds: ["event"]) { nodes { place { name } } } }',
    "search": '{ found: search(text: "concert de midi") { nodes { name } } }',
    "nearby": '{ stops(name: "lieu unique", first: 1) { nodes { nearby(kinds: ["event"]) '
    "{ place { name } } } } }",
    "map": "{ found: placeMap(bbox: { minLat: 47.2153, minLon: -1.5455, maxLat: 47.2154, "
    'maxLon: -1.5454 }, zoom: 20, kinds: ["event"]) { places { name } } }',
}


@pytest.mark.parametrize("query", LISTS.values(), ids=LISTS)
def test_what_is_over_is_nowhere_any_more(query, replay):
    async def main() -> list[bool]:
        clock = Clock()
        async with serving(httpx.MockTransport(replay), clock) as server:
            shown = []
            for at in (BEFORE, AFTER - BEFORE):
                clock.advance(at)
                answer = await server.ask(query)
                assert "errors" not in answer
                shown.append(MIDDAY in str(answer["data"]))
            return shown

    assert asyncio.run(main()) == [True, False]


@pytest.mark.parametrize("query", LISTS.values(), ids=LISTS)
def test_an_answer_holds_until_the_next_event_is_over(query, replay):
    async def main() -> int:
        clock = Clock()
        async with serving(httpx.MockTransport(replay), clock) as server:
            clock.advance(AFTER - 3 * MINUTE)
            await server.ask(query)  # whatever it rests on is fresh
            answer = await server.client.get(
                "/graphql", params={"query": query}, headers={"x-poche-csrf": "1"}
            )
            assert answer.status_code == 200
            found = re.search(r"max-age=(\d+)", answer.headers["cache-control"])
            return int(found[1])

    assert 0 < asyncio.run(main()) <= 2 * MINUTE


def test_an_event_that_is_over_can_still_be_asked_for(graphql, replay):
    found = graphql('{ events(name: "conseil de quartier", from: "2026-11-23") { nodes { id } } }')
    [one] = found["data"]["events"]["nodes"]

    query = '{ event(id: "%s") { name lastDay nextOccurrence { start } occurrences { start } } }'
    answer = graphql(query % one["id"])

    assert answer["data"]["event"] == {
        "name": "Conseil de quartier",
        "lastDay": "2026-11-23",
        "nextOccurrence": None,
        "occurrences": [],
    }


def test_days_are_those_asked_for(graphql):
    query = "{ events(%s, first: 100) { nodes { name } } }"

    def names(asked: str) -> set[str]:
        return {node["name"] for node in graphql(query % asked)["data"]["events"]["nodes"]}

    assert MIDDAY in names("days: 1")
    assert "Nuit techno" not in names("days: 4")
    assert "Nuit techno" in names("days: 5")
    assert "Nuit techno" in names('from: "2026-11-30", days: 1')  # it ends at five in the morning
    assert "Nuit techno" not in names('from: "2026-12-01", days: 1')


def test_pages_follow_each_other(graphql):
    query = "{ events(first: 3, after: %s) { nodes { id } pageInfo { endCursor hasNextPage } } }"
    seen: list[str] = []
    after = "null"
    while after:
        page = graphql(query % after)["data"]["events"]
        seen += [node["id"] for node in page["nodes"]]
        info = page["pageInfo"]
        after = f'"{info["endCursor"]}"' if info["hasNextPage"] else ""

    whole = graphql("{ events(first: 100) { nodes { id } } }")["data"]["events"]["nodes"]
    assert seen == [node["id"] for node in whole]
    assert len(seen) == len(set(seen)) == 14


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("days: 0", ["days"]),
        ("days: 63", ["days"]),
        ('from: "9999-12-31"', ["from"]),
        ("first: 101", ["first"]),
        ("near: { lat: 91, lon: 0 }", ["near", "lat"]),
    ],
)
def test_bad_arguments(asked, path, graphql):
    [error] = graphql(f"{{ events({asked}) {{ totalCount }} }}")["errors"]

    assert error["extensions"]["argumentPath"] == path
