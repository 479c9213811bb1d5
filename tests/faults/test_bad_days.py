"""Every bad day of every upstream, over real sockets: after a good read of it, and without one.

What a client is told when there is nothing to show:

    UNAVAILABLE  it did not answer, not in time, not to the end, or with a failure of its own
    REFUSED      it answered no, or sent us to somebody else; `retryAfter` if it said when
    CHANGED      it answered, and what it said cannot be read; also 404, and 304 to no condition
    (none)       it can be read: whatever its content type, its clock, or how little it is

With a good read, none of it is an error: what was read is shown, and how old it is.
One server serves all of it: before each bad day it holds a good one (`screens.instead`).
"""

from collections.abc import AsyncIterator
from contextlib import contextmanager
from itertools import product
from typing import Any, NamedTuple

import pytest

from tests.conftest import Clock, Server
from tests.faults.screens import (
    MORNING,
    SCREENS,
    SOURCES,
    STAND_INS,
    instead,
    stand_still,
    written,
)
from tests.faults.town import SOURCES as STATES
from tests.faults.town import Network, Outside, at, landed, outside, pruned, town

pytestmark = pytest.mark.anyio

UNAVAILABLE = ("refuse", "delay:60", "hang", "drip", "reset", "500", "502", "503")
REFUSED = ("429:17", "401", "403", "redirect")
CHANGED = ("404", "html", "blank", "truncated", "interrupted", "gzip_bomb", "304", "wrong_columns")
SKEWED = ("skew:3600", "skew:-3600")
READABLE = ("flaky:1", "wrong_type", *SKEWED, "half", "empty")
TOLD_TO_THE_SECOND = ("bordeaux/departures.updates", "bordeaux/vehicles")  # by their own clock
CODES = {
    **dict.fromkeys(UNAVAILABLE, "UNAVAILABLE"),
    **dict.fromkeys(REFUSED, "REFUSED"),
    **dict.fromkeys(CHANGED, "CHANGED"),
    **dict.fromkeys(READABLE),
}
EXCEPTIONS = {
    ("empty", "nantes/stops"): "CHANGED",  # no record, so no address of a file
    **dict.fromkeys(product(SKEWED, TOLD_TO_THE_SECOND), "CHANGED"),  # no time of ours
}
SLOW = ("delay:60", "hang", "drip")
# What a good read makes of the next one, if not STALE.
KEPT = {
    "429:17": "OVER_QUOTA",
    **dict.fromkeys(READABLE, "LIVE"),
    "half": "STALE",
    "empty": "STALE",
}
KEPT_EXCEPTIONS = {
    **dict.fromkeys(product(SKEWED, TOLD_TO_THE_SECOND), "STALE"),
}
MAY_SHRINK = {  # nothing runs at night, and on a good day nothing is disturbed
    "nantes/departures",
    "nantes/alerts",
    "nantes/alerts.planned",
    "bordeaux/departures.updates",
    "bordeaux/vehicles",
    "bordeaux/alerts",
    "lite/departures",
    "planned/departures",
}
TIMEOUT_S = 0.2
PATIENT_S = 60  # to hear of the failure itself, however slow this machine is
LATER_S = 100  # past every source's time to live
EVERYTHING = {**SOURCES, **STAND_INS}
DEPARTURES = frozenset(("departures",))
BY_THE_CLOCK = frozenset(("departures", "vehicles", "openNow", "closesAt", "hours"))


class Town(NamedTuple):
    """A server that has read everything on a good day, and what it answered."""

    server: Server
    world: Outside
    network: Network
    clock: Clock
    screens: dict[str, Any]

    @contextmanager
    def suffering(self, fault, *sources):
        """A bad day of some sources; each other's, too, if they share an upstream."""
        for source in sources:
            if fault == "refuse":
                self.network.unplugged.add(source.partition("/")[2])
            else:
                self.world.suffer(EVERYTHING[source].name, fault)
        try:
            yield
        finally:
            self.network.unplugged.clear()
            self.world.recover()
            self.clock.now = MORNING


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def good(tmp_path_factory) -> AsyncIterator[Town]:
    folder, clock = tmp_path_factory.mktemp("cities"), Clock()
    clock.now = MORNING
    with outside(clock, siri_period_s=0) as world:
        network = Network(world.url)
        settings = {"cities": written(folder), "data": folder, "deadline_s": PATIENT_S}
        settings["remember_bytes"] = 0  # sources are taken from under it, which no server sees
        async with town(world, clock, network, **settings) as server:
            screens = {city: await server.ask(screen) for city, screen in SCREENS.items()}
            assert not any("errors" in answer for answer in screens.values())
            stand_still(server)
            yield Town(
                server, world, network, clock, {city: a["data"] for city, a in screens.items()}
            )


