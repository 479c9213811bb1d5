"""Keyed sources: a feed for each thing that is asked for, all by one policy."""

import asyncio
import gc
import json
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from cProfile import Profile
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import ref

import httpx
import pytest
from pydantic import PrivateAttr, ValidationError

import cities
from schema.departures import Departure
from schema.provenance import SourceState
from sources import Sources
from sources.errors import Changed, NotOffered, OverQuota
from sources.exchange import Answer, Question
from sources.http import Door
from sources.keyed import NOTHING_S, Keyed
from sources.protocols import Ask, Speaks
from sources.protocols.siri_lite import SiriLite
from sources.reading import readers
from sources.tables import Table
from sources.watch import Watch
from tests.conftest import Clock, called

TOML = """
    name = "Here"
    timezone = "Europe/Paris"

    [departures]
    protocol = "siri_lite"
    name = "Next departures"
    url = "https://lite.example/stop-monitoring.json"
    params = { MonitoringRef = "net:Stop:{id}:LOC" }
    ttl = "20s"
    stale_while_revalidate = 0
    stale_if_error = "1min"
    quota = "3 per min"

    [departures.fields]
    stop = { column = "MonitoringRef", part = 3 }
    line = "LineRef"
    scheduled = "AimedDepartureTime"
"""


class Kin(Speaks):
    """Some protocol, which knows something that all of its kin know."""

    stop: str
    line: str
    way: str = "all"
    _seen: list[str] = PrivateAttr(default_factory=list)

    async def fetch(self, ask: Ask) -> bytes:
        return b""

    def rows(self, body: bytes) -> list[dict[str, Any]]:
        return []


class Lite:
    """One visit of line 4 at whatever stop is asked for; none at EMPTY, no such stop as X."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        stop = request.url.params["MonitoringRef"]
        self.asked.append(stop)
        call = {"AimedDepartureTime": "2026-11-24T09:10:00Z"}
        visit = {"MonitoredVehicleJourney": {"LineRef": {"value": "4"}, "MonitoredCall": call}}
        delivery = {"Status": True, "MonitoredStopVisit": [visit]}
        if stop.endswith(":EMPTY:LOC"):
            delivery["MonitoredStopVisit"] = []
        if stop.endswith(":X:LOC"):
            delivery = {"Status": False, "ErrorCondition": "unknown stop"}
        body = {"Siri": {"ServiceDelivery": {"StopMonitoringDelivery": [delivery]}}}
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps(body).encode()))


MANY, OBJECTS_A_THING = 50, 11  # 10 on 2026-11-23, what was read of it and all
CALLS_A_READ = 360  # 343 on 2026-11-23 with Python 3.11, a row's reading and all

Use = Callable[[Sources, Lite, Clock], Awaitable[None]]


@pytest.fixture
def here(tmp_path: Path) -> Callable[[Use], None]:
    """Run something with the sources of a city that has nothing else."""
    (tmp_path / "here.toml").write_text(textwrap.dedent(TOML))

    def run(use: Use) -> None:
        async def main() -> None:
            clock, lite = Clock(), Lite()
            async with httpx.AsyncClient(transport=httpx.MockTransport(lite)) as client:
                door = Door(
                    client, clock, ticks=lambda: clock().timestamp(), folder=tmp_path / "data"
                )
                sources = Sources(cities.load(tmp_path), door)
                await use(sources, lite, clock)
                sources.close()

        asyncio.run(main())

    return run


def test_each_key_is_asked_for_once_and_only_when_wanted(here: Any) -> None:
    async def use(sources: Sources, lite: Lite, clock: Clock) -> None:
        assert sources.is_keyed(Departure, "here")
        assert list(sources.kinds()) == []
        found = await asyncio.gather(
            *(sources.keyed(Departure, "here", key) for key in ("A", "B", "A"))
        )
        assert [[one.stop_id for one in each.items] for each in found] == [["A"], ["B"], ["A"]]
        assert lite.asked == ["net:Stop:A:LOC", "net:Stop:B:LOC"]
        clock.advance(21)
        await sources.keyed(Departure, "here", "A")
        assert lite.asked[2:] == ["net:Stop:A:LOC"]

    here(use)


def test_the_quota_is_of_the_source_not_of_each_key(here: Any) -> None:
    async def use(sources: Sources, lite: Lite, clock: Clock) -> None:
        for key in ("A", "B"):
            await sources.keyed(Departure, "here", key)
        await sources.keyed(Departure, "here", "C")
        with pytest.raises(OverQuota):
            await sources.keyed(Departure, "here", "D")
        assert (await sources.keyed(Departure, "here", "A")).items

    here(use)


def test_what_is_wrong_with_one_key_is_not_with_the_others(here: Any) -> None:
    async def use(sources: Sources, lite: Lite, clock: Clock) -> None:
        with pytest.raises(Changed) as caught:
            await sources.keyed(Departure, "here", "X")
        assert caught.value.detail == "unknown stop"
        assert (await sources.keyed(Departure, "here", "A")).items
        with pytest.raises(NotOffered):
            await sources.keyed(Departure, "nowhere", "A")

    here(use)


def test_the_source_reports_what_was_asked_last(here: Any) -> None:
    async def use(sources: Sources, lite: Lite, clock: Clock) -> None:
        [source] = sources.report("here")
        assert (source.id, source.state) == ("here/departures", SourceState.IDLE)
        await sources.keyed(Departure, "here", "A")
        assert sources.report("here")[0].state is SourceState.LIVE
        with pytest.raises(Changed):
            await sources.keyed(Departure, "here", "X")
        assert sources.report("here")[0].state is SourceState.LIVE  # it answered what it knows
        assert sources.binding(Departure, "here").source == "here/departures"

    here(use)


def test_an_answer_is_told_of_the_oldest_of_what_it_shows(here: Any) -> None:
    async def use(sources: Sources, lite: Lite, clock: Clock) -> None:
        await sources.keyed(Departure, "here", "A")
        clock.advance(10)
        await sources.keyed(Departure, "here", "B")
        with pytest.raises(Changed):
            await sources.keyed(Departure, "here", "X")

        def age_s(*keys: str) -> int | None:
            [source] = sources.report("here", only={"here/departures": keys})
            return source.age_s

        assert (age_s("A", "B"), age_s("B"), age_s("X", "B")) == (10, 0, 0)
        assert age_s("X") is None

    here(use)


def test_what_was_not_asked_for_the_longest_is_forgotten(here: Any, tmp_path: Path) -> None:
    async def use(sources: Sources, lite: Lite, clock: Clock) -> None:
        city = sources.cities["here"]
        binding = city.bindings["departures"].model_copy(update={"quota": None})
        table = Table(binding, SiriLite(**binding.options), readers[Departure])
        keyed = Keyed(city, table, sources._door, most=2)
        for key in ("A", "B", "A", "C", "A", "B"):
            await keyed.collection(Departure, key)
        assert [stop[9] for stop in lite.asked] == ["A", "B", "C", "B"]
        keyed.close()

    here(use)


def test_two_cities_may_ask_the_same_at_once(here: Any) -> None:
    """Neither waits for the other's read, of which it would be told nothing."""

    async def use(sources: Sources, lite: Lite, clock: Clock) -> None:
        both = asyncio.Barrier(2)
        ask = sources._door._get

        @asynccontextmanager
        async def met(question: Question) -> AsyncIterator[Answer]:
            await both.wait()
            async with ask(question) as answer:
                yield answer

        sources._door._get = met
        city, table = sources.cities["here"], sources._keyed[Departure, "here"].table
        two = [Keyed(city, table, sources._door) for _ in range(2)]
        found = await asyncio.gather(*(keyed.collection(Departure, "A") for keyed in two))
        assert [len(each.items) for each in found] == [1, 1]
        for keyed in two:
            keyed.close()

    here(use)


