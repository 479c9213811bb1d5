"""Limits and cost: what may be asked at once, who is told what, and what tools may always ask."""

from pathlib import Path

import pytest
from graphql import GraphQLNonNull, get_introspection_query, get_named_type
from graphql import is_list_type as is_list
from graphql import is_object_type as is_object

import schema
from server.errors import RequestError
from server.planning import Planner
from server.settings import Settings

ROOT = Path(__file__).parent.parent.parent
BUILT = schema.build()._schema
SHIPPED = [
    *sorted((ROOT / "tests/queries").glob("*.graphql")),
    *sorted((ROOT / "server/explorer/examples").glob("*.graphql")),
]


def planner(**settings):
    return Planner(BUILT, Settings(**settings))


def estimate(query, variables=None, name=None, **settings):
    plans = planner(**settings)
    return plans.estimate(plans.plan(query), name, {} if variables is None else variables)


def refused(query, variables=None, **settings):
    """The extensions of the one error that refuses a query before it runs."""
    plans = planner(**settings)
    with pytest.raises(RequestError) as caught:
        plans.check(plans.estimate(plans.plan(query), None, variables or {}))
    [error] = caught.value.errors
    return error.extensions


@pytest.mark.parametrize("query", SHIPPED, ids=lambda path: path.stem)
def test_our_own_queries_are_within_the_limits(query):
    plans = planner()
    plan = plans.plan(query.read_text())
    for name in plan.operations:
        plans.check(plans.estimate(plan, name, {}))


PASSED = {
    "depth": ("{ pools { nodes { name } } }", {"max_depth": 2}, 3),
    "aliases": ("{ a: __typename b: __typename }", {"max_aliases": 1}, 2),
    "rootFields": ("{ pools { totalCount } stops { totalCount } }", {"max_root_fields": 1}, 2),
    "directives": ("{ a: __typename @skip(if: false) }", {"max_directives": 0}, 1),
    "fields": ("{ pools { totalCount } }", {"max_fields": 1}, 2),
    "duplicateKeys": ("{ __typename __typename }", {"max_duplicate_keys": 0}, 1),
    "nodes": ("{ pools(first: 9) { nodes { name } } }", {"max_nodes": 9}, 10),
    "tokens": ("{ __typename __typename }", {"max_tokens": 3}, 4),
    "characters": ("{ __typename }", {"max_query": 13}, 14),
}


@pytest.mark.parametrize("limit", PASSED)
def test_says_which_limit_was_passed(limit):
    query, settings, value = PASSED[limit]

    said = refused(query, **settings)

    [bound] = settings.values()
    assert said == {"code": "LIMIT_EXCEEDED", "limit": limit, "value": value, "bound": bound}


@pytest.mark.parametrize("limit", PASSED)
def test_what_is_just_within_a_limit_passes(limit):
    query, settings, value = PASSED[limit]

    plans = planner(**dict.fromkeys(settings, value))
    plans.check(plans.estimate(plans.plan(query), None, {}))


def test_expensive_has_a_code_of_its_own():
    said = refused(
        "{ pools(first: 100) { nodes { stops(first: 100) { name } } } }", max_nodes=20_000
    )

    assert said["code"] == "COST_ESTIMATED_TOO_EXPENSIVE"
    assert said["value"] == 1010.1
    assert said["bound"] == 1000


COSTS = {
    "{ __typename }": 0,
    "{ pools { totalCount } }": 0.1,
    "{ pools { nodes { name } } }": 2.1,  # a page of 20
    "{ pools(first: 3) { nodes { name } } }": 0.4,
    "{ pools(last: 3) { nodes { name } } }": 0.4,
    "{ pools(first: 0) { nodes { name } } }": 0.1,
    "{ pools(first: -5) { nodes { name } } }": 0.1,
    "{ pools(first: null) { nodes { name } } }": 2.1,
    "{ pools(first: 3) { edges { node { name } } } }": 0.7,
    "{ pools(first: 3) { pageInfo { endCursor } } }": 0.2,
    "{ pools(first: 3) { nodes { name } } pools(first: 3) { nodes { name } } }": 0.4,
    "{ pools(first: 3) { nodes { hours { date } } } }": 2.5,  # seven days, says the schema
    "{ menus(days: 2) { courses { name } } }": 1.2,
    "{ stop(id: 1) { departures { headsign } } }": 1.6,  # one question to an upstream
    "{ stop(id: 1) { departures(first: 3) { route { mode } } } }": 1.7,
    '{ nodes(ids: ["a", "b"]) { id } }': 0.2,
    '{ nodes(ids: "a") { id } }': 0.1,
    # Of a stop and of a pool, the dearer one counts.
    "{ node(id: 1) { ... on Stop { departures { delay } } ... on Pool { stops { name } } } }": 1.6,
    "{ node(id: 1) { ... on Place { name } ... on Pool { stops { name } } } }": 0.6,
    "{ ...A } fragment A on Query { pools(first: 3) { ...B } } "
    "fragment B on PoolConnection { nodes { name } }": 0.4,
    '{ _entities(representations: [{__typename: "Stop", id: "a"}]) { ... on Stop { name } } }': 0.1,
}


