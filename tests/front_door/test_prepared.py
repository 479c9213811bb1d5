"""What is asked again with other variables is looked up, for as long as nothing else is new."""

import asyncio
import json

import httpx
import pytest

from server.asked import Asked
from server.gate import Gate
from tests.conftest import Replay, serving
from tests.front_door.partners import CLIENTS, KEY, LAST_DAY_KEY, PEPPER

pytestmark = pytest.mark.anyio

POOLS = "query Pools($first: Int) { pools(first: $first) { nodes { name } } }"
CITIES = "query Cities($city: String) { cities { name } pools(city: $city) { totalCount } }"


@pytest.fixture
async def server(tmp_path):
    (tmp_path / "clients.toml").write_text(CLIENTS)
    settings = {"clients": tmp_path / "clients.toml", "pepper": PEPPER, "rate": 0}
    async with serving(httpx.MockTransport(Replay()), data=tmp_path, **settings) as server:
        await server.ask("{ pools { totalCount } }")  # reads the source
        yield server


@pytest.fixture
def found(monkeypatch):
    """Whenever it had to be found out what is asked."""
    documents, find = [], Gate.find

    async def noted(self, visit, asked):
        documents.append(asked.query)
        return await find(self, visit, asked)

    monkeypatch.setattr(Gate, "find", noted)
    return documents


async def ask(server, query, headers=(), address="192.0.2.7", **more):
    """Status and JSON of an answer that goes around the layers."""
    body = json.dumps({"query": query, **more}).encode()
    given = {"content-type": "application/json", "content-length": str(len(body)), **dict(headers)}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": (address, 1),
    }
    asked, direct = Asked(scope, body), server.app.state.direct
    assert direct.takes(asked)
    answer = await direct.begun(asked, asyncio.Event().wait, address)
    return answer.status_code, json.loads(answer.body)


def names(answer):
    return [node["name"] for node in answer[1]["data"]["pools"]["nodes"]]


async def test_with_other_variables_it_is_found_once(server, found):
    answers = [await ask(server, POOLS, variables={"first": n}) for n in (1, 2, 3)]
    assert [len(names(answer)) for answer in answers] == [1, 2, 3]
    assert found == [POOLS]


async def test_what_it_costs_is_added_up_each_time_where_variables_decide(server, found):
    """Else one price would be enough for all of them."""
    assert (await ask(server, POOLS, variables={"first": 1}))[0] == 200
    gate = server.app.state.gate
    points = gate.metrics._ended._points["anonymous"]
    await ask(server, POOLS, variables={"first": 90})
    dear = gate.metrics._ended._points["anonymous"] - points
    await ask(server, POOLS, variables={"first": 2})
    cheap = gate.metrics._ended._points["anonymous"] - points - dear
    assert dear > cheap
    assert found == [POOLS]


async def test_a_mistake_in_variables_is_told_each_time(server, found):
    right = await ask(server, POOLS, variables={"first": 1})
    wrong = await ask(server, POOLS, variables={"first": "many"})
    assert (right[0], wrong[0]) == (200, 422)
    assert (await ask(server, POOLS, variables={"first": 1}))[1] == right[1]


@pytest.mark.parametrize(
    ("headers", "more"),
    [
        ({"accept-language": "en"}, {}),
        ({"accept": "application/json"}, {}),
        ({"x-poche-sources": "off"}, {}),
        ({"authorization": f"Bearer {KEY}"}, {}),
        ({}, {"operationName": "Pools"}),
        ({}, {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}),
        ({}, {"id": "sha256:" + "0" * 64}),
    ],
)
async def test_what_is_said_otherwise_is_found_out_anew(server, found, headers, more):
    for _ in range(2):
        await ask(server, POOLS)
    await ask(server, POOLS, headers, **more)
    assert found == [POOLS, POOLS]


async def test_an_unknown_key_gets_nothing_that_is_known(server, found):
    await ask(server, POOLS)
    status, _ = await ask(server, POOLS, {"x-api-key": "poche_unknown"})
    assert status == 401


async def test_a_key_that_is_withdrawn_is_so_at_once(server, found, tmp_path):
    headers = {"authorization": f"Bearer {KEY}"}
    before = [await ask(server, POOLS, headers, variables={"first": n}) for n in (1, 2)]
    (tmp_path / "clients.toml").write_text("")
    await server.app.state.gate.clients.refresh()
    after = await ask(server, POOLS, headers, variables={"first": 3})
    assert [status for status, _ in (*before, after)] == [200, 200, 401]


async def test_a_key_ends_with_its_last_day(server, found):
    headers = {"authorization": f"Bearer {LAST_DAY_KEY}"}
    today = [await ask(server, POOLS, headers, variables={"first": n}) for n in (1, 2)]
    server.clock.advance(86_400)
    tomorrow = await ask(server, POOLS, headers, variables={"first": 3})
    assert [status for status, _ in (*today, tomorrow)] == [200, 200, 401]


async def test_each_who_asks_pays_for_it(tmp_path, found):
    settings = {"data": tmp_path, "rate": 0.001, "burst": 12}
    async with serving(httpx.MockTransport(Replay()), **settings) as server:
        query = "{ __typename }"
        answers = [await ask(server, query, variables={"n": n}) for n in range(13)]
        neighbour = await ask(server, query, address="192.0.2.8", variables={"n": 1})
    assert [status for status, _ in answers] == [200] * 12 + [429]
    assert neighbour[0] == 200
    assert len(found) == 1


async def test_only_so_many_are_known(server, found, monkeypatch):
    monkeypatch.setattr("server.prepared.MOST", 2)
    for query in (POOLS, CITIES, "{ __typename }", POOLS):
        await ask(server, query)
    assert found == [POOLS, CITIES, "{ __typename }", POOLS]
