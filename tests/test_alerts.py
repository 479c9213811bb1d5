"""Alerts through the front door: chosen by line, by stop and by time."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from schema.nodes import node_id
from tests.conftest import NOW, Clock, down, serving

pytestmark = pytest.mark.anyio
COMMERCE = node_id("Stop", "nantes", "FR_NAOLIB:StopPlace:20")
QUAY = node_id("Stop", "nantes", "FR_NAOLIB:Quay:92")
OTHER_QUAY = node_id("Stop", "nantes", "FR_NAOLIB:Quay:94")
LINE_1 = node_id("Route", "nantes", "FR_NAOLIB:Line:1")
LINE_C2 = node_id("Route", "nantes", "FR_NAOLIB:Line:C2")

QUERY = """query ($routes: [ID!], $stops: [ID!], $status: [AlertStatus!]! = [ACTIVE]) {
  alerts(routes: $routes, stops: $stops, status: $status) { nodes { header status } }
}"""


async def headers(server: Any, **variables: Any) -> list[str]:
    answer = await server.ask(QUERY, variables)
    assert "errors" not in answer
    return [node["header"] for node in answer["data"]["alerts"]["nodes"]]


async def test_by_lines_and_stops(replay: Any) -> None:
    async with serving(httpx.MockTransport(replay)) as server:
        march, quay = "Manifestation au centre-ville", "Quai déplacé à Commerce"
        assert await headers(server, routes=[LINE_1]) == [march]
        assert await headers(server, stops=[COMMERCE]) == [quay]
        assert await headers(server, stops=[QUAY]) == [quay]
        assert await headers(server, stops=[OTHER_QUAY]) == []
        assert await headers(server, routes=[LINE_1], stops=[QUAY]) == [march, quay]
        assert await headers(server, routes=[LINE_1, LINE_C2], stops=[QUAY]) == [march, quay]
        assert await headers(server, routes=[], stops=[]) == []
        assert replay.calls["alerts"] == replay.calls["alerts.planned"] == 1


async def test_what_is_in_both_lists_is_told_once(replay: Any) -> None:
    async with serving(httpx.MockTransport(replay)) as server:
        found = await headers(server, status=["ACTIVE", "UPCOMING", "PAST"])
        assert found.count("Travaux boulevard de Doulon") == 1
        assert len(found) == 8


async def test_time_alone_makes_them_begin_and_end(replay: Any) -> None:
    clock = Clock()
    async with serving(httpx.MockTransport(replay), clock) as server:
        before = await headers(server, routes=[LINE_1], status=["ACTIVE", "UPCOMING"])
        assert before == ["Manifestation au centre-ville", "Entretien des voies du tram 1"]
        clock.advance(timedelta(days=21).total_seconds())  # the replay never says anything new
        assert await headers(server, routes=[LINE_1], status=["PAST"]) == [
            "Manifestation au centre-ville",
            "Panne de signalisation",
        ]
        assert clock() == NOW + timedelta(days=21)


async def test_an_alert_is_found_again_by_its_id(replay: Any) -> None:
    async with serving(httpx.MockTransport(replay)) as server:
        answer = await server.ask("{ alerts(first: 1) { nodes { id header } } }")
        [first] = answer["data"]["alerts"]["nodes"]
        query = "query ($id: ID!) { node(id: $id) { id ... on Alert { header } } }"
        again = await server.ask(query, {"id": first["id"]})
        assert again["data"]["node"] == first
        none = await server.ask(query, {"id": node_id("Alert", "nantes", "none such")})
        assert none == {**none, "data": {"node": None}}


async def test_pages_follow_each_other(replay: Any) -> None:
    query = """query ($after: String) {
      alerts(first: 1, after: $after, status: [ACTIVE, UPCOMING]) {
        nodes { header } pageInfo { hasNextPage endCursor }
      }
    }"""
    async with serving(httpx.MockTransport(replay)) as server:
        everything = await headers(server, status=["ACTIVE", "UPCOMING"])
        found, after, more = [], None, True
        while more:
            page = (await server.ask(query, {"after": after}))["data"]["alerts"]
            found += [node["header"] for node in page["nodes"]]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert found == everything


async def test_a_list_that_is_down_is_never_half_an_answer(replay: Any) -> None:
    replay.broken["alerts.planned"] = down
    async with serving(httpx.MockTransport(replay)) as server:
        answer = await server.ask("{ alerts { totalCount } }")
    assert answer["data"] == {"alerts": None}
    assert answer["errors"][0]["extensions"]["source"] == "nantes/alerts.planned"


@pytest.mark.parametrize(
    ("routes", "why"),
    [
        ([COMMERCE], "is the id of a Stop"),
        (["nonsense"], "not an id of ours"),
        ([node_id("Route", "bordeaux", "59")], "of another city"),
        ([LINE_1] * 101, "between 0 and 100"),
    ],
)
async def test_ids_of_something_else_are_refused(replay: Any, routes: list[str], why: str) -> None:
    async with serving(httpx.MockTransport(replay)) as server:
        answer = await server.ask(QUERY, {"routes": routes})
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert why in error["message"]
