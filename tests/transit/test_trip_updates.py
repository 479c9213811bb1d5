"""Trip updates through the front door: what GTFS-Realtime makes of the board at a stop.

It is five past ten, and the trams of a quarter to ten, of ten and of ten past are around.
"""

from pathlib import Path

import pytest

from tests.transit.town import MIDNIGHT, Town, board, gtfs, living, told

pytestmark = pytest.mark.anyio

TEN = MIDNIGHT + 10 * 3600


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the timetable of `town` is kept, imported once for all."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def town() -> Town:
    return Town()


async def test_without_news_it_is_as_planned(town: Town, data: Path) -> None:
    async with living(town, data) as server:
        found = await board(server, "GARE", first=2)
    assert told(found, "realtime", "platformCode", "headsign") == [
        ("10:13", False, "A", "Mairie"),
        ("10:23", False, "A", "Mairie"),
    ]
    assert found[0]["trip"] == {"gtfsId": "t-610"}


async def test_late_by_up_to_an_hour_and_still_to_come(town: Town, data: Path) -> None:
    town.late("t-550", 55 * 60)  # planned at 09:13 at Gare
    town.late("t-530", 80 * 60)  # more than an hour late: not looked for
    town.late("t-590", 30)  # gone since 09:53
    async with living(town, data) as server:
        found = await board(server, "GARE", first=2)
    assert told(found, "delay", "realtimeState") == [
        ("10:08", "PT55M", "UPDATED"),
        ("10:13", None, "SCHEDULED"),
    ]


async def test_what_leaves_early_enters_the_time_asked_for(town: Town, data: Path) -> None:
    town.late("t-630", -9 * 60)  # planned for 10:33 at Gare
    town.late("t-620", 9 * 60)  # planned for 10:23, and out of it
    async with living(town, data) as server:
        found = await board(server, "GARE", range=20 * 60)
    assert told(found, "delay") == [("10:13", None), ("10:24", "-PT9M")]


async def test_the_next_one_may_be_planned_after_many_that_are_late(tmp_path: Path) -> None:
    """Whatever `first` is, what is found leaves before all that is not."""
    busy = Town(gtfs(range(10 * 60, 12 * 60)))
    for minute in range(600, 660):
        busy.late(f"t-{minute}", 59 * 60)
    async with living(busy, tmp_path) as server:
        found = await board(server, "port", first=1, range=7200)
        more = await board(server, "port", first=100, range=7200)
    assert found == more[:1]
    assert told(more)[:3] == [("10:59",), ("11:00",), ("11:00",)]


async def test_on_a_day_of_strike_what_runs_is_found(tmp_path: Path) -> None:
    busy = Town(gtfs(range(10 * 60, 20 * 60)))
    for minute in range(600, 1190):
        busy.update(f"t-{minute}", schedule_relationship=3)
    async with living(busy, tmp_path) as server:
        found = await board(server, "port", first=2, range=86_400)
        canceled = await board(server, "port", first=2, range=86_400, omit=False)
    assert told(found, "realtimeState") == [("19:50", "SCHEDULED"), ("19:51", "SCHEDULED")]
    assert told(canceled, "realtimeState") == [("10:05", "CANCELED"), ("10:06", "CANCELED")]


async def test_another_platform(town: Town, data: Path) -> None:
    moved = town.update("t-610").stop_time_update.add(stop_sequence=2)
    moved.departure.delay = 60
    moved.stop_time_properties.assigned_stop_id = "gare-b"
    only = town.update("t-620").stop_time_update.add(stop_sequence=2, schedule_relationship=2)
    only.stop_time_properties.assigned_stop_id = "gare-b"  # where, but not when
    async with living(town, data) as server:
        station = await board(server, "GARE", first=3)
        old, new = await board(server, "gare-a", first=3), await board(server, "gare-b", first=3)
    assert told(station, "platformCode", "realtimeState") == [
        ("10:14", "B", "UPDATED"),
        ("10:23", "B", "SCHEDULED"),
        ("10:33", "A", "SCHEDULED"),
    ]
    assert told(old, "platformCode") == [("10:33", "A"), ("10:43", "A"), ("10:53", "A")]
    assert new == station[:2]
    assert new[0]["trip"] == {"gtfsId": "t-610"}


