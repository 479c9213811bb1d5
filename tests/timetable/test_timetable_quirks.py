"""Quirks: what real feeds do to the reference, one by one, on feeds made by hand."""

import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import pytest

from sources.timetable import Timetable
from sources.timetable.importing import import_feed
from tests.timetable.feeds import (
    DAY,
    EXPECTED,
    PARIS,
    SMALL,
    TIMES,
    WEEK,
    board,
    imported,
    lines,
    zipped,
)


def every(old: str, new: str) -> dict[str, str]:
    return {name: text.replace(old, new) for name, text in SMALL.items()}


def quoted(text: str) -> str:
    rows = [line.split(",") for line in text.splitlines()]
    return "".join(",".join(f'"{value}"' for value in row) + "\n" for row in rows)


@pytest.mark.parametrize(
    "files",
    [
        SMALL,
        {name: "\ufeff" + text for name, text in SMALL.items()},
        every("\n", "\r\n"),
        every(",", ", "),
        every(",", " ,"),
        every("\n", " \r\n"),
        {name: quoted(text) for name, text in SMALL.items()},
        {name: quoted(text).replace(",", ", ") for name, text in SMALL.items()},
        {name: text.rstrip("\n") for name, text in SMALL.items()},
        every("\n", "\n\n"),
        {name: text for name, text in SMALL.items() if name != "routes.txt"},
        SMALL | {"fares.txt": "x", "shapes.txt": "", "feed_info.txt": "\n"},
        lines({"stop_times.txt": ("trip_id,", "moon,trip_id,")})
        | {"stop_times.txt": TIMES.replace("trip_id,", "moon,trip_id,").replace("t-1", "full,t-1")},
        lines({"stop_times.txt": (",0,0\nt-1,08:20", "\nt-1,08:20")}),  # left out at the end
        SMALL | {"stop_times.txt": "".join(TIMES.splitlines(True)[i] for i in (0, 3, 1, 2))},
        lines({"stop_times.txt": ("08:00:00,08:00:00", ",08:00:00")}),
        lines({"stop_times.txt": ("08:20:00,08:20:00", "08:20:00,")}),
        lines({"stop_times.txt": ("08:00:00,08:00:00", "8:00:00,8:00:00")}),
        lines({"stop_times.txt": ("port,1,", "port,100,"), "trips.txt": ("Mairie", "")})
        | {
            "stop_times.txt": TIMES.replace(",1,0,1", ",7,0,1")
            .replace(",2,0", ",80,0")
            .replace(",3,0", ",900,0")
        },
    ],
)
def test_every_way_of_writing_gives_the_same_departures(
    tmp_path: Path, files: Mapping[str, str]
) -> None:
    timetable, report = imported(tmp_path, files)
    assert board(timetable) == EXPECTED
    assert (report.bad_lines, report.dropped) == ({}, {})


@pytest.mark.parametrize("folder", ["metra/", "a/b/", "../", "feed\\"])
def test_every_way_of_packing_gives_the_same_departures(tmp_path: Path, folder: str) -> None:
    shadow = {f"{folder}._stops.txt": b"\x00", "__MACOSX/stop_times.txt": b"\x00"}
    inner = zipped(tmp_path / "inner.zip", SMALL, folder)
    with zipfile.ZipFile(inner, "a") as archive:
        for name, content in shadow.items():
            archive.writestr(name, content)
    import_feed(inner, tmp_path / "one")
    import_feed(zipped(tmp_path / "outer.zip", {"x/f.zip": inner.read_bytes()}), tmp_path / "two")
    for name in ("one", "two"):
        assert board(Timetable.open(tmp_path / name)) == EXPECTED


def test_what_a_departure_says(tmp_path: Path) -> None:
    signed = TIMES.replace("drop_off_type\n", "drop_off_type,stop_headsign\n")
    signed = signed.replace(",1,0,1\n", ",1,3,1,Via Gare\n")
    timetable, _ = imported(tmp_path, SMALL | {"stop_times.txt": signed})
    start = datetime(2026, 6, 1, tzinfo=PARIS)
    one, two = timetable.departures(["port", "gare-1"], start, time_range=DAY)
    assert one._asdict() == {
        "stop_id": "port",
        "trip_id": "t-1",
        "route_id": "T1",
        "start_date": date(2026, 6, 1),
        "start_time": 8 * 3600,
        "stop_sequence": 1,
        "instant": datetime(2026, 6, 1, 8, tzinfo=PARIS).timestamp(),
        "timezone": PARIS,
        "headsign": "Via Gare",
        "direction_id": 0,
        "wheelchair_accessible": True,
        "pickup_type": 3,
        "headway_s": None,
    }
    assert one.departure_time.isoformat() == "2026-06-01T08:00:00+02:00"
    assert (two.headsign, two.pickup_type, two.departure_time.hour) == ("Mairie", 0, 8)


