"""The demo, as a newcomer starts it: the real command, real sockets, one round trip."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import free_port, settled

HOME_SCREEN = (Path(__file__).parent / "queries/home_screen.graphql").read_text()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    port, upstream_port = free_port(), free_port()
    command = [sys.executable, "-m", "server.cli", "demo"]
    options = ["--port", str(port), "--upstream-port", str(upstream_port)]
    settings = {
        "POCHE_DATA": str(tmp_path_factory.mktemp("data")),
        "POCHE_DEADLINE_S": "60",  # a busy machine may take long for its first reads
    }
    process = subprocess.Popen(
        [*command, *options],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=70) as client:
            said = []
            for line in process.stdout:
                said.append(line)
                if "Stop with" in line:
                    break
            client.said = "".join(said)
            yield client
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_says_where_everything_is(demo):
    assert re.search(r"Sandbox upstreams +http://127.0.0.1:\d+", demo.said)
    assert re.search(rf"Poche +{re.escape(str(demo.base_url))}", demo.said)
    assert "/graphiql" in demo.said


def test_is_soon_ready(demo):
    assert settled(demo).text == "ready\n"


def test_the_page_for_developers_says_what_this_is_and_links_on(demo):
    settled(demo)
    page = demo.get("/developers").text

    assert "Poche" in page
    for link in ("/graphiql", "/graphql", "/health"):
        assert f'href="{link}"' in page
        assert demo.get(link, headers={"accept": "text/html"}).status_code in (200, 303, 503)


def test_one_query_fills_one_screen(demo):
    settled(demo)
    answer = demo.post("/graphql", json={"query": HOME_SCREEN}).json()

    assert "errors" not in answer
    assert answer["data"]["stops"]["nodes"][0]["name"] == "Commerce"
    states = {source["id"]: source["state"] for source in answer["extensions"]["sources"]}
    del states["nantes/stops.timetable"]  # which may still be in the making
    assert set(states.values()) == {"LIVE"}, states


def test_a_person_can_read_how_the_sources_are_doing(demo):
    settled(demo)
    page = demo.get("/health", headers={"accept": "text/html"}).text

    assert "nantes/departures" in page
    assert demo.get("/health").json()["cities"]["nantes"]
