"""Entities: what a gateway asks by `_entities`; one bad representation never fails the others."""

import pytest

from tests.conftest import down

QUERY = """query ($all: [_Any!]!) { _entities(representations: $all) {
  __typename ... on Node { id } ... on Pool { name } ... on Stop { name }
} }"""
NO_POOL = "UG9vbDpuYW50ZXM6MA"  # Pool:nantes:0
BAD = {
    "of a type that there is none of": ({"__typename": "Nope", "id": "x"}, "__typename"),
    "of a type that is no entity": ({"__typename": "Query", "id": "x"}, "__typename"),
    "of an interface": ({"__typename": "Node", "id": NO_POOL}, "__typename"),
    "without a type": ({"id": NO_POOL}, "__typename"),
    "of a type that is no text": ({"__typename": ["Pool"], "id": NO_POOL}, "__typename"),
    "without its key": ({"__typename": "Pool"}, "id"),
    "with another key": ({"__typename": "Pool", "name": "Jules Verne"}, "id"),
    "with a number": ({"__typename": "Pool", "id": 1}, "id"),
    "with null": ({"__typename": "Pool", "id": None}, "id"),
    "with an object": ({"__typename": "Pool", "id": {"id": NO_POOL}}, "id"),
    "with an id of nothing": ({"__typename": "Pool", "id": "?"}, None),
    "with a long id": ({"__typename": "Pool", "id": "x" * 10_000}, None),
    "with another type's id": ({"__typename": "Stop", "id": NO_POOL}, None),
    "that is no object": ("Pool", "__typename"),
    "that is a list": ([{"__typename": "Pool", "id": NO_POOL}], "__typename"),
    "with a null in the other key": ({"__typename": "Stop", "gtfsId": None}, "gtfsId"),
    "with a list in the other key": ({"__typename": "Stop", "gtfsId": ["a"]}, "gtfsId"),
    "with a long other key": ({"__typename": "School", "uai": "x" * 501}, "uai"),
    "with another type's other key": ({"__typename": "Pool", "gtfsId": "1"}, "id"),
}


@pytest.fixture
def ids(graphql):
    found = graphql("{ pools(first: 1) { nodes { id } } stops(first: 1) { nodes { id } } }")
    return [found["data"][kind]["nodes"][0]["id"] for kind in ("pools", "stops")]


@pytest.mark.parametrize("name", BAD)
def test_one_that_is_bad_has_an_error_of_its_own(name, ids, graphql):
    bad, where = BAD[name]
    pool, stop = ids
    good = [{"__typename": "Pool", "id": pool}, {"__typename": "Stop", "id": stop}]

    answer = graphql(QUERY, {"all": [good[0], bad, good[1]]})

    first, middle, last = answer["data"]["_entities"]
    assert [(one["__typename"], one["id"]) for one in (first, last)] == [
        ("Pool", pool),
        ("Stop", stop),
    ]
    assert middle is None
    [error] = answer["errors"]
    assert error["path"] == ["_entities", 1]
    assert error["extensions"] == {
        "code": "BAD_USER_INPUT",
        "argumentPath": ["representations", *([where] if where else [])],
    }


def test_what_else_a_gateway_knows_does_no_harm(ids, graphql):
    more = {"__typename": "Pool", "id": ids[0], "name": "as the gateway has it", "info": 1}

    answer = graphql(QUERY, {"all": [more]})

    assert "errors" not in answer
    assert answer["data"]["_entities"][0]["id"] == ids[0]


def test_what_is_not_there_is_null_without_an_error(graphql):
    answer = graphql(QUERY, {"all": [{"__typename": "Pool", "id": NO_POOL}]})

    assert answer["data"] == {"_entities": [None]}
    assert "errors" not in answer


KNOWN_AS = {  # by another key, and how clients ask for the same
    "Stop": ("gtfsId", "FR_NAOLIB:StopPlace:20", "stop(gtfsId:"),
    "Route": ("gtfsId", "FR_NAOLIB:Line:1", "route(gtfsId:"),
    "School": ("uai", "0441669A", "school(uai:"),
    "Commune": ("insee", "44109", "commune(insee:"),
    "City": ("slug", "bordeaux", "city(city:"),
}


@pytest.mark.parametrize("kind", KNOWN_AS)
def test_what_its_trade_calls_it_is_a_key_too(kind, graphql):
    key, value, field = KNOWN_AS[kind]
    query = f"""query ($all: [_Any!]!) {{
      _entities(representations: $all) {{ ... on {kind} {{ id }} }}
      same: {field} "{value}") {{ id }}
    }}"""

    data = graphql(query, {"all": [{"__typename": kind, key: value}]})["data"]

    assert data["_entities"] == [data["same"]] != [None]


def test_one_that_is_known_elsewhere_only_is_found_there(graphql):
    stops = """{ stops(city: "bordeaux", first: 1) { nodes { id gtfsId } } }"""
    [elsewhere] = graphql(stops)["data"]["stops"]["nodes"]
    asked = [
        {"__typename": "Stop", "gtfsId": elsewhere["gtfsId"]},
        {"__typename": "Stop", "gtfsId": "nowhere"},
    ]

    answer = graphql(QUERY, {"all": asked})

    assert [one and one["id"] for one in answer["data"]["_entities"]] == [elsewhere["id"], None]
    assert "errors" not in answer


def test_a_city_that_cannot_be_asked_is_not_passed_over(graphql, replay, tmp_path):
    replay.broken["stops"] = down
    asked = [{"__typename": "Stop", "gtfsId": "1"}, {"__typename": "Commune", "insee": "44109"}]

    answer = graphql(QUERY, {"all": asked}, data=tmp_path)

    [error] = answer["errors"]
    assert (error["path"], error["extensions"]["source"]) == (["_entities", 0], "nantes/stops")
    assert [one and one["__typename"] for one in answer["data"]["_entities"]] == [None, "Commune"]


def test_both_keys_are_one_and_the_id_counts(graphql, ids):
    asked = [{"__typename": "Stop", "id": ids[1], "gtfsId": "something else"}]

    assert graphql(QUERY, {"all": asked})["data"]["_entities"][0]["id"] == ids[1]


def test_literals_too_and_again(ids, graphql):
    literal = f'{{__typename: "Pool", id: "{ids[0]}"}}'
    answer = graphql(
        f"{{ _entities(representations: [{literal}, {literal}]) {{ ... on Pool {{ id }} }} }}"
    )

    assert answer["data"] == {"_entities": [{"id": ids[0]}] * 2}


def test_many_are_one_read(graphql, replay, ids):
    graphql(QUERY, {"all": [{"__typename": "Pool", "id": ids[0]}] * 1_000})

    assert replay.calls["pools"] <= 2  # one for each application that was started


def test_too_many_are_refused(graphql):
    answer = graphql(QUERY, {"all": [{"__typename": "Pool", "id": "a"}] * 1_001})

    assert answer["data"] is None
    [error] = answer["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argumentPath": ["representations"]}


def test_ten_thousand_cost_too_much(graphql):
    answer = graphql(
        QUERY, {"all": [{"__typename": "Pool", "id": "a"}] * 10_001}, max_body=1_000_000
    )

    assert "data" not in answer
    assert {error["extensions"]["code"] for error in answer["errors"]} <= {
        "LIMIT_EXCEEDED",
        "COST_ESTIMATED_TOO_EXPENSIVE",
    }