@pytest.mark.parametrize("fault", CODES)
async def test_nothing_else_is_lost(fault, good):
    for source, (_, ours, _) in SOURCES.items():
        answer = await unread(good, fault, source)

        healthy = good.screens[source.partition("/")[0]]
        assert pruned(answer["data"], ours) == pruned(healthy, ours), source
        told(answer, source, EXCEPTIONS.get((fault, source), CODES[fault]), fault)
        if fault in ("flaky:1", "wrong_type"):
            assert answer["data"] == healthy, source


def told(answer, source, code, fault):
    """The fields that rest on this source, and only those, are null, and say why."""
    errors = answer.get("errors", [])
    assert bool(errors) is (code is not None), (source, errors)
    city, _, table = source.partition("/")
    for error in errors:
        extensions = error["extensions"]
        assert error["path"][-1] in EVERYTHING[source].fields, source
        assert at(answer["data"], error["path"]) is None, source
        assert (extensions["code"], extensions["source"]) == (code, source)
        assert (extensions["city"], extensions["service"]) == (city, table.split(".")[0])
        if fault == "429:17":
            assert extensions["retryAfter"] == 17
    [aside] = [one for one in answer["extensions"]["sources"] if one["id"] == source]
    spent = code == "REFUSED" and fault == "429:17"
    assert aside["state"] == ("OVER_QUOTA" if spent else "DOWN" if code else "LIVE"), source


@pytest.mark.parametrize("fault", CODES)
async def test_what_was_read_is_shown_with_its_age(fault, good):
    with (
        instead(good.server, timeout_s=1 if fault in SLOW else None),
        good.suffering(fault, *EVERYTHING),
    ):
        good.clock.advance(LATER_S)
        for city, screen in SCREENS.items():
            response = await good.server.post(screen)
            answer = response.json()
            assert response.status_code == 200
            assert "errors" not in answer
            if fault not in READABLE:
                before = pruned(good.screens[city], BY_THE_CLOCK)
                assert pruned(answer["data"], BY_THE_CLOCK) == before
            aside = {one["id"]: one for one in answer["extensions"]["sources"]}
            states = await good.server.ask(STATES.replace("sources", f'sources(city: "{city}")'))
            asked = {one["id"]: one for one in states["data"]["sources"]}
            for source in EVERYTHING:
                if source.startswith(f"{city}/"):
                    state = kept(fault, source)
                    for one in (aside[source], asked[source]):
                        assert one["state"] == state, source
                        assert one["ageS"] == (0 if state == "LIVE" else LATER_S), source
                    assert bool(asked[source]["lastError"]) is (state != "LIVE"), source
        await landed()


UNREADABLE = [fault for fault, code in CODES.items() if code]


@pytest.mark.parametrize("fault", UNREADABLE)
async def test_a_timetable_stands_in_for_real_time(fault, good):
    answer = await unread(good, fault, "planned/departures")

    assert "errors" not in answer
    assert pruned(answer["data"], DEPARTURES) == pruned(good.screens["planned"], DEPARTURES)
    told = answer["data"]["stops"]["nodes"][0]["departures"]
    assert [one["realtime"] for one in told] == [False] * 4
    states = {one["id"]: one["state"] for one in answer["extensions"]["sources"]}
    assert states["planned/departures"] == ("OVER_QUOTA" if fault == "429:17" else "DOWN")
    assert states["planned/stops.timetable"] == "LIVE"


@pytest.mark.parametrize("fault", UNREADABLE)
async def test_real_time_does_without_a_timetable(fault, good, tmp_path):
    answer = await unread(good, fault, "planned/stops.timetable", folder=tmp_path)

    patterns = frozenset(("patterns",))
    told(answer, "planned/stops.timetable", CODES[fault], fault)
    assert pruned(answer["data"], patterns | DEPARTURES) == pruned(
        good.screens["planned"], patterns | DEPARTURES
    )
    assert any(one["realtime"] for one in answer["data"]["stops"]["nodes"][0]["departures"])


async def unread(good, fault, source, **options):
    """What is answered when a source has its bad day before it was ever read."""
    timeout_s = TIMEOUT_S if fault in SLOW else None
    with (
        instead(good.server, source, timeout_s=timeout_s, **options),
        good.suffering(fault, source),
    ):
        response = await good.server.post(SCREENS[source.partition("/")[0]])
        await landed()
    assert response.status_code == 200, source
    return response.json()


def kept(fault, source):
    if fault in ("half", "empty") and source in MAY_SHRINK:
        return "LIVE"
    return KEPT_EXCEPTIONS.get((fault, source), KEPT.get(fault, "STALE"))


def test_every_fault_of_the_sandbox_has_its_day():
    from sandbox.faults import KINDS

    suffered = {fault.partition(":")[0] for fault in CODES}
    assert suffered - {"refuse"} == set(KINDS)


def test_no_fault_has_two_codes():
    lists = (UNAVAILABLE, REFUSED, CHANGED, READABLE)
    assert all(not set(one) & set(other) for one, other in product(lists, lists) if one != other)
