"""Departures: the timetable against a slow reading of the same feed, for any feed and any time."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sources.timetable import Scheduled
from tests.timetable import reference
from tests.timetable.feeds import SMALL, WEEK, imported

PARIS = ZoneInfo("Europe/Paris")
STOPS = ("gare-1", "gare-2", "port", "mairie")
SERVICES = ("red", "green", "blue")
# The clocks of Paris go forward on 29 March and back on 25 October.
DAYS = st.sampled_from(
    [date(2026, 3, 26) + timedelta(n) for n in range(7)]
    + [date(2026, 10, 22) + timedelta(n) for n in range(7)]
)


def hms(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


@st.composite
def feeds(draw: st.DrawFn) -> dict[str, str]:
    """A few trips of a few services, in every way that the reference has."""
    trips = ["route_id,service_id,trip_id,trip_headsign,direction_id"]
    times = []
    often = ["trip_id,start_time,end_time,headway_secs,exact_times"]
    for number in range(draw(st.integers(1, 5))):
        trip = f"t-{number}"
        headsign = draw(st.sampled_from(["", "Sud"]))
        service = draw(st.sampled_from(SERVICES))
        trips.append(f"{draw(st.sampled_from(['T1', 'B2']))},{service},{trip},{headsign},")
        at = draw(st.integers(0, 50 * 60)) * 60
        count = draw(st.integers(2, 5))
        for place in range(count):
            blank = 0 < place < count - 1 and draw(st.booleans())
            stop, kind = draw(st.sampled_from(STOPS)), draw(st.sampled_from(["", "0", "1", "3"]))
            sign = draw(st.sampled_from(["", "Nord"]))
            text = "" if blank else hms(at)
            times.append(f"{trip},{text},{text},{stop},{5 * place + 1},{kind},{sign}")
            at += draw(st.integers(0, 50 * 60))
        for start in draw(st.lists(st.integers(0, 30), max_size=2, unique=True)):
            end, exact = start * 3600 + draw(st.integers(1, 7200)), draw(st.sampled_from("01"))
            headway = draw(st.integers(600, 4000))
            often.append(f"{trip},{hms(start * 3600)},{hms(end)},{headway},{exact}")
    weeks = [f"service_id,{WEEK},start_date,end_date"]
    dates = ["service_id,date,exception_type"]
    for service in SERVICES:
        if draw(st.booleans()):
            days = draw(st.lists(st.sampled_from("01"), min_size=7, max_size=7))
            first, last = sorted((draw(DAYS), draw(DAYS)))
            weeks.append(f"{service},{','.join(days)},{first:%Y%m%d},{last:%Y%m%d}")
        for day in draw(st.lists(DAYS, max_size=3, unique=True)):
            kind = draw(st.sampled_from("12"))
            dates.append(f"{service},{day:%Y%m%d},{kind}")
        dates.append(f"{service},20260601,1")  # else the feed may have no day at all
    header = "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,stop_headsign"
    files = {
        "trips.txt": trips,
        "stop_times.txt": [header, *draw(st.permutations(times))],
        "frequencies.txt": often,
        "calendar.txt": weeks,
        "calendar_dates.txt": dates,
    }
    kept = {"agency.txt": SMALL["agency.txt"], "stops.txt": SMALL["stops.txt"]}
    return kept | {name: "\n".join(lines) + "\n" for name, lines in files.items()}


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    day = draw(DAYS)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return {
        "stop_ids": draw(st.lists(st.sampled_from([*STOPS, "GARE"]), min_size=1, max_size=3)),
        "start": (start + timedelta(seconds=draw(st.integers(-86400, 86400)))).astimezone(
            draw(st.sampled_from([UTC, PARIS]))
        ),
        "time_range": timedelta(minutes=draw(st.integers(1, 5000))),
    }


def told(one: Scheduled) -> reference.Expected:
    return reference.Expected(
        one.departure_time.astimezone(UTC),
        one.trip_id,
        one.start_time,
        one.stop_id,
        one.stop_sequence,
        one.route_id,
        one.start_date,
        one.headsign or "",
        one.pickup_type,
        one.headway_s or 0,
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(feeds(), st.lists(questions(), min_size=5, max_size=5))
def test_departures_are_those_of_the_feed(
    feed: dict[str, str], asked: list[dict[str, Any]]
) -> None:
    with TemporaryDirectory() as folder:
        try:
            timetable, _ = imported(Path(folder), feed)
        except ValueError as error:  # nobody may board anywhere
            assert str(error) == "no departure from any stop"
            return
        for question in asked:
            start = question["start"].astimezone(UTC)
            until = start + question["time_range"]
            expected = reference.departures(feed, question["stop_ids"], start, until)
            found = list(timetable.departures(**question))
            assert sorted(map(told, found)) == expected
            assert found == sorted(found, key=lambda one: one.instant)
            routes, named = {"T1", "T9"}, timetable.trips_named(["t-0", "t-2", "t-20"])
            only = [one for one in found if one.route_id == "T1"]
            assert list(timetable.departures(**question, route_ids=routes)) == only
            both = [one for one in only if one.trip_id in ("t-0", "t-2")]
            assert list(timetable.departures(**question, route_ids=routes, trips=named)) == both
            only = [one for one in found if one.trip_id in ("t-0", "t-2")]
            assert list(timetable.departures(**question, trips=named)) == only


def test_a_service_day_begins_at_noon_minus_12_hours(tmp_path: Path) -> None:
    """By hand, on the days on which the clocks of Paris change: 8:00 is 8:00, 0:30 is not."""
    night = SMALL["stop_times.txt"].replace("t-1,08:00:00,08:00", "t-1,00:30:00,00:30")
    week = f"service_id,{WEEK},start_date,end_date\ndaily,1,1,1,1,1,1,1,20260101,20261231\n"
    timetable, _ = imported(tmp_path, SMALL | {"stop_times.txt": night, "calendar.txt": week})
    seen = {}
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        start = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(hours=14)
        found = timetable.departures(["port", "GARE"], start, time_range=timedelta(hours=23))
        seen[day] = [one.departure_time.isoformat() for one in found if one.start_date == day]
    assert seen == {
        date(2026, 3, 29): ["2026-03-28T23:30:00+01:00", "2026-03-29T08:11:00+02:00"],
        date(2026, 10, 25): ["2026-10-25T01:30:00+02:00", "2026-10-25T08:11:00+01:00"],
    }


def test_a_time_range_is_elapsed_time(tmp_path: Path) -> None:
    """From a noon to 24 hours later it is 13:00, on the night that has 23 hours."""
    noon = SMALL["stop_times.txt"].replace("08:", "12:")
    week = f"service_id,{WEEK},start_date,end_date\ndaily,1,1,1,1,1,1,1,20260101,20261231\n"
    timetable, _ = imported(tmp_path, SMALL | {"stop_times.txt": noon, "calendar.txt": week})
    start = datetime(2026, 3, 28, 12, 5, tzinfo=PARIS)
    found = list(timetable.departures(["port"], start, time_range=timedelta(hours=24)))
    assert [one.departure_time.isoformat() for one in found] == ["2026-03-29T12:00:00+02:00"]
    less = timetable.departures(["port"], start, time_range=timedelta(hours=22, minutes=55))
    assert list(less) == []
    enough = timetable.departures(["port"], start, time_range=timedelta(hours=22, minutes=56))
    assert list(enough) == found
