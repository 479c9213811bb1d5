"""What is answered against what is so: an hour of both networks, five minutes at a time.

The sandbox knows when each of its vehicles really leaves. The server hears of it
through SIRI in Nantes and through GTFS-Realtime in Bordeaux.
"""

import re
from datetime import datetime, timedelta

import httpx
import pytest

import cities
from sandbox.app import create_app as create_sandbox
from sandbox.world import World
from sources.departures import STALE_AFTER
from sources.timetable import Timetable
from tests.conftest import Clock, serving

pytestmark = pytest.mark.anyio

STEP_S = 300
AHEAD = timedelta(minutes=20)
SURELY_TOLD = timedelta(minutes=14)
STATIONS = {
    "nantes": ["Commerce", "Gare Nord", "Haluchère"],
    "bordeaux": ["Quinconces", "Victoire"],
}
QUERY = """query ($city: String!, $name: String!) {
  stops(city: $city, name: $name, first: 1) { nodes { name quays { gtfsId } departures(first: 100) {
    route { shortName } headsign scheduledAt expectedAt realtime realtimeState atStop
  } } }
}"""


@pytest.mark.parametrize("city", STATIONS)
async def test_an_hour_of_departures_is_as_it_is(city, tmp_path):
    clock = Clock()
    world = World(clock)
    sandbox = httpx.ASGITransport(create_sandbox(world))
    compared = 0
    options = {"upstream": "http://sandbox", "data": tmp_path / "data", "deadline_s": 60}
    options["cities"] = patient(tmp_path / "cities")
    async with serving(sandbox, clock, **options) as server:
        sources = server.app.state.editions.sources
        await sources.collection(Timetable, city)  # however long that takes
        for _ in range(3_600 // STEP_S):
            for name in STATIONS[city]:
                answer = await server.ask(QUERY, {"city": city, "name": name})
                assert "errors" not in answer
                [stop] = answer["data"]["stops"]["nodes"]
                compared += compare(stop, world, clock.now)
            clock.advance(STEP_S)
    assert compared > 300


def patient(folder):
    """City files whose sources are waited for, however busy the machine is."""
    folder.mkdir()
    for file in cities.HERE.glob("*.toml"):
        waits = re.sub(r"^(ttl = .*)$", r'\1\ngrace = "60s"', file.read_text(), flags=re.M)
        (folder / file.name).write_text(waits)
    return folder


def compare(stop, world, now):
    """Every departure of the coming minutes, both ways; how many there were."""
    runs = [one for quay in stop["quays"] for one in world.truth(quay["gtfsId"], now)]
    so = {truly(one): one for one in runs if not (one.canceled or one.skipped)}
    said = {told(one): one for one in stop["departures"] if when(one["expectedAt"]) < now + AHEAD}
    soon = {name for name, one in so.items() if now <= leaves(one, now) < now + SURELY_TOLD}
    assert soon <= said.keys(), f"not told at {now}: {soon - said.keys()}"
    for name, one in said.items():
        if not one["realtime"] and name in believed_gone(stop, world, now):
            continue
        assert name in so, f"told at {now}, but is not so: {one}"
        real = so[name].expected if one["realtime"] else so[name].aimed
        assert when(one["expectedAt"]) == real.replace(microsecond=0)
    return len(said)


def believed_gone(stop, world, now):
    """SIRI stops listing a vehicle that an old prediction had leave by now.

    Nobody has looked at it since: that it leaves as planned is the better answer.
    """
    before = now - timedelta(minutes=15)
    runs = [one for quay in stop["quays"] for one in world.truth(quay["gtfsId"], before)]
    return {truly(one) for one in runs if one.expected and before - one.recorded > STALE_AFTER}


def truly(one):
    """What a run is known by; an added one has no place in the timetable, nor a sign there."""
    return (one.line, None, None) if one.added else (one.line, one.destination, one.aimed)


def told(one):
    line, at = one["route"]["shortName"], when(one["scheduledAt"])
    return (line, None if at is None else one["headsign"], at)


def leaves(one, now):
    """When it leaves as far as can be known: what was predicted long ago is no prediction."""
    old = now - one.recorded > STALE_AFTER
    return one.aimed if one.expected is None or old else one.expected


def when(text):
    return text and datetime.fromisoformat(text)
