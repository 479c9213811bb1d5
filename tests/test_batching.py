"""One at a time, together: several things are asked of a GraphQL service in one question.

The service is graphql-core's, so that what is asked is a document that another server takes.
"""

import asyncio
import json
from typing import Any

import httpx
import pytest
from graphql import build_schema, graphql_sync

from sources.protocols.graphql import Graphql
from tests.conftest import serving
from tests.live.online import GENEROUS_S

TOWN = """
name = "Town"
timezone = "Europe/Paris"

[stops]
protocol = "json"
name = "Stops"
url = "https://town.example/stops.json"
ttl = "1d"
quota = "60 per min"

[stops.fields]
id = "id"
name = "id"

[departures]
protocol = "graphql"
name = "Next departures"
url = "https://town.example/graphql"
document = '''
query ($stop: ID!, $many: Int = 1) { stop(id: $stop) { visits(first: $many) { ...V } } }
fragment V on Visit { at line stop { id } }
'''
variables = { stop = "{id}", many = 2 }
path = "stop.visits"
ttl = "20s"
quota = "60 per min"

[departures.fields]
stop = "stop.id"
line = "line"
headsign = "line"
scheduled = "at"
"""
SCHEMA = build_schema("""
type Query { stop(id: ID!): Stop  sure(id: ID!): Stop! }
type Stop { id: ID!  name: String!  visits(first: Int!): [Visit!]! }
type Visit { at: String!  line(of: ID): String!  stop: Stop! }
""")
STOPS = "ABCDE"
QUERY = "{ stops(first: 5) { nodes { gtfsId departures(first: 1) { headsign } } } }"


class Stop:
    def __init__(self, name: str) -> None:
        self.id = name

    def name(self, _: Any) -> str:
        if self.id == "NAMELESS":
            raise ValueError("it has no name")
        return self.id.lower()

    def visits(self, _: Any, first: int) -> list[dict[str, Any]]:
        visit = {"at": "2026-11-24T09:10:00Z", "line": self.id, "stop": self}
        return [visit] * first


class Service:
    """A service that knows each stop but NOBODY; `asked` are the questions that it was sent."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.most = 10_000  # characters of a document that it takes

    def stop(self, _: Any, **given: str) -> Stop | None:
        return None if given["id"] == "NOBODY" else Stop(given["id"])

    sure = stop

    def answer(self, question: dict[str, Any]) -> httpx.Response:
        self.asked.append(question)
        if len(question["query"]) > self.most:
            return httpx.Response(400, json={"errors": [{"message": "too much"}]})
        found = graphql_sync(SCHEMA, question["query"], self, variable_values=question["variables"])
        return httpx.Response(200, json=found.formatted)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/stops.json":
            return httpx.Response(200, json=[{"id": one} for one in STOPS])
        return self.answer(json.loads(request.content))


@pytest.fixture
def town(tmp_path):
    """What a city answers whose departures are such a service's, and what that was asked."""
    cities = tmp_path / "cities"
    cities.mkdir()

    def ask(toml: str = TOWN, most: int = 10_000) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        (cities / "town.toml").write_text(toml)
        service = Service()
        service.most = most

        async def main() -> dict[str, Any]:
            settings = {"cities": cities, "city": "town"}
            async with serving(httpx.MockTransport(service), **settings) as server:
                return await server.ask(QUERY)

        return asyncio.run(main()), service.asked

    return ask


def lines(answer: dict[str, Any]) -> dict[str, list[str]]:
    return {
        one["gtfsId"]: [departure["headsign"] for departure in one["departures"]]
        for one in answer["data"]["stops"]["nodes"]
    }


def test_what_one_query_wants_of_several_is_asked_in_one_question(town):
    answer, asked = town()

    assert "errors" not in answer
    assert lines(answer) == {stop: [stop] for stop in STOPS}
    [one] = asked
    assert one["variables"] == {"many": 2} | {f"stop_{n}": stop for n, stop in enumerate(STOPS)}


