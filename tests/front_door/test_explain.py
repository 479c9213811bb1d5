"""Explain: what a query read, from where, and which fields waited for it."""

from functools import partial

import pytest

from resolvers import Loaders
from schema.nodes import node_id
from tests.conftest import down

pytestmark = pytest.mark.anyio

HEADERS = {"X-Poche-Explain": "sources"}
NESTED = """{
  stop(gtfsId: "FR_NAOLIB:StopPlace:20") { quays { departures(first: 1) { expectedAt } } }
  again: stop(gtfsId: "FR_NAOLIB:StopPlace:20") { name }
}"""


@pytest.fixture
def serve(serve, _timetables):
    """Serve what is imported already, and with time to wait: however slow the machine is."""
    return partial(serve, deadline_s=600)


async def explained(server, query):
    answer = await server.client.post("/graphql", json={"query": query}, headers=HEADERS)
    assert "errors" not in answer.json()
    reads = answer.json()["extensions"]["explain"]
    return {one["source"]: one for one in reversed(reads)}  # the first of each


async def test_each_read_says_from_where_and_who_waited(serve):
    async with serve() as server:
        found = await explained(server, NESTED)
    stops, departures = found["nantes/stops"], found["nantes/departures"]
    assert {stops["from"], departures["from"]} == {"network"}
    assert {"stop", "again"} <= set(stops["fields"])
    assert departures["fields"] == ["stop.quays.*.departures"]
    assert departures["batch"] == len(departures["keys"]) > 1
    assert all("DeparturesAt" in key for key in departures["keys"])
    assert departures["ageS"] == 0
    assert 0 <= stops["startMs"] <= departures["startMs"]
    assert departures["ms"] > 0


async def test_what_was_spared_is_said_too(serve, replay):
    query = "{ pools { totalCount } }"
    async with serve() as server:
        await server.ask(query)
        server.clock.advance(5)
        found = await explained(server, query)
        assert (found["nantes/pools"]["from"], found["nantes/pools"]["ageS"]) == ("memory", 5)
        assert replay.calls["pools"] == 1


async def test_a_read_that_failed_is_said_too(serve, replay):
    replay.broken["pools"] = down
    async with serve() as server:
        body = {"query": "{ pools { totalCount } }"}
        answer = (await server.client.post("/graphql", json=body, headers=HEADERS)).json()
    assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    [read] = answer["extensions"]["explain"]
    assert (read["source"], read["from"], read["ageS"]) == ("nantes/pools", "network", None)


async def test_it_changes_nothing_of_the_answer(serve):
    async with serve() as one, serve() as other:
        plain = await one.ask(NESTED)
        answer = await other.client.post("/graphql", json={"query": NESTED}, headers=HEADERS)
        assert answer.json()["data"] == plain["data"]


async def test_it_costs_nothing_when_it_is_off(serve, monkeypatch):
    def never(*_):
        raise AssertionError("watched, and nobody asked for it")

    monkeypatch.setattr("server.explain.Explained.__init__", never)
    monkeypatch.setattr("server.explain._watched", never)
    kinds = []
    init = Loaders.__init__
    monkeypatch.setattr(
        Loaders, "__init__", lambda self, *rest: kinds.append(type(self)) or init(self, *rest)
    )
    async with serve() as server:
        assert "explain" not in (await server.ask(NESTED))["extensions"]
    assert kinds == [Loaders]


async def test_the_cost_is_what_the_answer_really_took(serve):
    """Lists count as long as they were; a field that asks an upstream, only when it asked."""
    async with serve() as server:
        first = await server.client.post("/graphql", json={"query": NESTED}, headers=HEADERS)
        again = await server.client.post("/graphql", json={"query": NESTED}, headers=HEADERS)
    answer = first.json()
    cost, spared = answer["extensions"]["cost"], again.json()["extensions"]["cost"]
    quays = answer["data"]["stop"]["quays"]
    objects = 2 + len(quays) + sum(len(quay["departures"]) for quay in quays)
    assert cost["actual"] == round(0.1 * objects + 1 * len(quays), 1)
    assert spared["actual"] == round(0.1 * objects, 1)
    assert cost["estimated"] == spared["estimated"] > spared["actual"]
    assert (cost["limit"], cost["remaining"], cost["resetAt"]) == (1000, None, None)


async def test_the_cost_of_fragments_is_that_of_their_types(serve):
    ids = [node_id("Stop", "nantes", "FR_NAOLIB:StopPlace:20"), node_id("Pool", "nantes", "110")]
    query = """query ($ids: [ID!]!) { nodes(ids: $ids) {
      ... on Stop { name departures(first: 2) { headsign } } ... on Pool { name }
    } }"""
    async with serve() as server:
        body = {"query": query, "variables": {"ids": [*ids, "nothing"]}}
        answer = (await server.client.post("/graphql", json=body, headers=HEADERS)).json()
    stop, pool, none = answer["data"]["nodes"]
    assert pool["name"]
    assert none is None
    assert len(stop["departures"]) == 2
    assert answer["extensions"]["cost"]["actual"] == round(0.1 * 4 + 1, 1)


async def test_what_is_left_is_told_with_the_cost(serve, monkeypatch):
    monkeypatch.setattr("server.rates.time", lambda: 1_764_000_000.25)
    async with serve(rate=10, burst=50) as server:
        body = {"query": "{ __typename }"}
        told = []
        for explain in ("cost", "sources", "cost"):
            ask = {"X-Poche-Explain": explain}
            answer = (await server.client.post("/graphql", json=body, headers=ask)).json()
            told.append(answer["extensions"]["cost"])
        assert "cost" not in (await server.ask("{ __typename }")).get("extensions", {})
    before, asked, after = told
    assert before == {
        "estimated": 0,
        "actual": None,
        "limit": 1000,
        "remaining": 50,
        "resetAt": "2025-11-24T16:00:00+00:00",
    }
    assert (asked["actual"], asked["remaining"]) == (0, 49)
    assert asked["resetAt"] == "2025-11-24T16:00:05+00:00"
    assert after["remaining"] == 49
