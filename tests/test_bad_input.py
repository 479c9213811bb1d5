"""Bad input: one clear error that leads to the argument, and nothing else lost."""

import pytest

LITERALS = {
    "{ stops(first: -1) { totalCount } }": ["first"],
    "{ stops(first: 101) { totalCount } }": ["first"],
    "{ pools(last: 101) { totalCount } }": ["last"],
    '{ schools(after: "nonsense") { totalCount } }': ["after"],
    '{ schools(before: "!!") { totalCount } }': ["before"],
    "{ stops(near: {lat: 91, lon: 0}) { totalCount } }": ["near", "lat"],
    "{ stops(near: {lat: 47, lon: -181}) { totalCount } }": ["near", "lon"],
    "{ stops(near: {lat: 47, lon: -1.5, within: 50000}) { totalCount } }": ["near", "within"],
    "{ menus(days: 0) { date } }": ["days"],
    "{ menus(days: 63) { date } }": ["days"],
    '{ menus(from: "9999-12-31") { date } }': ["from"],
    "{ calendar(days: 63) { date } }": ["days"],
    '{ calendar(from: "9999-12-31") { date } }': ["from"],
    "{ air(days: 0) { date } }": ["days"],
    '{ addresses(text: " ab ") { label } }': ["text"],
    f'{{ addresses(text: "{"a" * 201}") {{ label }} }}': ["text"],
    '{ addresses(text: "rue", first: 21) { label } }': ["first"],
    '{ addresses(text: "rue", near: {lat: 91, lon: 0}) { label } }': ["near", "lat"],
    "{ address(lat: 91, lon: 0) { label } }": ["lat"],
    "{ address(lat: 47, lon: -181) { label } }": ["lon"],
    '{ stop(id: "nonsense") { name } }': ["id"],
    '{ pool(id: "U3RvcDpuYW50ZXM6RlJfTkFPTElCOlN0b3BQbGFjZToyMA") { name } }': ["id"],
    "{ stop { name } }": ["id"],
    '{ stop(id: "a", gtfsId: "b") { name } }': ["gtfsId"],
    '{ pools(city: "nante") { totalCount } }': ["city"],
    '{ node(id: "nonsense") { id } }': ["id"],
}
NESTED = {
    '{ stop(gtfsId: "FR_NAOLIB:StopPlace:20") { departures(first: 101) { headsign } } }': ["first"],
    '{ stop(gtfsId: "FR_NAOLIB:StopPlace:20") { pools(within: 0) { name } } }': ["within"],
}


@pytest.mark.parametrize("query", [*LITERALS, *NESTED])
def test_says_which_argument_is_wrong(query, graphql):
    answer = graphql(query)

    [error] = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["argumentPath"] == {**LITERALS, **NESTED}[query]
    assert error["path"]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ('{ menus(from: "23/11/2026") { date } }', ["from"]),
        ('{ menus(from: "2026-02-30") { date } }', ["from"]),
        ('{ stops(first: "two") { totalCount } }', ["first"]),
        ("{ stops(near: {lat: north, lon: 0}) { totalCount } }", ["near", "lat"]),
        ("{ schools(level: KINDERGARTEN) { totalCount } }", ["level"]),
    ],
)
def test_says_which_literal_is_of_no_such_type(query, path, graphql):
    answer = graphql(query)

    assert "data" not in answer
    [error] = answer["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argumentPath": path}


@pytest.mark.parametrize(
    ("kind", "value"), [("LocalDate", "tomorrow"), ("LocalDate", 20261123), ("LocalDate!", None)]
)
def test_says_which_variable_cannot_be_used(kind, value, graphql):
    query = f"query ($when: {kind}) {{ menus(from: $when) {{ date }} }}"

    answer = graphql(query, {"when": value})

    assert "data" not in answer
    [error] = answer["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argumentPath": ["$when"]}


def test_nothing_else_is_lost(graphql):
    answer = graphql("{ stops(first: 101) { totalCount } pools { totalCount } }")

    assert answer["data"] == {"stops": None, "pools": {"totalCount": 17}}


@pytest.mark.parametrize(
    "query",
    [
        '{ stop(gtfsId: "FR_NAOLIB:Quay:0") { name } }',
        '{ school(uai: "0000000A") { name } }',
        # School:nantes:0000000A, Pool:nantes:0, Menu:nantes:2026, Route:nantes:X
        '{ school(id: "U2Nob29sOm5hbnRlczowMDAwMDAwQQ") { name } }',
        '{ pool(id: "UG9vbDpuYW50ZXM6MA") { name } }',
        '{ node(id: "TWVudTpuYW50ZXM6MjAyNg") { id } }',
        '{ route(id: "Um91dGU6bmFudGVzOlg") { mode } }',
    ],
)
def test_what_is_not_there_is_null_without_an_error(query, graphql):
    answer = graphql(query)

    assert "errors" not in answer
    assert list(answer["data"].values()) == [None]


def test_nodes_of_any_kind_in_order_each_with_its_own_error(graphql):
    found = graphql("{ pools(first: 1) { nodes { id } } routes(first: 1) { nodes { id } } }")[
        "data"
    ]
    pool, route = (found[kind]["nodes"][0]["id"] for kind in ("pools", "routes"))

    answer = graphql(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }",
        {"ids": [route, "nonsense", pool, "UG9vbDpuYW50ZXM6MA"]},
    )

    assert answer["data"]["nodes"] == [
        {"__typename": "Route", "id": route},
        None,
        {"__typename": "Pool", "id": pool},
        None,
    ]
    [error] = answer["errors"]
    assert error["path"] == ["nodes", 1]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
