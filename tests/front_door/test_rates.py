"""Rates: points in a window, by client, with headers that say how things stand."""

import re

import pytest

from server.clients import hashed
from server.manifests import digest
from server.rates import Windows
from tests.front_door.partners import PEPPER, bearer

pytestmark = pytest.mark.anyio

SLOW = 0.001  # points a second: nothing comes back while a test runs
TYPENAME = {"query": "{ __typename }"}
CLIENTS = f"""
[one]
keys = ["{hashed("poche_1", PEPPER)}", "{hashed("poche_2", PEPPER)}"]
rate = {SLOW}
burst = 3

[other]
keys = ["{hashed("poche_3", PEPPER)}"]
rate = {SLOW}
burst = 3
"""


@pytest.fixture
async def server(serve, tmp_path):
    (tmp_path / "clients.toml").write_text(CLIENTS)
    settings = {"clients": tmp_path / "clients.toml", "pepper": PEPPER}
    async with serve(**settings, rate=SLOW, burst=2) as server:
        yield server


async def test_a_burst_is_all_there_is(server):
    answers = [await server.client.post("/graphql", json=TYPENAME) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 429, 429]
    assert [one.headers["ratelimit"].split(";")[1] for one in answers] == ["r=1", "r=0"] + [
        "r=0"
    ] * 2
    for one in answers:
        assert one.headers["ratelimit-policy"] == '"cost";q=2;w=2000'
        assert re.fullmatch(r'"cost";r=\d+;t=\d+', one.headers["ratelimit"])
    refused = answers[-1]
    assert int(refused.headers["retry-after"]) == 1_000
    [error] = refused.json()["errors"]
    assert error["extensions"] == {"code": "RATE_LIMITED", "retryAfter": 1_000}


async def test_a_client_has_one_rate_for_all_its_keys_and_no_one_elses(server):
    async def status(key):
        answer = await server.client.post("/graphql", json=TYPENAME, headers=bearer(key))
        return answer.status_code

    assert [await status(key) for key in ("poche_1", "poche_2", "poche_1", "poche_2")] == [
        200,
        200,
        200,
        429,
    ]
    assert await status("poche_3") == 200


async def test_dear_queries_spend_more(serve):
    query = "{ pools(first: 5) { nodes { name } } }"
    async with serve(rate=SLOW, burst=1_000) as server:
        ask = {"X-Poche-Explain": "cost"}
        told = await server.client.post("/graphql", json={"query": query}, headers=ask)
        cost = told.json()["extensions"]["cost"]["estimated"]
        answer = await server.client.post("/graphql", json={"query": query})
        left = int(re.search(r"r=(\d+)", answer.headers["ratelimit"])[1])
        assert 1_000 - left == -(-cost // 1) > 0


async def test_what_no_burst_allows_is_no_matter_of_waiting(serve):
    async with serve(rate=SLOW, burst=1) as server:
        answer = await server.post("{ pools(first: 50) { nodes { name } } }")
        assert answer.status_code == 422
        [error] = answer.json()["errors"]
        assert error["extensions"]["code"] == "COST_ESTIMATED_TOO_EXPENSIVE"
        assert "retry-after" not in answer.headers


async def test_without_a_rate_nothing_is_counted(serve):
    async with serve(rate=0) as server:
        answer = await server.post("{ __typename }")
        assert "ratelimit" not in answer.headers


async def test_what_is_refused_costs_nothing(server):
    for _ in range(5):
        await server.client.post("/graphql", json={"query": "{ nothing }"})
        await server.client.post("/graphql", json={"documentId": digest("nowhere")})
    assert (await server.client.post("/graphql", json=TYPENAME)).status_code == 200


def test_what_one_replica_remembers_is_bounded(monkeypatch):
    monkeypatch.setattr("server.rates.ACCOUNTS", 3)
    alone = Windows()
    for number in range(10):
        alone.count(50, 10, f"someone {number}", 1)
    assert len(alone._spent) == 3
