"""Golden queries, in every city and on bad days, too: answered alike, and all of them compiled."""

from pathlib import Path

import pytest

from tests.compiled.conftest import PLANNER, both
from tests.conftest import changed, down
from tests.elsewhere import CITIES, asked_in

QUERIES = sorted((Path(__file__).parent.parent / "queries").glob("*.graphql"))
DAYS = {"good": None, "down": down, "changed": changed}
MORE = """query More($first: Int = 2, $near: Near, $kinds: [String!], $deep: Boolean!) {
  __typename
  stops(first: $first, near: $near) { totalCount edges { cursor node { ...S } }
    pageInfo { hasNextPage endCursor } }
  again: stops(first: 1) { nodes { ...S @skip(if: $deep) __typename } }
  nearest(lat: 47.2137, lon: -1.5573, kinds: $kinds, first: 5) {
    nodes { distance place { __typename id kind ... on Stop { ...S } ... on Opens { openNow } } } }
  pools(first: 1) { nodes { distance(from: {lat: 47.2, lon: -1.5}) source { id state ageS } } }
}
fragment S on Stop { name position { lat lon } ... @include(if: $deep) { id routes { mode } }
  named: name source { ...P } }
fragment P on Source { name }"""
NODES = """query Nodes($ids: [ID!]!) {
  nodes(ids: $ids) { id __typename ... on Stop { name departures(first: 1) { headsign } } }
}"""


@pytest.mark.usefixtures("_timetables")
@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("city", sorted(CITIES))
def test_golden_queries(city, day):
    with both(city, DAYS[day]) as executors:
        for path in QUERIES:
            plan = PLANNER.plan(asked_in(city, path.read_text("utf-8")))
            compiled, _ = executors.run(plan)

            assert compiled is not None, f"{path.name} is left to graphql-core"
        assert not executors.compiled.bails


@pytest.fixture(scope="module")
def nantes(_timetables):
    with both() as executors:
        yield executors


@pytest.mark.parametrize(
    "variables",
    [
        {"deep": True},
        {"deep": False, "first": None, "kinds": ["pool", "stop"]},
        {"deep": True, "first": 0, "near": {"lat": 47.2137, "lon": -1.5573, "within": 300}},
        {"deep": True, "first": 1_000},  # an error of that field's alone
        {"deep": True, "near": {"lat": 99.0, "lon": 0}},  # an error of the argument's
    ],
)
def test_variables_fragments_directives_interfaces(nantes, variables):
    compiled, other = nantes.run(PLANNER.plan(MORE), variables)

    assert compiled is not None or other.errors
    assert other.data is not None


def test_what_must_be_awaited_item_by_item(nantes):
    _, found = nantes.run(PLANNER.plan("{ stops(first: 3) { nodes { id } } }"))
    ids = [one["id"] for one in found.data["stops"]["nodes"]]

    compiled, _ = nantes.run(PLANNER.plan(NODES), {"ids": [*ids, "UG9vbDpuYW50ZXM6MA"]})
    assert compiled is not None
    assert compiled.errors is None

    compiled, _ = nantes.run(PLANNER.plan(NODES), {"ids": [*ids, "?"]})
    assert compiled is None, "an item that is an error is graphql-core's"
