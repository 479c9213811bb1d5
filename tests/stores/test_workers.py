"""Workers: the real command with two processes at one port, over the sandbox and a real store."""

import asyncio
import json
import os
import random
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from crews import GIVE_UP_S, Crew, at_work
from keepers import Valkey, running

from bench.crowd import Crowd
from sandbox.serve import running as upstreams
from sandbox.world import World
from server import workers
from tests.conftest import settled
from tests.front_door.partners import CLIENTS, PEPPER, SAFE_KEY, bearer

TIMETABLE = "nantes/stops.timetable"
POOLS = """query Pools($lat: Float!, $lon: Float!) {
  pools(near: {lat: $lat, lon: $lon}, first: 5) { nodes { name openNow } }
}"""
REFUSED = re.compile(r'poche_overload_refused_total{priority="anonymous"} ([0-9.e+]+)')
OPEN = 400  # clients of the flood: more than two workers have places for, and in line


@pytest.fixture(scope="module")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    data, files = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("files")
    (files / "clients.toml").write_text(CLIENTS)
    (files / "documents").mkdir()
    (files / "documents" / "kiosk.json").write_text(json.dumps({"pools": POOLS}))
    settings = {
        "POCHE_CLIENTS": str(files / "clients.toml"),
        "POCHE_PEPPER": PEPPER,
        "POCHE_DOCUMENTS": str(files / "documents"),
        "POCHE_RATE": "0",
        "POCHE_CONCURRENCY": "0",  # a flood comes from many addresses; this one from one
    }
    with (
        running(Valkey) as store,
        upstreams(World()) as upstream,
        at_work(store.url, upstream, data, **settings) as found,
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


def live(url: str, source: str) -> bool:
    asked = httpx.post(f"{url}/graphql", json={"query": "{ sources { id state } }"})
    states = {one["id"]: one["state"] for one in asked.json()["data"]["sources"]}
    return states[source] == "LIVE"


def test_they_map_the_same_timetable(crew):
    for url in crew.alone:
        until(lambda url=url: live(url, TIMETABLE), url)

    first, second = (_mapped(pid) for pid in crew.pids)
    assert first == second
    assert any(name.endswith(".npy") for _, name in first)


def _mapped(pid: int) -> set[tuple[str, str]]:
    """Inodes and names of the timetable's files that a process has in its memory."""
    where = f"/{TIMETABLE.partition('/')[0]}/timetable/"  # another city's may be on its way
    lines = [line.split() for line in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    return {(line[4], line[5]) for line in lines if len(line) > 5 and where in line[5]}


def somewhere() -> dict[str, float]:
    """A place that nobody asked for before: whoever asks must be answered anew."""
    return {"lat": 47.19 + random.random() * 0.06, "lon": -1.62 + random.random() * 0.12}


def anybody(_: int) -> bytes:
    """A question without a key, in a text of its own, as it goes over the wire."""
    body = json.dumps({"query": POOLS + " ", "variables": somewhere()}).encode()
    head = (
        b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Accept: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    return head % len(body) + body


async def waves(crew: Crew) -> tuple[list[httpx.Response], list[int]]:
    """What partners are told, and others, in wave after wave, till both have refused some."""
    port, refused = int(crew.together.rpartition(":")[2]), dict.fromkeys(crew.alone, False)
    partners: list[httpx.Response] = []
    others: list[int] = []
    async with httpx.AsyncClient(timeout=GIVE_UP_S) as client, asyncio.timeout(GIVE_UP_S):

        async def partner(url: str) -> None:
            asked = {"documentId": "pools", "variables": somewhere()}
            to = f"{url}/graphql"
            partners.append(await client.post(to, json=asked, headers=bearer(SAFE_KEY)))

        while not all(refused.values()):
            wave = Crowd(port, anybody)
            await wave.begin(OPEN)  # who is answered before all are there asks again
            wave.again = False
            await asyncio.gather(*map(partner, crew.alone))
            while wave.waiting:  # noqa: ASYNC110 - it sets no event
                await asyncio.sleep(0.01)
            wave.leave()
            others += [one.status for one in wave.answers]
            for url in crew.alone:
                counted = REFUSED.search((await client.get(f"{url}/metrics")).text)
                refused[url] = counted is not None and float(counted[1]) > 0
    return partners, others


def test_a_flood_takes_nothing_from_partners_of_either(crew):
    for url in crew.alone:
        until(lambda url=url: live(url, "nantes/pools"), url)

    partners, others = asyncio.run(waves(crew))

    assert {one.status_code for one in partners} == {200}
    assert not any("errors" in one.json() for one in partners)
    assert set(others) == {200, 503}
    for url in crew.alone:  # and then all is as before
        asked = {"query": POOLS + "  ", "variables": somewhere()}
        assert "errors" not in httpx.post(f"{url}/graphql", json=asked).json()


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
