"""Captures: real feeds, where that folder is, with counts and times that a person looked up."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sources.timetable import Report, Scheduled, Timetable
from sources.timetable.importing import import_feed
from tests.timetable import reference

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "standards" / "gtfs"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no captures here")


def opened(name: str, into: Path) -> tuple[Timetable, Report]:
    report = import_feed(SAMPLES / f"{name}.zip", into / "edition")
    return Timetable.open(into / "edition"), report


def leaving(timetable: Timetable, stop_id: str, local: str, hours: float = 24) -> list[Scheduled]:
    start = datetime.fromisoformat(local).replace(tzinfo=timetable.timezone)
    return list(timetable.departures([stop_id], start, time_range=timedelta(hours=hours)))


# Lines of each file without the header; trips whose service never runs do not count.
@pytest.mark.parametrize(
    ("name", "stops", "routes", "trips", "runs", "stop_times"),
    [
        ("caltrain.gtfs", 64, 6, 185, 185, 2853),
        ("peribus-perigueux.gtfs", 1329, 80, 2374, 2374, 33408),
        ("vvs-stuttgart-bus-751.gtfs", 47, 1, 134, 134, 1495),
        ("transport-site.gtfs", 9, 1, 61, 61, 140),
        ("google-example.gtfs", 9, 5, 11, 144, 28),
        ("example-nested-zip", 9, 5, 11, 144, 28),
        ("gtfs-structure-basic", 5, 1, 1, 1, 2),
        ("gtfs_with_bom", 5, 1, 1, 1, 2),
        ("macosx", 5, 1, 1, 1, 2),
        ("subdirectory", 5, 1, 1, 1, 2),
    ],
)
def test_real_feeds_are_read_whole(
    tmp_path: Path, name: str, stops: int, routes: int, trips: int, runs: int, stop_times: int
) -> None:
    _, report = opened(name, tmp_path)
    names = ("stops", "routes", "trips", "runs", "stop_times")
    assert [report.counts[one] for one in names] == [stops, routes, trips, runs, stop_times]
    assert report.bad_lines == {}
    orphans = {"stops.txt: its station is not there": 2}  # the last four know no station `1`
    assert report.dropped == (orphans if stops == 5 else {})


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("invalid", "not a zip"),
        ("badgtfs", "no stops.txt"),
        ("transport-site.netex", "no stops.txt"),
        ("ctran-flex.gtfs", "no line in stop_times.txt that can be used"),  # all on request
    ],
)
def test_what_is_no_timetable_is_refused(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        opened(name, tmp_path)


def test_stuttgart_s_last_bus_leaves_after_midnight(tmp_path: Path) -> None:
    """Trip 48 of service T0#25, on working days: 25:00:00 at stop 4797, and 25:02:00, its end."""
    timetable, _ = opened("vvs-stuttgart-bus-751.gtfs", tmp_path)
    trip_id = "48.T0.31-752-j20-1.26.R"
    (last,) = leaving(timetable, "de:08115:4797:0:3", "2020-10-23T00:30", 1)  # a Friday
    assert (last.trip_id, last.start_date.isoformat()) == (trip_id, "2020-10-22")
    assert last.departure_time.isoformat() == "2020-10-23T01:00:00+02:00"
    assert leaving(timetable, "de:08115:4797:0:3", "2020-05-02T00:30", 1) == []  # 1 May: no service
    trip = timetable.find_trip(trip_id)
    assert trip is not None
    end = trip.stop_times[-1]
    assert (end.stop_id, end.arrival_time) == ("de:08115:4798:0:4", 25 * 3600 + 2 * 60)
    after = leaving(timetable, "de:08115:4798:0:4", "2020-10-23T01:00", 1)
    assert trip_id not in {one.trip_id for one in after}  # nobody boards where it ends


def test_caltrain_s_last_train_of_a_saturday(tmp_path: Path) -> None:
    """Train 442 leaves stop 70232 at 24:22:00 on Saturdays, and ends at 24:36:00."""
    timetable, _ = opened("caltrain.gtfs", tmp_path)
    (train,) = leaving(timetable, "70232", "2018-07-15T00:00", 0.5)  # the night to Sunday
    assert (train.trip_id, train.start_date.isoformat()) == ("442", "2018-07-14")
    assert train.departure_time.isoformat() == "2018-07-15T00:22:00-07:00"
    assert train.wheelchair_accessible is True
    for day in (14, 16, 17):  # after a Friday, a Sunday, a Monday
        night = leaving(timetable, "70232", f"2018-07-{day}T00:00", 0.5)
        assert "442" not in {one.trip_id for one in night}
    shapes = {len(timetable.shape(p.number)) for p in timetable.patterns_of_route("Lo-130")}
    assert min(shapes) > 50  # every local train has its way on the map


def test_the_reference_s_own_example_runs_every_ten_minutes(tmp_path: Path) -> None:
    """CITY1 leaves NANAA 7 minutes after its start: half-hourly, from 8:00 every 10 minutes."""
    timetable, _ = opened("google-example.gtfs", tmp_path)
    found = leaving(timetable, "NANAA", "2007-03-05T07:00", 2)
    one_way = [one for one in found if one.trip_id == "CITY1"]
    assert [f"{one.departure_time:%H:%M}" for one in one_way] == [
        *("07:07", "07:37", "08:07", "08:17", "08:27", "08:37", "08:47", "08:57")
    ]
    assert [one.headway_s for one in one_way] == 2 * [1800] + 6 * [600]
    assert leaving(timetable, "NANAA", "2007-06-04T00:00") == []  # removed by calendar_dates


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("peribus-perigueux.gtfs", "2026-01-12"),
        ("vvs-stuttgart-bus-751.gtfs", "2020-10-24"),
        ("caltrain.gtfs", "2018-07-04"),
    ],
)
def test_a_day_of_a_real_network_is_the_reference_s(tmp_path: Path, name: str, day: str) -> None:
    """All that leaves anywhere, counted by trip, from the text itself."""
    timetable, _ = opened(name, tmp_path)
    feed = reference.text_of(SAMPLES / f"{name}.zip")
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(timetable.timezone.key))
    stops = timetable.manifest.stops
    found = list(timetable.departures(stops, start, time_range=timedelta(hours=24)))
    since = start.astimezone(UTC)
    expected = reference.departures(feed, stops, since, since + timedelta(hours=24))
    assert len(found) > 100
    assert Counter(one.trip_id for one in found) == Counter(one.trip_id for one in expected)
    assert [one.departure_time.timestamp() for one in found] == [
        one.departure_time.timestamp() for one in expected
    ]