def test_accessibility_is_never_guessed(tmp_path: Path) -> None:
    for number, (value, meaning) in enumerate(
        [("1", True), ("2", False), ("0", None), ("", None), ("yes", None)]
    ):
        (tmp_path / str(number)).mkdir()
        files = lines({"trips.txt": ("Mairie,0,1", f"Mairie,,{value}")})
        timetable, _ = imported(tmp_path / str(number), files)
        trip = timetable.find_trip("t-1")
        assert trip is not None
        assert (trip.wheelchair_accessible, trip.direction_id) == (meaning, None)


def test_nobody_boards_where_it_ends_or_only_lets_off(tmp_path: Path) -> None:
    timetable, report = imported(tmp_path, lines({"stop_times.txt": (",2,0,0", ",2,1,0")}))
    assert board(timetable) == ["08:00 t-1 port"]
    assert report.counts["stop_times"] == 3


def test_times_that_are_left_out_are_between_those_around(tmp_path: Path) -> None:
    blank = TIMES.replace("08:10:00,08:11:00", ",")
    timetable, _ = imported(tmp_path, SMALL | {"stop_times.txt": blank})
    assert board(timetable)[1] == "08:10 t-1 gare-1"
    far = blank.replace("drop_off_type\n", "drop_off_type,shape_dist_traveled\n")
    for place, metres in ((",1,0,1", 0), (",2,0,0", 750), (",3,0,0", 1000)):
        far = far.replace(f"{place}\n", f"{place},{metres}\n")
    (tmp_path / "far").mkdir()
    timetable, _ = imported(tmp_path / "far", SMALL | {"stop_times.txt": far})
    assert board(timetable)[1] == "08:15 t-1 gare-1"


def test_a_time_that_cannot_be_worked_out_is_counted(tmp_path: Path) -> None:
    files = lines({"stop_times.txt": ("08:20:00,08:20:00", "half past,8:20")})
    timetable, report = imported(tmp_path, files)
    assert board(timetable) == ["08:00 t-1 port"]  # where it now ends, nobody boards
    assert report.dropped == {"stop_times.txt: no time, and none before or after": 1}


def test_after_midnight_belongs_to_the_day_before(tmp_path: Path) -> None:
    late = TIMES.replace("08:10:00,08:11:00", "25:10:00,25:11:00").replace("08:20", "49:20")
    timetable, _ = imported(tmp_path, SMALL | {"stop_times.txt": late})
    assert board(timetable, "gare-1", on=date(2026, 6, 1)) == []
    assert board(timetable, "gare-1", on=date(2026, 6, 2)) == ["01:11 t-1 gare-1"]
    assert board(timetable, on=date(2026, 9, 1)) == ["01:11 t-1 gare-1"]  # after the last day
    start = datetime(2026, 6, 2, 1, 11, tzinfo=PARIS)
    found = next(timetable.departures(["gare-1"], start, time_range=DAY))
    assert found.start_date == date(2026, 6, 1)


def test_frequencies_are_runs(tmp_path: Path) -> None:
    often = (
        "trip_id,start_time,end_time,headway_secs,exact_times\n"
        "t-1,09:00:00,09:30:00,600,0\nt-1,10:00:00,10:00:01,300,1\n"
        "t-1,11:00:00,12:00:00,0,1\nt-1,12:00:00,11:00:00,60,1\nt-9,12:00:00,13:00:00,60,1\n"
    )
    timetable, report = imported(tmp_path, SMALL | {"frequencies.txt": often})
    assert board(timetable, "gare-1") == [
        f"{time} t-1 gare-1" for time in ("09:11", "09:21", "09:31", "10:11")
    ]
    start = datetime(2026, 6, 1, tzinfo=PARIS)
    found = timetable.departures(["port"], start, time_range=DAY)
    assert [(one.start_time, one.headway_s) for one in found] == [
        (32400, 600), (33000, 600), (33600, 600), (36000, None),
    ]  # fmt: skip
    assert report.dropped == {"frequencies.txt: no trip, no headway or no times": 3}
    assert (report.counts["trips"], report.counts["runs"]) == (1, 4)
    trip = timetable.find_trip("t-1", 33600)
    assert trip is not None
    assert [one.arrival_time - 33600 for one in trip.stop_times] == [0, 600, 1200]
    assert timetable.find_trip("t-1", 33601) is None