async def test_a_copy_of_a_trip_at_another_time(town: Town, data: Path) -> None:
    copy = town.update("t-480", schedule_relationship=6)  # of eight o'clock
    properties = copy.trip_properties
    properties.trip_id, properties.start_date = "extra-1", "20261124"
    properties.start_time = "10:12:00"
    copy.stop_time_update.add(stop_sequence=2).departure.delay = 120
    old_way = town.update("extra-1", schedule_relationship=1)  # for who does not know the word
    old_way.stop_time_update.add(stop_id="gare-a").departure.time = TEN + 17 * 60
    old_way.stop_time_update.add(stop_id="mairie").arrival.time = TEN + 25 * 60
    async with living(town, data) as server:
        at_port = await board(server, "port", first=2)
        at_gare = await board(server, "GARE", first=3)
        at_the_end = await board(server, "mairie", first=2)
    assert told(at_port, "realtimeState", "realtime", "headsign") == [
        ("10:10", "SCHEDULED", False, "Mairie"),
        ("10:12", "ADDED", False, "Mairie"),
    ]
    assert told(at_gare) == [("10:13",), ("10:17",), ("10:23",)]
    extra = at_gare[1]
    assert extra["scheduledAt"] == "2026-11-24T10:15:00+01:00"
    assert (extra["expectedAt"], extra["delay"]) == ("2026-11-24T10:17:00+01:00", "PT2M")
    assert (extra["realtimeState"], extra["realtime"]) == ("ADDED", True)
    assert (extra["route"], extra["wheelchairAccessible"]) == ({"shortName": "A"}, "POSSIBLE")
    assert at_the_end == []


async def test_a_trip_of_its_own(town: Town, data: Path) -> None:
    extra = town.update("new-1", route_id="T1", schedule_relationship=8)
    call = extra.stop_time_update.add(stop_id="phare")
    call.departure.time, call.departure.scheduled_time = TEN + 480, TEN + 420
    extra.stop_time_update.add(stop_id="port").arrival.time = TEN + 900
    async with living(town, data) as server:
        [found] = await board(server, "phare")
        at_port = await board(server, "port", first=1)
    assert (found["realtimeState"], found["delay"], found["trip"]) == ("ADDED", "PT1M", None)
    assert found["wheelchairAccessible"] == "NO_INFORMATION"
    assert told(at_port) == [("10:10",)]  # there it ends


async def test_a_trip_that_is_replaced_stops_where_it_says(town: Town, data: Path) -> None:
    """Port, Phare and Mairie, and not Gare; its stops are counted anew."""
    instead = town.update("t-610", start_date="20261124", schedule_relationship=5)
    for place, (stop, minute) in enumerate((("port", 11), ("phare", 14), ("mairie", 19)), 1):
        call = instead.stop_time_update.add(stop_sequence=place, stop_id=stop)
        call.arrival.time = call.departure.time = TEN + 60 * minute
    async with living(town, data) as server:
        boards = {
            stop: told(await board(server, stop, first=2, omit=False), "realtimeState")
            for stop in ("port", "GARE", "phare")
        }
    assert boards == {
        "port": [("10:11", "UPDATED"), ("10:20", "SCHEDULED")],
        "GARE": [("10:13", "SKIPPED"), ("10:23", "SCHEDULED")],
        "phare": [("10:14", "ADDED")],
    }


FREQUENCIES = (
    "trip_id,start_time,end_time,headway_secs,exact_times\nt-600,10:00:00,11:00:00,900,0\n"
)


