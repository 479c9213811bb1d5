"""Workers: the real command with two processes at one port, over the sandbox and a real store."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from socket import create_server
from typing import Any

import httpx
import pytest
from keepers import Valkey, running

from sandbox.serve import running as upstreams
from sandbox.world import World
from server import workers
from tests.conftest import free_port, settled

GIVE_UP_S = 60
TIMETABLE = "nantes/stops.timetable"


class Crew:
    """`poche serve --workers 2`; each worker can be asked alone."""

    def __init__(self, process: subprocess.Popen[Any], port: int, own: list[int]) -> None:
        self.process = process
        self.together = f"http://127.0.0.1:{port}"
        self.alone = [f"http://127.0.0.1:{one}" for one in own]

    @property
    def pids(self) -> list[int]:
        of = self.process.pid
        return [int(pid) for pid in Path(f"/proc/{of}/task/{of}/children").read_text().split()]


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    if not Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists():
        pytest.skip("who started whom is read off Linux's /proc")
    port, before = free_port(), _two_in_a_row()
    with running(Valkey) as store, upstreams(World()) as upstream:
        command = [sys.executable, "-m", "server.start", "serve", "--port", str(port)]
        command += ["--workers", "2", "--worker-port", str(before)]
        process = subprocess.Popen(
            command,
            env={
                **os.environ,
                "POCHE_STORE": store.url,
                "POCHE_UPSTREAM": upstream,
                "POCHE_DATA": str(tmp_path_factory.mktemp("data")),
            },
            stdout=subprocess.DEVNULL,
        )
        made = Crew(process, port, [before + 1, before + 2])
        try:
            for url in made.alone:
                with httpx.Client(base_url=url) as client:
                    assert settled(client).status_code == 200
            yield made
        finally:
            process.kill()  # the workers see that, and end by themselves
            process.wait(GIVE_UP_S)


def _two_in_a_row() -> int:
    """A port before two that nobody listens on."""
    while True:
        port = free_port()
        try:
            with closing(create_server(("127.0.0.1", port + 1))):
                return port - 1
        except OSError:
            continue


def until(true: Callable[[], Any], url: str) -> None:
    """Ask a worker again, as often as it takes."""
    transport = httpx.HTTPTransport(retries=8)
    with httpx.Client(base_url=url, transport=transport, timeout=GIVE_UP_S) as client:
        for _ in range(5_000):
            if true():
                return
            try:
                client.get("/healthz")
            except httpx.TransportError:
                continue
    raise AssertionError("not even in the end")


def test_they_answer_at_one_port_and_count_for_themselves(crew):
    assert httpx.post(f"{crew.together}/graphql", json={"query": "{ cities { name } }"}).json()[
        "data"
    ]
    assert len(crew.pids) == 2
    refused = httpx.get(f"{crew.together}/metrics")
    assert (refused.status_code, refused.text[:17]) == (421, "Each of 2 workers")
    for url in crew.alone:
        assert "poche_source_age_seconds" in httpx.get(f"{url}/metrics").text


def test_they_map_the_same_timetable(crew):
    def live(url: str) -> bool:
        asked = httpx.post(f"{url}/graphql", json={"query": "{ sources { id state } }"})
        states = {one["id"]: one["state"] for one in asked.json()["data"]["sources"]}
        return states[TIMETABLE] == "LIVE"

    for url in crew.alone:
        until(lambda url=url: live(url), url)

    first, second = (_mapped(pid) for pid in crew.pids)
    assert first == second
    assert any(name.endswith(".npy") for _, name in first)


def _mapped(pid: int) -> set[tuple[str, str]]:
    """Inodes and names of the timetable's files that a process has in its memory."""
    lines = [line.split() for line in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    return {(line[4], line[5]) for line in lines if len(line) > 5 and "/timetable/" in line[5]}


def test_one_that_is_killed_is_replaced(crew):
    victim, other = crew.pids
    os.kill(victim, signal.SIGKILL)

    until(lambda: len(crew.pids) == 2 and victim not in crew.pids, crew.together)
    assert other in crew.pids
    for url in crew.alone:
        with httpx.Client(base_url=url) as client:
            assert settled(client).status_code == 200


def test_sigterm_is_for_all(crew):  # the last one
    crew.process.send_signal(signal.SIGTERM)

    assert crew.process.wait(GIVE_UP_S) == 0
    for url in (crew.together, *crew.alone):
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)


@pytest.mark.parametrize(
    ("limits", "many"),
    [
        ({}, 8),
        ({"": "max 100000"}, 8),
        ({"a/b": "250000 100000"}, 2),
        ({"a": "50000 100000", "a/b": "max 100000"}, 1),
        ({"a": "400000 100000", "a/b": "800000 100000"}, 4),
    ],
    ids=["none", "unlimited", "two and a half", "half of one around it", "the least"],
)
def test_as_many_as_this_process_may_use(limits, many, tmp_path, monkeypatch):
    ours = tmp_path / "ours"
    ours.write_text("0::/a/b\n")
    for group, limit in limits.items():
        place = tmp_path / "groups" / group
        place.mkdir(parents=True, exist_ok=True)
        (place / "cpu.max").write_text(limit + "\n")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)

    assert workers.processors(tmp_path / "groups", ours) == many
