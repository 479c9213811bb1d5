"""Refused: what is no timetable, and what would be too much of one."""

import struct
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.timetable import Timetable
from sources.timetable.importing import import_feed
from tests.asked import broken
from tests.timetable.feeds import (
    EXPECTED,
    SMALL,
    TIMES,
    board,
    imported,
    lines,
    zipped,
)


def bomb() -> bytes:
    return b"trip_id\n" + b"0" * (4 << 20)


def missing(*names: str) -> dict[str, str]:
    return {name: text for name, text in SMALL.items() if name not in names}


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (missing("stops.txt"), "no stops.txt"),
        (SMALL | {"stops.txt": ""}, "no stops.txt"),
        (missing("trips.txt"), "no trips.txt"),
        (missing("stop_times.txt"), "no stop_times.txt"),
        (missing("calendar.txt"), "no service on any day"),
        (missing("agency.txt"), "no agency_timezone"),
        (lines({"agency.txt": ("Europe/Paris", "Europe/Nantes")}), "no such agency_timezone"),
        (lines({"agency.txt": ("Europe/Paris", "../../etc/passwd")}), "no such agency_timezone"),
        ({name: text.splitlines()[0] for name, text in SMALL.items()} |
         {"agency.txt": SMALL["agency.txt"]}, "no stop in"),
        (SMALL | {"trips.txt": "a,b\n1,2\n"}, "trips in trips.txt"),
        (SMALL | {"stop_times.txt": "trip_id\nt-1\n"}, "stop_times.txt that can be used"),
        (SMALL | {"stop_times.txt": TIMES.replace(",0,", ",1,")}, "no departure"),
        (SMALL | {"stop_times.txt": bomb()}, "a bomb"),
        (SMALL | {"stops.txt": TIMES + "x" * (3 << 20) + "y,z" * 10000}, "bomb|endless line"),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_refused(
    tmp_path: Path, files: Mapping[str, str | bytes], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        imported(tmp_path, files)
    assert [path.name for path in tmp_path.iterdir()] == ["feed.zip"]  # and nothing is left of it


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_bytes_are_a_timetable_or_refused(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(sorted(SMALL)))
    body = data.draw(broken(SMALL[file].encode()))
    with TemporaryDirectory() as folder:
        try:
            timetable, report = imported(Path(folder), SMALL | {file: body})
        except ValueError:
            return
        assert report.counts["departures"] <= 2
        board(timetable)


def test_a_feed_that_does_not_say_its_time_zone_may_be_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "feed.zip", missing("agency.txt"))
    import_feed(path, tmp_path / "edition", timezone="Europe/Paris")
    assert board(Timetable.open(tmp_path / "edition")) == EXPECTED


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "feed.zip", SMALL)
    body = path.read_bytes()
    entry = body.index(b"stops.txt", body.index(b"PK\x01\x02")) - 46 + 8
    path.write_bytes(body[:entry] + struct.pack("<H", 1) + body[entry + 2 :])
    with pytest.raises(ValueError, match="encrypted"):
        import_feed(path, tmp_path / "edition")


def test_more_than_is_allowed_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "feed.zip", SMALL)
    with pytest.raises(ValueError, match="more than the"):
        import_feed(path, tmp_path / "edition", max_unzipped=len(TIMES) - 1)
