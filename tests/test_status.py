"""`poche status`: how a server and its sources are doing, from a terminal."""

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from server import status
from server.app import create_app
from server.cli import app
from server.settings import Settings
from tests.conftest import Clock, Replay, down, listening

ASK = "{ pools { nodes { name } } parkings { nodes { name } } }"


@pytest.fixture
def replay():
    return Replay()


@pytest.fixture
def url(replay, tmp_path):
    settings = Settings(warm=False, rate=0, data=tmp_path)
    with listening(
        create_app(settings, transport=httpx.MockTransport(replay), clock=Clock())
    ) as address:
        yield address


def read(url):
    with httpx.Client(base_url=url) as client:
        return status.reading(client)


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
    later = status.Reading(before.at + 4, after.cities, after.problems, after.samples)
    said = told(before, later)
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
    before = status.Reading(old.at - 1, old.cities, old.problems, more)
    assert "1.0 requests/s" in told(before, old)


def test_once_says_by_its_exit_whether_all_is_well(url, replay):
    assert CliRunner().invoke(app, ["status", url, "--once"]).exit_code == 0
    replay.broken["pools"] = down
    ask(url)
    assert CliRunner().invoke(app, ["status", url, "--once"]).exit_code == 1


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