@pytest.mark.parametrize("query", COSTS)
def test_what_a_query_costs(query):
    assert estimate(query).cost == COSTS[query]


@pytest.mark.parametrize(
    ("declared", "variables", "cost"),
    [
        ("$n: Int", {"n": 3}, 0.4),
        ("$n: Int", {}, 2.1),
        ("$n: Int", {"n": None}, 2.1),
        ("$n: Int = 5", {}, 0.6),
        ("$n: Int = 5", {"n": 3}, 0.4),
        ("$n: Int", {"n": -1}, 0.1),
        ("$n: Int", {"n": 1e300}, 100_000.1),  # of no such type: execution will say so
        ("$n: Int", {"n": "many"}, 0.2),
        ("$n: Int", None, 10.1),  # not known yet: the worst
    ],
)
def test_variables_decide_how_long_lists_are(declared, variables, cost):
    plans = planner()
    plan = plans.plan(f"query ({declared}) {{ pools(first: $n) {{ nodes {{ name }} }} }}")

    for _ in range(2):
        found = plans.estimate(plan, None, variables)
        assert (found.cost, found.varies) == (cost, True)


def test_a_variable_that_is_not_given_leaves_the_argument_s_default():
    query = "query ($n: Int) { stop(id: 1) { departures(first: $n) { delay } } }"

    assert estimate(query).cost == estimate(query, {"n": 5}).cost == 1.6


def test_variables_of_any_size_have_a_finite_sum():
    nested = "name"
    for _ in range(5):
        nested = f"stops(first: $n) {{ pools(first: $n) {{ {nested} }} }}"
    query = f"query ($n: Int!) {{ pools(first: $n) {{ nodes {{ {nested} }} }} }}"

    said = refused(query, {"n": 1e308}, max_depth=20)

    assert said["limit"] == "cost"


def test_operations_of_one_document_are_estimated_apart():
    query = "query A { pools(first: 3) { nodes { name } } } query B { __typename }"

    assert [estimate(query, name=name).cost for name in "AB"] == [0.4, 0]


@pytest.mark.parametrize("kind", [k for k in BUILT.type_map.values() if is_object(k)], ids=str)
def test_every_list_of_objects_says_how_long_it_is(kind):
    weights = planner()._estimator.weights
    paged = {"nodes", "edges"} if kind.name.endswith("Connection") else set()
    for name, field in kind.fields.items():
        inner = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        if is_list(inner) and is_object(get_named_type(inner)) and name not in paged:
            weight = weights[kind.name, name]
            assert weight.entries is not None or weight.slicing, f"{kind}.{name}"
            assert set(weight.slicing) <= set(field.args), f"{kind}.{name}"
        elif str(inner).endswith("Connection"):
            lists = tuple(one for one in ("nodes", "edges") if one in inner.fields)
            assert weights[kind.name, name].sized == lists, f"{kind}.{name}"


OPTIONS = {
    "plain": {},
    "all": {
        "specified_by_url": True,
        "directive_is_repeatable": True,
        "schema_description": True,
        "input_value_deprecation": True,
        "one_of": True,
    },
    "deep": {"type_depth": 20},
    "shallow": {"descriptions": False, "type_depth": 3},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_tools_may_ask_for_the_whole_schema(options):
    query = get_introspection_query(**options)

    found = estimate(query)

    assert found.cost == found.nodes == 0
    plans = planner(max_depth=3, max_cost=1, max_nodes=1)
    plans.check(plans.estimate(plans.plan(query), None, {}))


def test_introspection_has_a_bound_of_its_own():
    fields = "types { fields { args { name } type { enumValues { name } } } }"
    many = " ".join(f"s{n}: __schema {{ {fields} }}" for n in range(15))

    assert refused(f"{{ {many} }}")["limit"] == "introspection"


def test_introspection_that_nests_lists_is_no_valid_query():
    query = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"

    assert refused(query)["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    "query",
    ["{ __schema { description } }", '{ __type(name: "Pool") { name } }', "{ _service { sdl } }"],
)
def test_introspection_can_be_off(query):
    assert refused(query, introspection="off")["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert estimate("{ __typename }", introspection="off").cost == 0
    estimate(query)


def test_nothing_is_suggested_where_introspection_is_off():
    def said(**settings):
        with pytest.raises(RequestError) as caught:
            planner(**settings).plan("{ poolz { totalCount } }")
        return caught.value.errors[0].message

    assert "pools" in said()
    assert "pools" not in said(introspection="off")


def test_what_is_remembered_is_bounded():
    plans = planner()
    for n in range(30):
        plans.plan(f"# {n} {'x' * 50_000}\n{{ __typename }}")

    assert sum(map(len, plans._plans)) <= 500_000
    first = plans.plan("{ __typename }")
    assert plans.plan("{ __typename }") is first