async def test_a_vehicle_of_a_line_without_exact_times(tmp_path: Path) -> None:
    """It stands for the run that is nearest to when it started, and not for two of them."""
    often = Town(gtfs([600], frequencies=FREQUENCIES))
    vehicle = often.update("t-600", start_date="20261124", start_time="10:17:00")
    vehicle.trip.schedule_relationship = 2
    vehicle.stop_time_update.add(stop_sequence=1, schedule_relationship=3).departure.time = (
        TEN + 18 * 60
    )
    of_no_run = often.update("t-600", start_date="20261124", schedule_relationship=2)
    of_no_run.stop_time_update.add(stop_sequence=1).departure.time = TEN + 600
    shuttle = often.update("s-1", route_id="T1", schedule_relationship=2)
    shuttle.stop_time_update.add(stop_id="port").departure.time = TEN + 20 * 60
    shuttle.stop_time_update.add(stop_id="phare").arrival.time = TEN + 30 * 60
    async with living(often, tmp_path) as server:
        found = await board(server, "port")
    assert told(found, "realtimeState") == [
        ("10:18", "UPDATED"),
        ("10:20", "ADDED"),
        ("10:30", "SCHEDULED"),
        ("10:45", "SCHEDULED"),
    ]


YES, NO, UNSAID = "POSSIBLE", "NOT_POSSIBLE", "NO_INFORMATION"
# At ten past a tram that takes wheelchairs, then one that does not, then one of which nobody says.
TRIPS = "route_id,service_id,trip_id,wheelchair_accessible\nT1,daily,yes,1\nT1,daily,no,2\n"
TRIPS += "T1,daily,unsaid,\n"
STOPS_ON_THE_WAY = ("port", "mairie", "phare", "gare-a")  # yes, no, nobody says, and the end
BOARDINGS = {
    # what its vehicle says (GTFS-Realtime): at a quay that is fit, at one that is not, at another
    ("yes", None): (YES, NO, UNSAID),
    ("no", None): (NO, NO, NO),
    ("unsaid", None): (UNSAID, NO, UNSAID),
    ("unsaid", 2): (YES, NO, UNSAID),  # the vehicle knows what the timetable did not
    ("no", 2): (YES, NO, UNSAID),
    ("yes", 3): (NO, NO, NO),
    ("yes", 1): (UNSAID, NO, UNSAID),  # another vehicle runs, of which nobody knows
    ("yes", 0): (YES, NO, UNSAID),
}


async def test_boarding_takes_the_stop_and_the_trip(tmp_path: Path) -> None:
    times = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n" + "".join(
        f"{trip},10:1{place}:00,10:1{place}:00,{stop},{place}\n"
        for trip in ("yes", "no", "unsaid")
        for place, stop in enumerate(STOPS_ON_THE_WAY)
    )
    files = gtfs(trips=TRIPS, stop_times=times)
    for (trip, vehicle), expected in BOARDINGS.items():
        town = Town(files)
        if vehicle is not None:
            town.late(trip, 0).vehicle.wheelchair_accessible = vehicle
        async with living(town, tmp_path) as server:
            boards = [await board(server, stop) for stop in STOPS_ON_THE_WAY[:3]]
        told = tuple(
            one["wheelchairAccessible"]
            for found in boards
            for one in found
            if one["trip"] == {"gtfsId": trip}
        )
        assert told == expected, (trip, vehicle)


async def test_times_of_no_time_are_not_told(town: Town, data: Path) -> None:
    for relationship, at in ((0, 1 << 62), (1, 1 << 62), (1, -1), (1, 1 << 36)):
        update = town.update("t-610", schedule_relationship=relationship)
        update.stop_time_update.add(stop_sequence=1, stop_id="port").departure.time = at
        update.stop_time_update.add(stop_sequence=3, stop_id="mairie").arrival.time = at
    async with living(town, data) as server:
        found = await board(server, "port", first=1)
    assert told(found, "realtimeState") == [("10:10", "SCHEDULED")]
