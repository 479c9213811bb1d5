"""Five thousand stops: answered from the snapshot, in bounded memory."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from sandbox.serve import running
from sandbox.world import World
from tests.conftest import free_port, settled

LIMIT_MB = 250
QUERY = """{
  near: stops(near: { lat: 47.2133, lon: -1.5577, within: 2000 }, first: 50) { nodes { name } }
  named: stops(name: "commerce") { nodes { name departures { expectedAt } } }
  all: stops(quays: true) { totalCount }
}"""
LINES = '{ stops(name: "commerce", first: 1) { nodes { routes { shortName } } } }'

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux /proc")


def memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def test_five_thousand_stops(tmp_path):
    with running(World(stops=5_000)) as upstream:
        port = free_port()
        server = subprocess.Popen(
            [sys.executable, "-m", "server.cli", "serve", "--port", str(port)],
            env={**os.environ, "POCHE_UPSTREAM": upstream, "POCHE_DATA": str(tmp_path)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                settled(client)
                for _ in range(9):  # each waits for the timetable for as long as it may
                    if "errors" not in client.post("/graphql", json={"query": LINES}).json():
                        break
                answers = [client.post("/graphql", json={"query": QUERY}).json() for _ in range(9)]
            calls = httpx.get(f"{upstream}/_control").json()["calls"]
            peak = memory_mb(server.pid)
        finally:
            server.terminate()
            server.communicate(timeout=20)

    for answer in answers:
        assert "errors" not in answer
        assert len(answer["data"]["near"]["nodes"]) == 50
        assert answer["data"]["named"]["nodes"][0]["departures"]
    assert answers[-1]["data"]["all"]["totalCount"] == 5_000
    assert calls["stops"]["count"] == 2  # the record and its file, once
    assert peak < LIMIT_MB
