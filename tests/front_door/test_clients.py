"""Clients: keys that open the door, and those that do not."""

import hmac
from types import SimpleNamespace

import pytest
import structlog
from typer.testing import CliRunner

from server.cli import app
from server.clients import ClientError, hashed, network, read
from tests.front_door.partners import CLIENTS, KEY, LAST_DAY_KEY, OLD_KEY, PEPPER, bearer

pytestmark = pytest.mark.anyio

TYPENAME = {"query": "{ __typename }"}


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "clients.toml"
    file.write_text(CLIENTS)
    return file


@pytest.fixture
async def server(serve, file):
    async with serve(clients=file, pepper=PEPPER) as server:
        yield server


@pytest.mark.parametrize(
    ("headers", "client"),
    [
        ({}, "anonymous"),
        ({"Authorization": "Basic cHJveHk6"}, "anonymous"),  # a proxy's, not ours
        (bearer(KEY), "tram-app"),
        ({"Authorization": f"bearer  {KEY} "}, "tram-app"),
        ({"X-API-Key": KEY}, "tram-app"),
        ({"X-API-Key": LAST_DAY_KEY}, "tram-app"),
    ],
)
async def test_a_key_says_who_asks(server, headers, client):
    with structlog.testing.capture_logs() as logs:
        answer = await server.client.post("/graphql", json=TYPENAME, headers=headers)
    assert answer.status_code == 200
    assert [line["client"] for line in logs if line["event"] == "request"] == [client]


@pytest.mark.parametrize("key", ["poche_none", OLD_KEY, "", "é", KEY + "x", "x" * 5_000])
async def test_a_wrong_key_is_401_and_in_no_log(server, key, capsys):
    headers = [(b"x-api-key", key.encode())]
    with structlog.testing.capture_logs() as logs:
        answer = await server.client.post("/graphql", json=TYPENAME, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert [line["client"] for line in logs] == ["nobody"]
    assert not key or key not in f"{logs} {capsys.readouterr()} {answer.text}"


async def test_without_a_key_the_door_may_be_shut(serve, file):
    async with serve(clients=file, pepper=PEPPER, anonymous="off") as server:
        assert (await server.client.post("/graphql", json=TYPENAME)).status_code == 401
        answer = await server.client.post("/graphql", json=TYPENAME, headers=bearer(KEY))
        assert answer.status_code == 200


async def test_keys_are_compared_in_constant_time(server, monkeypatch):
    compared = []

    def watched(one, other):
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    watching = SimpleNamespace(digest=hmac.digest, compare_digest=watched)
    monkeypatch.setattr("server.clients.hmac", watching)
    for key in (KEY, "poche_none"):
        await server.client.post("/graphql", json=TYPENAME, headers=bearer(key))
    assert [len(one) for pair in compared for one in pair] == [64] * 4


async def test_a_key_may_be_used_from_its_sites_only(server):
    async def ask(origin, **headers):
        headers = {"Origin": origin, **headers}
        return await server.client.post("/graphql", json=TYPENAME, headers=headers)

    ours = await ask("https://tram.example", **bearer(KEY))
    assert ours.status_code == 200
    assert ours.headers["access-control-allow-origin"] == "https://tram.example"
    theirs = await ask("https://other.example", **bearer(KEY))
    assert theirs.status_code == 403
    assert theirs.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert "access-control-allow-origin" not in theirs.headers
    assert (await ask("https://other.example")).status_code == 200  # with no key to misuse


async def test_a_browser_may_send_a_key(server):
    asks = {
        "Origin": "https://tram.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    answer = await server.client.options("/graphql", headers=asks)
    assert answer.status_code == 200
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()


async def test_the_file_is_read_again_whole_or_not_at_all(server, file):
    clients = server.app.state.gate.clients

    async def status(key):
        return (
            await server.client.post("/graphql", json=TYPENAME, headers=bearer(key))
        ).status_code

    file.write_text(CLIENTS + '\n[bus-app]\nmode = "wide"\n')
    await clients.refresh()
    assert await status(KEY) == 200
    problem = (await server.client.get("/health")).json()["problems"]["clients"]
    assert "clients.toml [bus-app] mode" in problem

    file.write_text(f'[bus-app]\nkeys = ["{hashed("poche_bus", PEPPER)}"]\n')
    await clients.refresh()
    assert await status("poche_bus") == 200
    assert await status(KEY) == 401
    assert (await server.client.get("/health")).json()["problems"] == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "clients.toml: "),
        ("tram-app = 3", "clients.toml: unknown word `tram-app`"),
        ('[tram-app]\nmod = "open"', "clients.toml [tram-app]: unknown word `mod`; did you mean"),
        ('[tram-app]\nmode = "wide"', "clients.toml [tram-app] mode: "),
        ('[tram-app]\nkeys = ["poche_tram"]', "clients.toml [tram-app] keys.0.hash: "),
        ("[tram-app]\nrate = -1", "clients.toml [tram-app] rate: "),
        ('[tram-app]\ndeadline = "soon"', "clients.toml [tram-app] deadline: a length of time"),
        ('["Tram App"]\nrate = 1', "clients.toml [Tram App] name: "),
        ("[anonymous]\nrate = 1", "clients.toml [anonymous]: "),
        (
            f'[a]\nkeys = ["{"0" * 64}"]\n[b]\nkeys = ["{"0" * 64}"]',
            "clients.toml [b] keys: a has the same key",
        ),
    ],
)
def test_a_mistake_is_said_with_its_place(file, text, said):
    file.write_text(text)
    with pytest.raises(ClientError) as error:
        read(file, PEPPER)
    assert str(error.value).startswith(said)


def test_keys_want_a_pepper(file):
    with pytest.raises(ClientError, match="POCHE_PEPPER"):
        read(file, "")


def test_a_new_key_is_long_and_kept_as_a_hash_only(file, monkeypatch):
    monkeypatch.setenv("POCHE_PEPPER", PEPPER)
    first, second = (CliRunner().invoke(app, ["keys", "new", "bus-app"]).output for _ in range(2))
    key, _, toml = first.partition("\n\n")
    assert key != second.partition("\n\n")[0]
    assert len(key.removeprefix("poche_")) >= 128 / 6
    assert key not in toml
    file.write_text(toml)
    [client] = read(file, PEPPER)
    assert client.name == "bus-app"
    assert [one.hash for one in client.keys] == [hashed(key, PEPPER)]


def test_a_new_key_wants_a_pepper(monkeypatch):
    monkeypatch.delenv("POCHE_PEPPER", raising=False)
    assert CliRunner().invoke(app, ["keys", "new", "bus-app"]).exit_code == 2


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("::ffff:203.0.113.77", "::/48"),
        ("", ""),
        ("testclient", ""),
    ],
)
def test_an_address_is_shown_without_its_end(address, shown):
    assert network(address) == shown
