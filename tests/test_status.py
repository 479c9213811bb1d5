"""`poche status`: how a server and its sources are doing, from a terminal."""

from contextlib import contextmanager
from dataclasses import replace

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from server import replicas, status
from server.app import create_app
from server.cli import app
from server.settings import Settings
from tests.conftest import Clock, Replay, down, free_port, listening

ASK = "{ pools { nodes { name } } parkings { nodes { name } } }"


@pytest.fixture
def replay():
    return Replay()


@contextmanager
def started(replay, folder, clock=None):
    settings = Settings(warm=False, rate=0, data=folder)
    transport = httpx.MockTransport(replay)
    with listening(create_app(settings, transport=transport, clock=clock or Clock())) as address:
        yield address


@pytest.fixture
def url(replay, tmp_path):
    with started(replay, tmp_path) as address:
        yield address


@pytest.fixture
def other(tmp_path):
    """Another replica, with upstreams of its own that a test may break."""
    replay = Replay()
    with started(replay, tmp_path / "other") as address:
        yield address, replay


def read(*urls):
    with replicas.clients(urls) as asked:
        return status.reading(asked)


def told(before, after, everything=False):
    console = Console(width=200, no_color=True)
    with console.capture() as captured:
        console.print(status.shown(before, after, everything))
    return captured.get()


def ask(url):
    return httpx.post(f"{url}/graphql", json={"query": ASK}).json()


def test_what_is_in_trouble_and_why(url, replay):
    replay.broken["pools"] = down
    ask(url)
    now = read(url)
    said = told(now, now)
    assert "nantes/pools" in said
    assert "DOWN" in said
    assert "nobody there" in said
    assert "nantes/parkings" not in said  # it is well
    assert "nantes/parkings" in told(now, now, everything=True)


def test_rates_are_what_two_readings_differ_by(url):
    before = read(url)
    ask(url)
    ask(url)
    after = read(url)
    said = told(before, replace(after, at=before.at + 4))
    assert "0.5 requests/s" in said
    assert "OK 2" in said
    assert "without executing 50%" in said


def test_a_server_that_started_anew_counts_from_nothing(url):
    ask(url)
    old = read(url)
    more = {
        metric: {labels: value + 100 for labels, value in found.items()}
        for metric, found in old.samples.items()
    }
    assert "1.0 requests/s" in told(replace(old, at=old.at - 1, samples=more), old)


def test_what_nobody_asks_for_is_not_in_trouble(replay, tmp_path):
    clock = Clock()
    with started(replay, tmp_path, clock) as url:
        ask(url)
        clock.advance(200)  # beyond its time to live
        now = read(url)
    assert "STALE" in told(now, now, everything=True)
    assert "STALE" not in told(now, now)


def test_of_several_replicas_counts_are_added_and_the_worst_is_shown(url, other):
    second, broken = other
    broken.broken["pools"] = down
    before = read(url, second)
    ask(url)
    ask(second)
    for order in ((url, second), (second, url)):
        said = told(before, replace(read(*order), at=before.at + 4))
        assert "2 servers" in said
        assert "0.5 requests/s" in said
        [pools] = [line for line in said.splitlines() if "nantes/pools " in line]
        assert "DOWN" in pools


def test_a_replica_that_does_not_answer_is_a_problem(url):
    nobody = f"http://127.0.0.1:{free_port()}"
    ask(url)
    before, after = read(nobody), read(url, nobody)
    said = told(replace(before, at=after.at - 1), after)
    assert said.index(nobody) < said.index("sources are well")  # a screen shows the first lines
    assert "0.0 requests/s" in said  # what it answered before anybody looked is not of this second
    assert CliRunner().invoke(app, ["status", url, nobody, "--once"]).exit_code == 1
    assert CliRunner().invoke(app, ["status", nobody, nobody, "--once"]).exit_code == 2


def test_addresses_are_taken_as_people_have_them(url):
    bare = url.removeprefix("http://")
    for address in (bare, f"{url}/", f"{url}/metrics"):
        assert CliRunner().invoke(app, ["status", address, "--once"]).exit_code == 0
        assert CliRunner().invoke(app, ["usage", address]).exit_code == 0


def test_once_says_by_its_exit_whether_all_is_well(url, replay):
    assert CliRunner().invoke(app, ["status", url, "--once"]).exit_code == 0
    replay.broken["pools"] = down
    ask(url)
    assert CliRunner().invoke(app, ["status", url, "--once"]).exit_code == 1


@pytest.mark.parametrize("address", ["ftp://somewhere", "http://", "http://here:port", "x:y:z"])
@pytest.mark.parametrize("command", ["status", "usage"])
def test_no_address_is_one_sentence(command, address):
    refused = CliRunner().invoke(app, [command, address])
    assert refused.exit_code == 2
    assert "Invalid value" in refused.stderr


@pytest.mark.parametrize("path", ["/nowhere", "/style.css?"])
def test_no_server_of_ours_is_one_sentence(url, path):
    gone = CliRunner().invoke(app, ["status", f"{url}{path}", "--once"])
    assert gone.exit_code == 2
    assert gone.stderr.startswith("poche: ")


def test_once_says_so_too_where_a_file_cannot_be_used(replay, tmp_path):
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "app.json").write_text("no manifest")
    settings = Settings(warm=False, rate=0, data=tmp_path, documents=documents)
    transport = httpx.MockTransport(replay)
    with listening(create_app(settings, transport=transport, clock=Clock())) as address:
        answer = CliRunner().invoke(app, ["status", address, "--once"])
    assert answer.exit_code == 1
    assert "app.json" in answer.output
