"""The first step of `poche`: what is loaded before anybody can be answered, and what is not."""

import json
import subprocess
import sys

# Up to the moment at which the server would wait for clients.
UNTIL_READY = """
import json, sys
import uvicorn
from server.start import main

def run(server, sockets):
    server.started = True
    print(json.dumps(sorted(sys.modules)))

uvicorn.Server.run = run
sys.argv = ["poche", "serve", "--port", "0"]
main()
"""
LATER = {
    "aiohttp": "the first question that is no plain GET",
    "duckdb": "the process that imports a timetable",
    "numpy": "the first array: a map, names to search, a timetable",
    "opentelemetry": "tracing",
    "redis": "a store",
    "pygments": "other commands",
    "rich": "other commands",
    "sandbox": "other commands",
    "shapely": "the first shape",
    "server.status": "other commands",
}


def said(tmp_path, *command):
    """What such a Python process says; it has to end well."""
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        check=True,
        text=True,
        env={"PATH": "", "POCHE_DATA": str(tmp_path)},
    ).stdout


def test_a_server_starts_without_what_it_may_never_want(tmp_path):
    loaded = set(json.loads(said(tmp_path, "-c", UNTIL_READY)))

    assert {"server.app", "structlog", "httpx"} <= loaded
    assert loaded & LATER.keys() == set()


def test_the_whole_command_has_serve_among_all_others(tmp_path):
    help_text = said(tmp_path, "-m", "server.start", "--help")

    assert "serve a city, try it out" in help_text
    for command in ("serve", "demo", "status", "check", "keys"):
        assert f" {command} " in help_text


def test_serve_is_loaded_alone_with_all_its_options(tmp_path):
    assert "--worker-port" in said(tmp_path, "-m", "server.start", "serve", "--help")