def test_what_is_large_is_forgotten_sooner(here: Any) -> None:
    """Of stops whose payloads are as large, two fit; one that fails takes no room."""

    async def use(sources: Sources, lite: Lite, clock: Clock) -> None:
        city, table = sources.cities["here"], sources._keyed[Departure, "here"].table
        free = replace(table, binding=table.binding.model_copy(update={"quota": None}))
        size = len(lite(httpx.Request("GET", "https://lite.example/?MonitoringRef=A")).read())
        lite.asked.clear()
        keyed = Keyed(city, free, sources._door, most_bytes=2 * size)
        for key in ("A", "B", "C", "B", "A", "B", "A"):
            await keyed.collection(Departure, key)
        with pytest.raises(Changed):
            await keyed.collection(Departure, "X")
        assert [keyed.find(key) is not None for key in "ABC"] == [True, True, False]
        assert [stop[9:-4] for stop in lite.asked] == ["A", "B", "C", "A", "X"]
        clock.advance(21)  # what is read again is not counted twice
        for key in ("A", "B", "A", "B"):
            await keyed.collection(Departure, key)
        assert [stop[9:-4] for stop in lite.asked[5:]] == ["A", "B"]
        keyed.close()

    here(use)


def test_of_what_is_too_large_the_last_is_kept(here: Any) -> None:
    async def use(sources: Sources, lite: Lite, clock: Clock) -> None:
        table = sources._keyed[Departure, "here"].table
        keyed = Keyed(sources.cities["here"], table, sources._door, most_bytes=1)
        for key in ("A", "A", "B", "B"):
            await keyed.collection(Departure, key)
        assert [stop[9:-4] for stop in lite.asked] == ["A", "B"]
        keyed.close()

    here(use)


def narrow(sources: Sources) -> Keyed:
    """One that remembers what was asked last, and nothing else."""
    table = sources._keyed[Departure, "here"].table
    return Keyed(sources.cities["here"], table, sources._door, most=1)


