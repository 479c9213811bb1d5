"""The executor: what it leaves to graphql-core, and what that costs."""

import asyncio
from dataclasses import replace

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from resolvers import loaders
from schema.pools import PoolsIn
from server.compiled import executor as module
from server.compiled import program
from tests.compiled.conftest import PLANNER, both
from tests.conftest import Replay, serving

POOLS = "{ pools(first: 2) { nodes { name stops(first: 1) { name } } } }"
LEFT = {
    "introspection": "{ __schema { queryType { name } } }",
    "mutation": "mutation { __typename }",
    "subscription": 'subscription { nodes(ids: ["?"]) { id } }',
}


def metric(text, name, **labels):
    """One number of what `/metrics` says; 0 if it says nothing of it."""
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    return 0


def nameless(monkeypatch):
    """From now on pools have no name, which they should."""
    answer = loaders.registered[PoolsIn]

    async def bad(ask, keys):
        pages = await answer(ask, keys)
        return [replace(p, nodes=[replace(n, name=None) for n in p.nodes]) for p in pages]

    monkeypatch.setitem(loaders.registered, PoolsIn, bad)


@pytest.fixture
def asks(monkeypatch):
    """Ask one application a few things, with its metrics at the end."""

    def ask(*queries, **settings):
        async def main():
            async with serving(httpx.MockTransport(Replay()), **settings) as server:
                answers = [await server.ask(query) for query in queries]
                return answers, (await server.client.get("/metrics")).text

        return asyncio.run(main())

    return ask


def test_a_field_that_is_not_as_it_should_be_is_worded_by_graphql_core(asks, monkeypatch):
    nameless(monkeypatch)

    [answer], metrics = asks(POOLS)

    [error, *_] = answer["errors"]
    assert error["path"] == ["pools", "nodes", 0, "name"]
    assert metric(metrics, "poche_bail_outs_total", reason="value", field="Pool.name") == 1
    assert metric(metrics, "poche_operations_total", executor="graphql-core", reason="bailed out")


@pytest.fixture(scope="module")
def nantes(_timetables):
    with both() as executors:
        yield executors


def test_what_was_read_is_not_read_again(monkeypatch, nantes):
    asked = []
    nameless(monkeypatch)
    bad = loaders.registered[PoolsIn]

    async def counted(ask, keys):
        asked.extend(keys)
        return await bad(ask, keys)

    monkeypatch.setitem(loaders.registered, PoolsIn, counted)
    nantes.runner.run(nantes.executor.run(PLANNER.plan(POOLS), None, {}))

    assert len(asked) == 1


def test_a_document_that_keeps_bailing_out_is_left_alone_for_a_time(asks, monkeypatch):
    nameless(monkeypatch)
    texts = [POOLS] * (module.IN_A_ROW + 2)

    _, metrics = asks(*texts, remember_bytes=0)

    def left(reason):
        return metric(metrics, "poche_operations_total", executor="graphql-core", reason=reason)

    assert left("bailed out") == module.IN_A_ROW
    assert left("rests") == 2


@pytest.mark.parametrize("reason", LEFT)
def test_what_is_left_to_graphql_core(reason, nantes):
    nantes.compiled.counts.clear()

    nantes.runner.run(nantes.executor.run(PLANNER.plan(LEFT[reason]), None, {}))

    assert nantes.compiled.counts == {("graphql-core", reason): 1}


def test_too_long_a_document(monkeypatch, nantes):
    monkeypatch.setattr(program, "MAX_LINES", 20)

    compiled, other = nantes.run(PLANNER.plan(POOLS + " # too long"))

    assert compiled is None
    assert other.errors is None


def test_by_too_many_flags(nantes):
    names = [f"f{n}" for n in range(6)]
    fields = " ".join(f"n{name}: name @include(if: ${name})" for name in names)
    given = ", ".join(f"${name}: Boolean!" for name in names)
    plan = PLANNER.plan(f"query ({given}) {{ city {{ slug {fields} }} }}")

    done = [
        nantes.run(plan, {name: bool(n >> at & 1) for at, name in enumerate(names)})[0]
        for n in range(module.VARIANTS + 1)
    ]

    assert [one is not None for one in done] == [True] * module.VARIANTS + [False]


def test_explained_it_is_told():
    async def main():
        async with serving(httpx.MockTransport(Replay())) as server:
            headers = {"x-poche-explain": "sources"}
            answer = await server.client.post("/graphql", json={"query": POOLS}, headers=headers)
            return answer.json(), await server.ask(POOLS)

    explained, plain = asyncio.run(main())

    assert explained["extensions"]["executor"] == {
        "by": "graphql-core",
        "because": "explained",
        "otherwise": "compiled",
        "refused": None,
        "bails": [],
    }
    assert explained["data"] == plain["data"]


def test_compared(asks, monkeypatch):
    texts = [POOLS + " " * n for n in range(11)]
    _, metrics = asks(*texts, executor="both", remember_bytes=0)
    assert metric(metrics, "poche_compared_total", found="same") == 2

    written = program.Text.constant
    monkeypatch.setattr(program.Text, "constant", lambda self, word: written(self, word + "_"))
    [answer], metrics = asks(POOLS, executor="both")
    assert metric(metrics, "poche_compared_total", found="different") == 1
    assert "pools" in answer["data"], "graphql-core's is the one that is given"


def test_graphql_core_alone(asks):
    [answer], metrics = asks(POOLS, executor="graphql-core")

    assert "errors" not in answer
    assert "poche_operations_total{" not in metrics
