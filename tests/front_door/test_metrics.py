"""Metrics and logs: what is counted of requests, sources and fields, and what is never told."""

import json

import httpx
import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

import schema
from server.app import create_app
from server.cli import app
from server.gate import Gate
from server.planning import Planner
from server.settings import Settings
from server.usage import coordinates, deprecated
from tests.conftest import down, free_port, listening
from tests.front_door.partners import CLIENTS, KEY, PEPPER, bearer

pytestmark = pytest.mark.anyio

POOLS = "query Pools { pools(first: 1) { totalCount nodes { name } } }"


@pytest.fixture
async def server(serve, tmp_path):
    (tmp_path / "clients.toml").write_text(CLIENTS)
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "home.json").write_text(json.dumps({"home": POOLS}))
    settings = {"clients": tmp_path / "clients.toml", "pepper": PEPPER}
    async with serve(**settings, documents=tmp_path / "documents") as server:
        yield server


async def samples(server):
    """Every sample by its name and labels."""
    text = (await server.client.get("/metrics")).text
    return {
        (one.name, *sorted(one.labels.values())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


async def test_a_bug_outside_of_any_field_is_counted_too(server, monkeypatch):
    def broken(*_):
        raise RuntimeError("oops")

    monkeypatch.setattr(Gate, "identify", broken)
    with pytest.raises(RuntimeError):
        await server.post("{ __typename }")
    found = await samples(server)
    assert found["poche_requests_total", "INTERNAL", "anonymous", "nobody"] == 1
    assert found["poche_errors_total", "INTERNAL"] == 1


async def test_requests_are_counted_by_client_operation_and_outcome(server, replay):
    await server.client.post("/graphql", json={"id": "home"}, headers=bearer(KEY))
    await server.post("{ __typename }")
    await server.post("{ __typename }")
    await server.post("{ nothing }")
    await server.client.post("/graphql", json={"id": "nowhere"})
    await server.client.post("/graphql", content="{", headers={"content-type": "text/plain"})
    replay.broken["schools"] = down
    await server.post("{ schools { totalCount } }")
    found = await samples(server)
    requests = {key[1:]: n for key, n in found.items() if key[0] == "poche_requests_total"}
    assert requests == {
        ("OK", "Pools", "tram-app"): 1,
        ("OK", "anonymous", "anonymous"): 2,
        ("GRAPHQL_VALIDATION_FAILED", "anonymous", "anonymous"): 1,
        ("PERSISTED_DOCUMENT_NOT_FOUND", "anonymous", "anonymous"): 1,
        ("BAD_REQUEST", "anonymous", "anonymous"): 1,
        ("PARTIAL", "anonymous", "anonymous"): 1,
    }
    assert found["poche_errors_total", "UNAVAILABLE"] == 1
    assert found["poche_errors_total", "INTERNAL"] == 0
    assert found["poche_request_seconds_count", "Pools"] == 1
    assert found["poche_cost_points_total", "tram-app"] > 0


async def test_sources_are_counted_where_they_are_read(server, replay):
    for _ in range(3):
        await server.post(POOLS)
        server.clock.advance(1)  # in the same second, the very bytes are given again
    replay.broken["schools"] = down
    await server.post("{ schools { totalCount } }")
    found = await samples(server)
    assert found["poche_source_calls_total", "OK", "nantes/pools"] == 1
    assert found["poche_source_calls_total", "UNAVAILABLE", "nantes/schools"] == 3  # with retries
    assert found["poche_source_answers_total", "miss", "nantes/pools"] == 1
    assert found["poche_source_answers_total", "fresh", "nantes/pools"] == 2
    assert found["poche_source_breaker", "CLOSED", "nantes/pools"] == 1
    assert found["poche_source_breaker", "OPEN", "nantes/pools"] == 0
    assert found["poche_source_age_seconds", "nantes/pools"] == 3
    server.clock.advance(60)
    assert (await samples(server))["poche_source_age_seconds", "nantes/pools"] == 63
    assert found["poche_source_quota_left", "nantes/departures"] >= 0
    assert found["poche_source_state", "DOWN", "nantes/schools"] == 1
    assert found["poche_source_state", "LIVE", "nantes/schools"] == 0
    assert found["poche_source_failing", "nantes/schools"] == 1
    assert found["poche_source_failing", "nantes/pools"] == 0


async def test_fields_are_counted_by_who_asks_for_them(server):
    for _ in range(2):
        await server.client.post("/graphql", json={"id": "home"}, headers=bearer(KEY))
    await server.post("{ pools { totalCount } }")
    await server.post("{ pools { nothing } }")
    found = await samples(server)
    assert found["poche_field_requests_total", "Query.pools(first:)", "tram-app"] == 2
    assert found["poche_field_requests_total", "Pool.name", "tram-app"] == 2
    assert found["poche_field_requests_total", "Query.pools", "anonymous"] == 1
    assert ("poche_field_requests_total", "Pool.name", "anonymous") not in found


async def test_values_are_counted_where_they_are_written_or_sent(server):
    """Input fields and enum values: in the document, as a default, in variables."""
    stops = "stops(near: {lat: 47.2, lon: -1.5}) { totalCount }"
    menus = "menus(variants: $variants) { date }"
    query = f"query ($variants: [MenuVariant!]! = [ALLERGY], $near: Near) {{ {stops} {menus}"
    query += " bikes(near: $near) { totalCount } }"
    near = {"lat": 47.2, "lon": -1.5, "within": 300, "nothing": 1}
    await server.post(query)
    await server.post(query, {"variants": ["STANDARD", "NO_SUCH"], "near": near})
    found = await samples(server)

    def times(coordinate):
        return found.get(("poche_field_requests_total", coordinate, "anonymous"))

    assert times("Query.stops(near:)") == times("Near.lat") == 2
    assert times("Near.within") == 1
    assert times("MenuVariant.ALLERGY") == 2
    assert times("MenuVariant.STANDARD") == 1
    assert times("MenuVariant.NO_SUCH") is times("Near.nothing") is None


async def test_values_that_lie_deep_are_no_trouble(server):
    query = "query ($variants: [MenuVariant!]!) { menus(variants: $variants) { date } }"
    nested = "[" * 900 + "]" * 900
    deep = f'{{"query": "{query}", "variables": {{"variants": {nested}}}}}'
    headers = {"Content-Type": "application/json"}
    answer = await server.client.post("/graphql", content=deep, headers=headers)
    assert answer.status_code == 422


async def test_what_is_live_is_counted_while_it_is(server):
    live = server.app.state.live
    with live.client("127.0.0.1", lambda: None):
        found = await samples(server)
    counted = [f"poche_{name}" for name in ("live_clients", "live_questions", "subscribers")]
    assert [found[name,] for name in counted] == [1, 0, 0]
    assert (await samples(server))["poche_live_clients",] == 0


async def test_names_that_clients_invent_are_no_labels(server):
    for number in range(20):
        body = {"query": f"query Invented{number} {{ __typename }}"}
        await server.client.post("/graphql", json=body, headers={"X-Request-Id": f"r{number}"})
    assert not [key for key in await samples(server) if "Invented" in str(key)]


async def test_operations_have_an_end(serve, monkeypatch):
    monkeypatch.setattr("server.metrics.OPERATIONS", 1)
    async with serve() as server:
        metrics = server.app.state.gate.metrics
        assert [metrics._operation(name) for name in ("anonymous", "Home")] == [
            "anonymous",
            "other",
        ]


async def test_shapes_are_added_up_before_they_are_many(serve, monkeypatch):
    monkeypatch.setattr("server.metrics.SHAPES", 2)
    async with serve() as server:
        metrics = server.app.state.gate.metrics
        for field in ("totalCount", "nodes { name }", "nodes { id }", "nodes { phone }"):
            await server.post(f"{{ pools {{ {field} }} }}")
        assert len(metrics._shapes) <= 2
        assert metrics.fields["anonymous", "Query.pools"] == 4


def test_coordinates_are_of_one_operation_with_its_fragments():
    built = schema.build()._schema
    plan = Planner(built, Settings()).plan(
        "query A { pools { ...P } __schema { types { name } } } query B { schools { totalCount } }"
        " fragment P on PoolConnection { nodes { name ... on Place { position { lat } } } }"
    )
    found = coordinates(built, plan, "A")
    assert {"Query.pools", "Pool.name", "Place.position"} <= found
    assert not {one for one in found if "chool" in one or "__" in one}
    assert coordinates(built, plan, "A") is found


async def test_what_is_deprecated_is_found_with_who_uses_it(serve, monkeypatch):
    built = schema.build()
    built._schema.query_type.fields["pools"].deprecation_reason = "Use `swimming`."
    assert deprecated(built._schema) == {"Query.pools": "Use `swimming`."}


def test_usage_says_who_asks_for_what(serve, replay, monkeypatch):
    replaying = httpx.MockTransport(replay)
    built = schema.build()
    built._schema.query_type.fields["pools"].deprecation_reason = "Use `swimming`."
    with listening(create_app(Settings(warm=False), transport=replaying)) as address:
        with httpx.Client(base_url=address) as client:
            client.post("/graphql", json={"query": POOLS})
        monkeypatch.setattr("server.partners.schema.build", lambda: built)
        metrics = f"{address}/metrics"
        found = CliRunner().invoke(app, ["usage", metrics], env={"COLUMNS": "120"}).output
        whole = CliRunner().invoke(app, ["usage", metrics, "--all"], env={"COLUMNS": "120"}).output
    assert "Query.pools" in found
    assert "swimming" in found
    assert "Pool.name" not in found
    assert "Pool.name" in whole


def test_usage_of_several_replicas_is_their_sum(replay):
    replaying = httpx.MockTransport(replay)
    with (
        listening(create_app(Settings(warm=False), transport=replaying)) as one,
        listening(create_app(Settings(warm=False), transport=replaying)) as two,
    ):
        for address in (one, two, two):
            httpx.post(f"{address}/graphql", json={"query": POOLS})
        found = CliRunner().invoke(app, ["usage", "--all", one, two], env={"COLUMNS": "120"})
    [line] = [line for line in found.output.splitlines() if "Query.pools " in line]
    assert "│ 3 " in line


def test_usage_says_which_replica_has_nothing_to_read(replay):
    nobody = f"http://127.0.0.1:{free_port()}"
    with listening(create_app(Settings(warm=False), transport=httpx.MockTransport(replay))) as one:
        found = CliRunner().invoke(app, ["usage", one, nobody])
    assert found.exit_code == 2
    assert found.stderr.startswith(f"poche: {nobody}: ")


async def test_a_request_leaves_one_line_and_nothing_that_is_secret(server, capsys):
    secret = "query Secret { pools(first: 1) { nodes { name } } }"
    with structlog.testing.capture_logs() as logs:
        await server.client.post("/graphql", json={"query": secret}, headers=bearer(KEY))
        await server.client.post("/graphql", json={"id": "home"})
    first, second = (line for line in logs if line["event"] == "request")
    assert (first["client"], first["operation"]) == ("tram-app", "Secret")
    assert first["sources"] == ["nantes/pools"]
    assert (second["document"], second["errors"]) == ("home", ())
    assert first["network"] == "127.0.0.0/24"
    assert "127.0.0.1" not in str(logs)
    assert KEY not in str(logs)
    assert "nodes" not in str(logs)


@pytest.mark.parametrize("given", ["abc-123", "2fd4e1c6/7a2d:28"])
async def test_a_request_keeps_its_id(server, given):
    answer = await server.client.get("/healthz", headers={"X-Request-Id": given})
    assert answer.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize("given", ["", "a b", "é", "x" * 101, 'a"b'])
async def test_an_id_that_cannot_be_is_replaced(server, given):
    answer = await server.client.get("/healthz", headers=[(b"x-request-id", given.encode())])
    [name] = answer.headers.get_list("x-request-id")
    assert len(name) == 32


async def test_what_is_wrong_with_our_own_files_is_counted(server, tmp_path):
    assert (await samples(server))["poche_problems",] == 0
    (tmp_path / "clients.toml").write_text("[tram-app")
    await server.app.state.gate.clients.refresh()
    assert (await samples(server))["poche_problems",] == 1


async def test_two_applications_count_apart(serve):
    async with serve() as one, serve() as other:
        await one.post("{ __typename }")
        assert ("poche_requests_total", "OK", "anonymous", "anonymous") in await samples(one)
        assert ("poche_requests_total", "OK", "anonymous", "anonymous") not in await samples(other)
