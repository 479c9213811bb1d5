"""Workers: the real command with two processes at one port, over the sandbox and a real store."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from crews import GIVE_UP_S, Crew, at_work
from keepers import Valkey, running

from sandbox.serve import running as upstreams
from sandbox.world import World
from server import workers
from tests.conftest import settled

TIMETABLE = "nantes/stops.timetable"


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    data = tmp_path_factory.mktemp("data")
    with (
        running(Valkey) as store,
        upstreams(World()) as upstream,
        at_work(store.url, upstream, data) as found,
    ):
        yield found


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
