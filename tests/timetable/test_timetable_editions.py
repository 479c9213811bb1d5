"""Editions: a new one beside the old one, and never a broken one in its place."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sources.timetable import Editions
from sources.timetable.layout import FORMAT
from tests.timetable.feeds import SMALL, zipped

LATER = SMALL | {"stop_times.txt": SMALL["stop_times.txt"].replace("08:", "09:")}
LATEST = SMALL | {"stop_times.txt": SMALL["stop_times.txt"].replace("08:", "10:")}


def first_hour(editions: Editions) -> int | None:
    """The hour in which the first tram of a summer day leaves."""
    timetable = editions.current()
    if timetable is None:
        return None
    start = datetime(2026, 6, 1, tzinfo=ZoneInfo("Europe/Paris"))
    (found,) = timetable.departures(["port"], start, time_range=timedelta(days=1))
    return found.departure_time.hour


def test_each_edition_replaces_the_one_before(tmp_path: Path) -> None:
    here = tmp_path / "editions"
    editions, neighbour = Editions(here), Editions(here)
    assert first_hour(editions) is None
    for hour, files in ((8, SMALL), (9, LATER), (10, LATEST)):
        report = editions.add(zipped(tmp_path / "feed.zip", files))
        assert report.counts["stop_times"] == 3
        assert (first_hour(editions), first_hour(neighbour)) == (hour, hour)
        assert editions.current() is editions.current()
    kept = [path.name for path in here.iterdir() if path.is_dir() and not path.is_symlink()]
    assert len(kept) == 2  # the last one, and the one before for who is about to open it


def test_what_is_there_is_not_imported_again(tmp_path: Path) -> None:
    feed = zipped(tmp_path / "feed.zip", SMALL)
    report = Editions(tmp_path / "e").add(feed)
    before = (tmp_path / "e" / "current" / "manifest.json").stat()
    assert Editions(tmp_path / "e").add(feed) == report
    assert (tmp_path / "e" / "current" / "manifest.json").stat() == before


def test_an_edition_read_again_is_mapped_once(tmp_path: Path) -> None:
    feed = zipped(tmp_path / "feed.zip", SMALL)
    first = Editions(tmp_path / "e").imported(feed)
    files = len(os.listdir("/proc/self/fd"))
    assert Editions(tmp_path / "e").imported(feed) is first
    assert len(os.listdir("/proc/self/fd")) == files


@pytest.mark.parametrize("body", [b"not a zip", None])
def test_a_feed_that_is_refused_changes_nothing(tmp_path: Path, body: bytes | None) -> None:
    editions = Editions(tmp_path / "e")
    editions.add(zipped(tmp_path / "feed.zip", SMALL))
    broken = zipped(tmp_path / "broken.zip", {"stops.txt": SMALL["stops.txt"]})
    if body is not None:
        broken.write_bytes(body)
    with pytest.raises(ValueError, match=r"not a zip|no trips\.txt"):
        editions.add(broken)
    assert first_hour(Editions(tmp_path / "e")) == first_hour(editions) == 8


def test_an_import_keeps_within_its_bounds(tmp_path: Path) -> None:
    feed = zipped(tmp_path / "feed.zip", SMALL)
    with pytest.raises(ValueError, match="more than 0 s"):
        Editions(tmp_path / "e", timeout_s=0).add(feed)
    with pytest.raises(ValueError):
        Editions(tmp_path / "e", max_memory=50 << 20).add(feed)
    assert Editions(tmp_path / "e").current() is None


@pytest.mark.parametrize("file", ["manifest.json", "departure.npy"])
def test_an_edition_that_was_damaged_is_made_again(tmp_path: Path, file: str) -> None:
    feed = zipped(tmp_path / "feed.zip", SMALL)
    Editions(tmp_path / "e").add(feed)
    path = tmp_path / "e" / "current" / file
    for damaged in (path.read_bytes()[:-1], b""):
        path.write_bytes(damaged)
        editions = Editions(tmp_path / "e")
        assert editions.current() is None
    editions.add(feed)
    assert first_hour(editions) == 8


def test_an_edition_of_another_format_is_none(tmp_path: Path) -> None:
    editions = Editions(tmp_path / "e")
    editions.add(zipped(tmp_path / "feed.zip", SMALL))
    path = tmp_path / "e" / "current" / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"format":%d' % FORMAT, b'"format":0'))
    assert Editions(tmp_path / "e").current() is None


def test_of_several_that_are_given_a_feed_one_imports_it(tmp_path: Path) -> None:
    feed = zipped(tmp_path / "feed.zip", SMALL)
    workers = [Editions(tmp_path / "e") for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda editions: editions.add(feed), workers))
    assert reports[0] == reports[1] == reports[2]
    assert [first_hour(editions) for editions in workers] == [8, 8, 8]
    assert {worker.current().manifest.sha256 for worker in workers}  # type: ignore[union-attr]


def test_what_a_killed_import_left_is_swept_away(tmp_path: Path) -> None:
    left = tmp_path / "e" / ".import-x" / "edition"
    left.mkdir(parents=True)
    (tmp_path / "e" / "kept.txt").write_text("not ours")
    Editions(tmp_path / "e").add(zipped(tmp_path / "feed.zip", SMALL))
    assert not left.parent.exists()
    assert (tmp_path / "e" / "kept.txt").exists()


def test_an_edition_in_use_may_be_removed(tmp_path: Path) -> None:
    editions, reader = Editions(tmp_path / "e"), Editions(tmp_path / "e")
    editions.add(zipped(tmp_path / "feed.zip", SMALL))
    old = reader.current()
    assert old is not None
    name = os.readlink(tmp_path / "e" / "current")
    for files in (LATER, LATEST):
        editions.add(zipped(tmp_path / "feed.zip", files))
    assert not (tmp_path / "e" / name).exists()
    trip = old.find_trip("t-1")
    assert trip is not None
    assert trip.stop_times[0].departure_time == 8 * 3600
