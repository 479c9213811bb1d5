"""Bad days of a network: what riders see, and what the operator is told, through the front door."""

import shutil
from pathlib import Path

import pytest
from google.transit.gtfs_realtime_pb2 import FeedMessage

from tests.conftest import Clock
from tests.faults.town import landed
from tests.transit.town import STOPS, Town, board, gtfs, living, packed, source, told

pytestmark = pytest.mark.anyio

HEADERS = {name: text.partition("\n")[0] + "\n" for name, text in gtfs().items()}
BOMB = packed(gtfs(stop_times="trip_id,stop_id\n" + "0" * (16 << 20)))
FEEDS = {
    # what comes: what is said of its stops, and of its timetable
    "no zip": (b"<html>Maintenance</html>", "not a zip", "not a zip"),
    "cut off": (packed(gtfs())[:-40], "not a zip", "not a zip"),
    "corrupt": (packed(gtfs()).replace(b"PK\x03\x04", b"PK\x03\x05", 1), "zip", "zip"),
    "bomb": (BOMB, None, "bomb"),
    "bomb in its stops": (packed(gtfs(stops=STOPS + "0" * (16 << 20))), "bomb", "bomb"),
    "no stops.txt": (
        packed({name: text for name, text in gtfs().items() if name != "stops.txt"}),
        "no stops.txt",
        "no stops.txt",
    ),
    "no stops": (packed(gtfs(stops=HEADERS["stops.txt"])), "suspect: 0 rows", "no stop"),
    "empty but valid": (packed(HEADERS), "suspect: 0 rows", "no stop"),
    "no trips": (packed(gtfs(trips=HEADERS["trips.txt"])), None, "0 trips in trips.txt"),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the timetable of a good day is kept, imported once for all."""
    return tmp_path_factory.mktemp("data")


@pytest.mark.parametrize("day", FEEDS)
async def test_the_last_good_edition_keeps_serving(day: str, data: Path, tmp_path: Path) -> None:
    town, clock = Town(), Clock()
    body, of_stops, of_timetable = FEEDS[day]
    async with living(town, data) as server:
        await board(server, "GARE")
    shutil.copytree(data, tmp_path / "kept", symlinks=True)
    async with living(town, tmp_path / "kept", clock) as server:
        before = await board(server, "GARE", first=2)
        town.zip = body
        clock.advance(86_400)
        tomorrow = await board(server, "GARE", first=2)  # read behind what is shown meanwhile
        await landed()
        after = await board(server, "GARE", first=2)
        assert (told(before), told(tomorrow)) == (told(after), told(after))
        assert told(before) == [("10:13",), ("10:23",)]
        for name, why in (("stops", of_stops), ("stops.timetable", of_timetable)):
            said = await source(server, name)
            if why is not None:
                assert (said["state"], said["ageS"]) == ("STALE", 86_400), said
                assert why in said["lastError"]
    async with living(town, tmp_path / "kept", clock) as server:  # and over a restart
        restarted = await board(server, "GARE", first=2)
        assert told(restarted) == told(before)
        again = await server.ask('{ sources(city: "bordeaux") { id state ageS } }')
        kept = {one["id"]: one["ageS"] for one in again["data"]["sources"]}
        assert kept["bordeaux/stops.timetable"] == 86_400
        if of_stops is not None:
            assert kept["bordeaux/stops"] == 86_400


async def test_a_timetable_that_lost_trips_is_believed_when_confirmed_twice(tmp_path: Path) -> None:
    town, clock, seen = Town(), Clock(), []
    async with living(town, tmp_path, clock) as server:
        before = told(await board(server, "GARE", first=2))
        town.zip = packed(gtfs(range(8 * 60, 20 * 60, 30)))
        clock.advance(86_400)
        await board(server, "GARE")
        await landed()
        assert told(await board(server, "GARE", first=2)) == before
        doubted = await source(server, "stops.timetable")
        assert doubted["state"] == "STALE"
        assert "suspect: 24 rows, where 72 were" in doubted["lastError"]
    async with living(town, tmp_path, clock) as server:  # and a restart believes no sooner
        for _ in range(4):
            await board(server, "GARE")
            await landed()
            seen.append(told(await board(server, "GARE", first=2)))
            clock.advance(86_400)
        assert (await source(server, "stops.timetable"))["lastError"] is None
    assert before == [("10:13",), ("10:23",)]
    assert seen == [before, before, [("10:33",), ("11:03",)], [("10:33",), ("11:03",)]]


@pytest.mark.parametrize("day", FEEDS)
async def test_without_a_good_edition_it_says_what_is_wrong(day: str, tmp_path: Path) -> None:
    town = Town()
    town.zip, of_stops, of_timetable = FEEDS[day]
    async with living(town, tmp_path) as server:
        answer = await server.ask('{ stop(city: "bordeaux", gtfsId: "GARE") { name } }')
        await server.ask('{ stop(city: "bordeaux", gtfsId: "GARE") { routes { shortName } } }')
        timetable = await source(server, "stops.timetable")
        stops = await source(server, "stops")
    if of_stops is None:
        assert answer["data"]["stop"] == {"name": "Gare"}
        assert timetable["state"] == "DOWN"
        assert of_timetable in timetable["lastError"]
    elif "suspect" in of_stops:  # a feed of nothing is one, until there was another
        assert answer["data"]["stop"] is None
        assert (stops["state"], stops["rowsRead"]) == ("LIVE", 0)
    else:
        assert answer["errors"][0]["extensions"]["code"] == "CHANGED"
        assert stops["state"] == "DOWN"
        assert of_stops in stops["lastError"]


def feed_of(seconds_ago: float) -> bytes:
    town = Town()
    town.late("t-610", 240)
    town.feed.header.timestamp -= int(seconds_ago)
    content: bytes = town.feed.SerializeToString()
    return content


NOTHING_NEW = Town().feed.SerializeToString()
REALTIME = {
    # what comes: what is said of it, or None if it can be read
    "undecodable": (b"\x0f\xff\xff", "protobuf"),
    "a page": (b"<!doctype html><title>Maintenance</title>", "protobuf"),
    "nothing": (b"", ""),
    "cut off": (feed_of(0)[:-3], "cut off"),
    "a day old": (feed_of(86_400), "86400 s ago"),
    "an hour behind": (feed_of(3_600), "3600 s ago"),
    "an hour ahead": (feed_of(-3_600), "-3600 s ago"),
    "empty but valid": (NOTHING_NEW, None),
}


@pytest.mark.parametrize("day", REALTIME)
async def test_without_real_time_the_timetable_answers(day: str, data: Path) -> None:
    town = Town()
    town.body, why = REALTIME[day]
    async with living(town, data) as server:
        found = await board(server, "GARE", first=2)
        said = await source(server, "departures.updates")
    assert told(found, "realtimeState", "realtime") == [
        ("10:13", "SCHEDULED", False),
        ("10:23", "SCHEDULED", False),
    ]
    if why is None:
        assert (said["state"], said["lastError"]) == ("LIVE", None)
    else:
        assert said["state"] == "DOWN"
        assert why in said["lastError"]


@pytest.mark.parametrize("day", REALTIME)
async def test_the_last_good_news_is_shown_for_as_long_as_it_may_be(day: str, data: Path) -> None:
    town, clock = Town(), Clock()
    town.late("t-610", 240)
    body, why = REALTIME[day]
    async with living(town, data, clock) as server:
        assert told(await board(server, "GARE", first=1), "delay") == [("10:17", "PT4M")]
        if why is None:  # its own clock goes on
            fresh = FeedMessage.FromString(body)
            fresh.header.timestamp += 100
            body = fresh.SerializeToString()
        town.body = body
        clock.advance(100)
        still = await board(server, "GARE", first=1)
        said = await source(server, "departures.updates")
        assert (said["state"], said["ageS"]) == (("LIVE", 0) if why is None else ("STALE", 100))
        assert told(still, "delay") == [("10:13", None) if why is None else ("10:17", "PT4M")]
        clock.advance(300)
        old = await board(server, "GARE", first=1)
    assert told(old, "delay") == [("10:13", None)]  # it was too old to be shown as the present


async def test_trips_that_match_nothing_leave_the_plan_and_are_told(data: Path) -> None:
    town, clock = Town(), Clock()
    town.late("t-of-last-year", 240)
    async with living(town, data, clock) as server:
        found = await board(server, "GARE", first=1)
        said = await source(server, "departures.updates")
        assert told(found, "realtimeState", "realtime") == [("10:13", "SCHEDULED", False)]
        assert said["state"] == "STALE"
        assert said["lastError"] == "none of its 1 trips is in the timetable"
        town.late("t-610", 240)
        clock.advance(100)
        town.feed.header.timestamp += 100
        await board(server, "GARE", first=1)
        said = await source(server, "departures.updates")
    assert (said["state"], said["lastError"]) == ("LIVE", None)


@pytest.mark.parametrize(
    ("days", "state", "why"), [(0, "LIVE", None), (400, "STALE", "it is made for ")]
)
async def test_a_timetable_that_has_ended_is_told(
    days: int, state: str, why: str | None, tmp_path: Path
) -> None:
    town, clock = Town(), Clock()
    clock.advance(days * 86_400)
    async with living(town, tmp_path, clock) as server:
        await server.ask('{ stop(city: "bordeaux", gtfsId: "GARE") { routes { shortName } } }')
        await landed()
        said = await source(server, "stops.timetable")
    assert said["state"] == state
    assert (said["lastError"] or "").startswith(why or "")
    assert bool(said["lastError"]) == bool(why)
