"""How many people are in a pool: what counts as knowing it, zone by zone."""

import asyncio
from typing import Any

import httpx
import pytest

import cities
from sources.pools import pool_zone
from sources.row import Row
from tests.conftest import NOW, Clock, down, serving

CITIES = cities.load()
ZONE = {
    "etablissement_etalib": "Judaïque",
    "fmizonlib": "Bassin",
    "fmizonmax": 180,
    "fmicourante": 70,
    "datemiseajour": NOW.isoformat(),
}
FULL = "attendance { current capacity updatedAt zones { name current capacity } }"
QUERY = f'{{ pools(city: "bordeaux") {{ nodes {{ name {FULL} }} }} }}'


@pytest.mark.parametrize(
    ("said", "known"), [(70, 70), (0, 0), ("12", 12), (-4, None), (None, None), ("?", None)]
)
def test_less_than_nobody_is_no_count(said, known):
    fields = CITIES["bordeaux"].bindings["pools.attendance"].fields

    assert pool_zone(Row(CITIES["bordeaux"], ZONE | {"fmicourante": said}, fields)).current == known


def by_name(answer: dict[str, Any]) -> dict[str, Any]:
    assert "errors" not in answer
    return {one["name"]: one["attendance"] for one in answer["data"]["pools"]["nodes"]}


def test_a_pool_is_the_sum_of_its_zones_if_all_of_them_tell(graphql):
    pools = by_name(graphql(QUERY))

    judaique = pools["Piscine Judaïque"]
    assert judaique["current"] == sum(zone["current"] for zone in judaique["zones"]) == 82
    assert judaique["capacity"] == 220
    drifted = pools["Piscine du Grand Parc"]
    assert {zone["name"]: zone["current"] for zone in drifted["zones"]} == {
        "Bassin 50 m": 114,
        "Bassin d'apprentissage": None,
    }
    assert (drifted["current"], drifted["capacity"]) == (None, 380)
    assert pools["Piscine Tissot"]["current"] is None  # it told last three hours ago


def test_counts_age_while_the_portal_is_down(replay):
    async def main() -> list[dict[str, Any]]:
        clock = Clock()
        async with serving(httpx.MockTransport(replay), clock) as server:
            answers = [by_name(await server.ask(QUERY))]
            replay.broken["pools"] = down
            for minutes in (13, 3):
                clock.advance(60 * minutes)
                answers.append(by_name(await server.ask(QUERY)))
            return answers

    before, fresh, old = asyncio.run(main())

    assert before["Piscine Galin"]["current"] == fresh["Piscine Galin"]["current"] == 72
    assert old["Piscine Galin"] == before["Piscine Galin"] | {
        "current": None,
        "zones": [{"name": "Bassin 25 m", "current": None, "capacity": 220}],
    }


def test_where_nobody_counts_or_publishes_hours_there_is_nothing_and_no_error(graphql):
    answer = graphql(
        "{ nantes: pools(first: 1) { nodes { attendance { current } } }"
        ' bordeaux: pools(city: "bordeaux", first: 1) { nodes { openNow hours { closed } } } }'
    )

    assert "errors" not in answer
    assert answer["data"] == {
        "nantes": {"nodes": [{"attendance": None}]},
        "bordeaux": {"nodes": [{"openNow": None, "hours": None}]},
    }


def test_pools_without_hours_do_not_keep_others_from_being_found(graphql):
    answer = graphql(
        '{ places(city: "bordeaux", kinds: ["pool"], openNow: true) { totalCount missing { id } } }'
    )

    assert "errors" not in answer
    assert answer["data"]["places"] == {"totalCount": 0, "missing": []}