@pytest.mark.parametrize(
    ("calendar", "dates", "days"),
    [
        ("1,0,0,0,0,0,0,20260601,20260614", "", [1, 8]),
        ("0,0,0,0,0,0,0,20260601,20260614", "20260603,1 20260604,2", [3]),
        ("1,1,0,0,0,0,0,20260601,20260609", "20260602,2 20260611,1", [1, 8, 9, 11]),
        ("1,1,1,1,1,1,1,20260609,20260601", "20260610,1", [10]),  # ends before it begins
        (None, "20260602,1 20260603,1", [2, 3]),
    ],
)
def test_days_of_service(tmp_path: Path, calendar: str | None, dates: str, days: list[int]) -> None:
    files = {name: text for name, text in SMALL.items() if name != "calendar.txt"}
    if calendar is not None:
        files["calendar.txt"] = f"service_id,{WEEK},start_date,end_date\ndaily,{calendar}\n"
    if dates:
        exceptions = "".join(f"daily,{one}\n" for one in dates.split())
        files["calendar_dates.txt"] = f"service_id,date,exception_type\n{exceptions}"
    timetable, _ = imported(tmp_path, files)
    runs = [day for day in range(1, 20) if board(timetable, "port", on=date(2026, 6, day))]
    assert runs == days


def test_the_days_of_a_feed(tmp_path: Path) -> None:
    timetable, _ = imported(tmp_path, SMALL)
    assert timetable.feed_dates == (date(2026, 6, 1), date(2026, 8, 31))
    info = "feed_publisher_name,feed_start_date,feed_end_date,feed_version\nx,20260615,,v 7\n"
    (tmp_path / "dated").mkdir()
    timetable, _ = imported(tmp_path / "dated", SMALL | {"feed_info.txt": info})
    assert timetable.feed_dates == (date(2026, 6, 15), date(2026, 8, 31))
    assert timetable.manifest.feed_version == "v 7"
    assert [timetable.valid_on(date(2026, 6, day)) for day in (14, 15)] == [False, True]


def test_what_cannot_be_used_is_counted_with_its_lines(tmp_path: Path) -> None:
    bad = (
        'x,"never closed\n'  # line 5
        "t-1,08:15:00,08:15:00,port,4,0,0,too,many\n"
        "t-9,08:15:00,08:15:00,port,1,0,0\n"
        "t-1,08:15:00,08:15:00,moon,5,0,0\n"
        "t-1,08:15:00,08:15:00,port,,0,0\n"
        "t-1,08:20:00,08:20:00,mairie,3,0,0\n"
        't-1,"a"b,08:15:00,port,5,0,0\n'  # line 11
    )
    files = SMALL | {"stop_times.txt": TIMES + bad}
    files["stops.txt"] += "port,Port,0,\nlost,Lost,0,NOWHERE\n"
    files["trips.txt"] += (
        "T1,daily,t-1,Again,0,,\nT1,never,t-3,,,,\n,daily,t-4,,,,\nT1,daily,t-5,,,,\n"
    )
    timetable, report = imported(tmp_path, files)
    assert board(timetable) == EXPECTED
    assert report.bad_lines == {"stop_times.txt": 3}
    assert [tuple(problem) for problem in report.problems] == [
        ("stop_times.txt", 5, "a quote is never closed"),
        ("stop_times.txt", 6, "too many columns"),
        ("stop_times.txt", 11, "unquoted value"),
    ]
    assert report.dropped == {
        "stops.txt: the same stop again": 1,
        "stops.txt: its station is not there": 1,
        "trips.txt: no id, no route, no service, or again": 2,
        "trips.txt: its service never runs": 1,
        "trips.txt: no stop times": 1,
        "stop_times.txt: its trip is not there": 1,
        "stop_times.txt: its stop is not there": 1,
        "stop_times.txt: no stop_sequence": 1,
        "stop_times.txt: the same stop of the same trip again": 1,
    }


def test_latin_1_is_mended_line_by_line(tmp_path: Path) -> None:
    trips = SMALL["trips.txt"].replace("Mairie", "Église").encode("latin-1")
    trips += "T1,daily,t-2,Évêché,0,1,\n".encode()
    times = TIMES + "t-2,09:00:00,09:00:00,port,1,0,0\nt-2,09:10:00,09:10:00,mairie,2,0,0\n"
    timetable, _ = imported(tmp_path, SMALL | {"trips.txt": trips, "stop_times.txt": times})
    start = datetime(2026, 6, 1, tzinfo=PARIS)
    found = timetable.departures(["port"], start, time_range=DAY)
    assert [one.headsign for one in found] == ["Église", "Évêché"]
