"""Random requests: whatever is sent, the answer is well formed and never an error of ours.

Valid documents come from hypothesis-graphql, which is where schemathesis has them from, too;
what it would add, a check that nothing is a 5xx, is made here for each and every answer.
"""

import asyncio
import json
from math import ceil
from urllib.parse import quote

import httpx
import pytest
from graphql import print_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

import schema
from tests.conftest import Replay, serving

SCHEMA = print_schema(schema.build()._schema)
QUERIES = [
    "{ pools(first: 2) { nodes { name hours(days: 2) { date } } } }",
    "query Q($n: Int = 1, $near: Near) { stops(first: $n, near: $near) { nodes { name } } }",
    '{ nodes(ids: ["a"]) { id ... on Stop { departures { delay } } } __typename }',
    "{ ...F } fragment F on Query @include(if: true) { menus(days: 1) { date } }",
]
WORDS = r"""{ } ( ) [ ] : ! $ @ ... & | = " \u0000 \uD800 # , 1 -1 1.5 9999999999 true null $n é 😀
    query mutation subscription fragment on pools stops nodes edges node name id first last after
    near __schema __type __typename @skip @include if types fields Pool Stop Query"""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=8) | st.sampled_from(["n", "near", "lat"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@st.composite
def documents(draw):
    """A query of ours with some words cut out, put in or repeated; or words alone."""
    words = draw(st.sampled_from(QUERIES)).split()
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(words)))
        end = draw(st.integers(start, min(len(words), start + 3)))
        words[start:end] = draw(
            st.lists(st.sampled_from([*WORDS.split(), '"""', "\0"]), max_size=3)
        ) * draw(st.sampled_from([1, 1, 20]))
    return " ".join(words)


@st.composite
def bodies(draw):
    members = draw(
        st.fixed_dictionaries(
            {"query": documents() | JSON},
            optional={"variables": JSON, "operationName": JSON, "extensions": JSON},
        )
    )
    body = json.dumps(draw(st.sampled_from([members, members, members, [members]])))
    content = body.encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-16"])))
    cut = draw(st.integers(0, len(content)) | st.just(len(content)))
    return content[:cut]


HEADERS = st.fixed_dictionaries(
    {
        "content-type": st.sampled_from(
            ["application/json"] * 5 + ["text/plain", "", ";", "a/b;c=d"]
        )
    },
    optional={
        "accept": st.sampled_from(["*/*", "application/json", "a/b", ";q=", ",,", "*/*;q=0"])
        | st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20),
        "content-encoding": st.sampled_from(["identity", "gzip", ""]),
        "x-poche-explain": st.sampled_from(["cost", "sources", ""]),
        "x-poche-sources": st.sampled_from(["off", "on"]),
    },
)


@pytest.fixture(scope="module")
def post():
    """Send one request to an application that lives as long as this module."""
    with asyncio.Runner() as runner:
        server = serving(httpx.MockTransport(Replay()))
        client = runner.run(server.__aenter__()).client
        yield lambda *args, **more: runner.run(client.request(*args, **more))
        runner.run(server.__aexit__(None, None, None))


def check(answer):
    assert answer.status_code < 500
    kind = answer.headers["content-type"].partition(";")[0]
    if kind == "text/plain":
        assert answer.status_code >= 400
        return
    body = answer.json()
    assert set(body) <= {"data", "errors", "extensions"}
    assert ("data" in body) == (answer.status_code == 200)
    for error in body.get("errors", ()):
        assert error["extensions"]["code"] != "INTERNAL"


bounded = settings(
    max_examples=400,
    deadline=None,
    derandomize=True,  # the same in every run: what fails is found again
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@bounded
@given(bodies(), HEADERS)
def test_any_body(post, body, headers):
    check(post("POST", "/graphql", content=body, headers=headers))


@bounded
@given(documents(), JSON)
def test_any_url(post, document, variables):
    query = quote(document.encode("utf-8", "surrogatepass"))
    given = quote(json.dumps(variables))
    check(post("GET", f"/graphql?query={query}&variables={given}"))


CASES = 1_000  # of all root fields together
ROOT_FIELDS = sorted(schema.build()._schema.query_type.fields)
REFUSED = {
    "LIMIT_EXCEEDED",
    "COST_ESTIMATED_TOO_EXPENSIVE",
    "BAD_USER_INPUT",
    "GRAPHQL_VALIDATION_FAILED",
}
KINDS = {
    name: st.sampled_from(values).map(nodes.String)
    for name, values in {
        "LocalDate": ["2026-11-24", "9999-12-31", "24/11/2026"],
        "OffsetDateTime": ["2026-11-24T09:05:00Z", "tomorrow"],
        "_Any": ["Pool", ""],
    }.items()
}


@pytest.mark.parametrize("field", ROOT_FIELDS)
def test_any_query_of_the_schema(post, field):
    """Valid by the schema: it is answered, or it is too much, or one of its values cannot be."""

    @settings(bounded, max_examples=ceil(CASES / len(ROOT_FIELDS)))
    @given(queries(SCHEMA, fields=[field], custom_scalars=KINDS))
    def is_answered(query):
        answer = post("POST", "/graphql", json={"query": query})
        check(answer)
        codes = {error["extensions"]["code"] for error in answer.json().get("errors", ())}
        if answer.status_code != 200:
            assert answer.status_code in (400, 422)
            assert codes <= REFUSED

    is_answered()