@pytest.mark.parametrize(
    ("change", "questions"),
    [
        (('ttl = "20s"', 'ttl = "20s"\ntogether = 2'), 3),
        (('ttl = "20s"', 'ttl = "20s"\ntogether = 1'), 5),
        (("{ stop(id: $stop) {", "{ ...Q } fragment Q on Query { stop(id: $stop) {"), 5),
        (("at line", "at line(of: $stop)"), 5),
        (("at line", f"at line #{'.' * 9_000}\n"), 3),
    ],
    ids=["by twos", "one by one", "meant by a fragment", "meant in a fragment", "long"],
)
def test_so_many_and_no_more(town, change, questions):
    toml = TOWN.replace(*change)
    answer, asked = town(toml)

    assert lines(answer) == {stop: [stop] for stop in STOPS}
    assert len(asked) == questions


def test_what_is_too_much_at_once_is_asked_one_by_one(town):
    answer, asked = town(most=200)

    assert lines(answer) == {stop: [stop] for stop in STOPS}
    assert len(asked) == 1 + len(STOPS)


# What each of several is answered is what it is answered alone.


class Door:
    """The door to such a service, which lets `stalls` wait for ever."""

    def __init__(self) -> None:
        self.service = Service()
        self.stalls = 0

    async def post(self, url, body, headers=None, *, once=False):
        if self.stalls:
            self.stalls -= 1
            await asyncio.Event().wait()
        answer = self.service.answer(json.loads(body))
        return type("Reply", (), {"body": answer.content})


def asking(document: str, path: str) -> Graphql:
    return Graphql(
        url="https://x", document=document, variables={"id": "{id}", "many": 1}, path=path
    )


async def heard(speaks: Graphql, door: Any) -> tuple[Any, ...]:
    """What one is told: its data and what its errors say, and where; or why it is told nothing."""
    try:
        answer = json.loads(await speaks.fetch(door))
    except ValueError as error:
        return (str(error),)
    said = [(one["message"], one["path"]) for one in answer.get("errors", ())]
    return answer["data"], said


@pytest.mark.parametrize(
    "document",
    [
        "query ($id: ID!) { stop(id: $id) { id name } }",
        "query ($id: ID!, $many: Int!) { it: stop(id: $id) { ...S } other: stop(id: $id) { name } }"
        " fragment S on Stop { visits(first: $many) { stop { name } line } }",
        "query Q($id: ID!) { __typename sure(id: $id) { id name } stop(id: $id) { id } }",
    ],
)
@pytest.mark.parametrize("ids", [("A", "B", "A"), ("A", "NOBODY", "NAMELESS"), ("NOBODY",)])
def test_each_is_answered_as_if_it_had_been_alone(document, ids):
    async def main() -> None:
        speaks = asking(document, "stop")
        door = Door()
        found = await asyncio.gather(*(heard(speaks.one(key), door) for key in ids))
        alone = [await heard(asking(document, "stop").one(key), Door()) for key in ids]
        assert found == alone

    asyncio.run(main())


@pytest.mark.parametrize("turns", [1, 2], ids=["before it asks", "while it asks"])
def test_who_is_called_off_takes_nobody_along(turns):
    async def main() -> None:
        speaks, door = asking("query ($id: ID!) { stop(id: $id) { id } }", "stop"), Door()
        await asyncio.gather(*(heard(speaks.one(key), door) for key in "ABC"))  # it is written
        door.stalls = turns - 1
        one, two, three = (asyncio.create_task(heard(speaks.one(key), door)) for key in "ABC")
        for _ in range(turns):
            await asyncio.sleep(0)
        for gone in (one, two):  # the first, who asks for all of them, and another
            gone.cancel()
        async with asyncio.timeout(GENEROUS_S):
            assert await three == ({"stop": {"id": "C"}}, [])
            assert await heard(speaks.one("D"), door) == ({"stop": {"id": "D"}}, [])
        assert one.cancelled()

    asyncio.run(main())


def test_of_what_is_no_answer_each_is_told_for_itself():
    async def main() -> None:
        speaks, door = asking("query ($id: ID!) { stop(id: $id) { id } }", "stop"), Door()
        door.service.answer = lambda _: httpx.Response(200, text="<html>")
        calls = (speaks.one(key).fetch(door) for key in "ABC")
        found = await asyncio.gather(*calls, return_exceptions=True)
        assert {str(one)[:12] for one in found} == {"not GraphQL:"}
        assert len({id(one) for one in found}) == 3

    asyncio.run(main())
