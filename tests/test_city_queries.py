"""Cities and communes, through the front door."""

import asyncio

import httpx
import pytest

from server.accept import language
from tests.conftest import down, serving

LABELS = "{ city { kinds { word label } } }"


@pytest.mark.parametrize(
    ("header", "ours"),
    [
        (None, "fr"),
        ("*", "fr"),
        ("en-GB,en;q=0.9", "en"),
        ("fr;q=0.2, en;q=0.8", "en"),
        ("de, en;q=0.1", "en"),
        ("de", "fr"),
        ("en;q=0", "fr"),
        ("\x00;q=x," * 1_000, "fr"),
    ],
)
def test_the_language_a_client_likes_best(header, ours):
    assert language(header) == ours


@pytest.mark.parametrize(("header", "label"), [("fr-FR", "Piscines"), ("en", "Swimming pools")])
def test_labels_are_in_the_language_of_the_client(header, label, replay):
    async def main() -> httpx.Response:
        async with serving(httpx.MockTransport(replay)) as server:
            query = {"query": LABELS}
            return await server.client.get(
                "/graphql",
                params=query,
                headers={"accept-language": header, "x-poche-csrf": "1"},
            )

    answer = asyncio.run(main())

    kinds = answer.json()["data"]["city"]["kinds"]
    assert {"word": "pool", "label": label} in kinds
    assert "Accept-Language" in answer.headers["vary"]


def test_a_city_is_told_whatever_is_down(graphql, replay):
    replay.broken["pools"] = down

    answer = graphql("{ city { services { name sources { id } } kinds { word } } }")

    assert "errors" not in answer
    assert "pools" in {service["name"] for service in answer["data"]["city"]["services"]}


def test_a_commune_lists_only_its_own(graphql):
    query = """{ commune(insee: "44162") { places(kinds: ["school"], first: 100) {
        totalCount nodes { address { insee } } } } }"""
    places = graphql(query)["data"]["commune"]["places"]

    assert places["totalCount"] > 0
    assert {place["address"]["insee"] for place in places["nodes"]} == {"44162"}


def test_nodes_find_cities_and_communes_again(graphql):
    ids = graphql('{ city { id } commune(insee: "44162") { id } }')["data"]
    wanted = [ids["city"]["id"], ids["commune"]["id"]]

    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    found = graphql(query, {"ids": wanted})["data"]["nodes"]

    assert found == [
        {"__typename": "City", "id": wanted[0]},
        {"__typename": "Commune", "id": wanted[1]},
    ]