def test_what_is_forgotten_goes_at_once(here: Any) -> None:
    async def use(sources: Sources, lite: Lite, clock: Clock) -> None:
        keyed = narrow(sources)
        gone = ref(await keyed.collection(Departure, "A"))
        gc.disable()  # nothing waits for a look for cycles, nor for an alarm
        try:
            await keyed.collection(Departure, "B")
            assert gone() is None
        finally:
            gc.enable()
        keyed.close()

    here(use)


def test_what_is_forgotten_but_watched_is_read_on(here: Any) -> None:
    async def use(sources: Sources, lite: Lite, clock: Clock) -> None:
        keyed = narrow(sources)
        watching = Watch()
        with watching.reading():
            await keyed.collection(Departure, "A")
        watched = keyed.find("A")
        assert watched is not None
        await keyed.collection(Departure, "B")
        await watched.cached.read()
        assert [stop[9:-4] for stop in lite.asked] == ["A", "B", "A"]
        assert watching.news.is_set()
        watching.end()
        watched.cached.close()
        keyed.close()

    here(use)


def test_that_there_is_nothing_is_not_believed_as_long_as_what_there_is(here: Any) -> None:
    async def use(sources: Sources, lite: Lite, clock: Clock) -> None:
        keyed = sources._keyed[Departure, "here"]
        assert keyed.table.binding.ttl_s == 20 < NOTHING_S
        lasting = keyed.table.binding.model_copy(update={"ttl_s": 3 * NOTHING_S, "quota": None})
        keyed = Keyed(sources.cities["here"], replace(keyed.table, binding=lasting), sources._door)
        for key in ("A", "EMPTY"):
            await keyed.collection(Departure, key)
        clock.advance(NOTHING_S + 1)
        for key in ("A", "EMPTY"):
            await keyed.collection(Departure, key)
        assert [stop[9:-4] for stop in lite.asked] == ["A", "EMPTY", "EMPTY"]
        keyed.close()

    here(use)


def test_of_each_thing_little_is_kept(here: Any) -> None:
    """All that is kept is looked at by the collector of cycles, and a thousand feeds are many."""

    async def use(sources: Sources, lite: Lite, clock: Clock) -> None:
        city, table = sources.cities["here"], sources._keyed[Departure, "here"].table
        free = replace(table, binding=table.binding.model_copy(update={"quota": None}))
        keyed = Keyed(city, free, sources._door)

        async def kept(first: int) -> int:
            for key in range(first, first + MANY):
                await keyed.collection(Departure, str(key))
            gc.collect()
            return len(gc.get_objects())

        before = await kept(0)
        assert await kept(MANY) - before <= MANY * OBJECTS_A_THING
        keyed.close()

    here(use)


def test_nobody_listens_where_nobody_else_reads(here: Any) -> None:
    """Who watches a thing hears of our own reads: that takes no task for each of them."""

    async def use(sources: Sources, lite: Lite, clock: Clock) -> None:
        keyed, watching = sources._keyed[Departure, "here"], Watch()
        with watching.reading():
            await keyed.collection(Departure, "A")
        found = keyed.find("A")
        assert found is not None
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("news of")]
        await found.cached.read()
        await asyncio.wait_for(watching.news.wait(), 1)
        watching.end()

    here(use)


def test_what_is_asked_of_one_thing_is_all_else_as_it_was() -> None:
    every = Kin(stop="{id}", line="4")
    every._seen.append("A")
    one = every.but(stop="B")
    assert (one, one.model_fields_set) == (
        every.model_copy(update={"stop": "B"}),
        {"stop", "line"},
    )
    assert (every.stop, one._seen, one.model_dump()) == (
        "{id}",
        ["A"],
        {"stop": "B", "line": "4", "way": "all"},
    )
    with pytest.raises(ValidationError):
        one.stop = "C"  # type: ignore[misc]


def test_a_read_of_one_thing_takes_few_calls(here: Any) -> None:
    """A guard, as those of `test_speed.py`: all that stands around a read, without the network."""

    whole = Lite()(httpx.Request("GET", "https://lite.example/?MonitoringRef=A")).read()

    async def body() -> AsyncIterator[bytes]:
        yield whole

    @asynccontextmanager
    async def said(_: Question) -> AsyncIterator[Answer]:
        yield Answer(200, "OK", {}, body())

    async def use(sources: Sources, lite: Lite, clock: Clock) -> None:
        city, table = sources.cities["here"], sources._keyed[Departure, "here"].table
        free = replace(table, binding=table.binding.model_copy(update={"quota": None}))
        sources._door._get = said
        keyed, found = Keyed(city, free, sources._door), []
        for number in range(8):
            profile = Profile(builtins=False)
            profile.enable()
            assert (await keyed.collection(Departure, str(number))).items
            profile.disable()
            found.append(called(profile))
        assert min(found) <= CALLS_A_READ, found
        keyed.close()

    here(use)
