"""Layout: what one edition of a timetable looks like on disk.

A directory: `manifest.json`, and one `.npy` file per array, which all processes
of a machine share by mapping it. An `x_first` array says where the rows of each
x begin in the arrays after it; it has one number more than there are x.

A trip's times are its start and a *timing* (seconds since the start), which it
shares with all trips that take as long; its stops are a *pattern*, shared
likewise. A trip that runs every few minutes is there once for each run.
"""

from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from sources.arrays import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
else:  # numpy is not loaded yet
    Array = Any

FORMAT = 2  # of all this; an edition in another format is no edition
MANIFEST = "manifest.json"
NONE = 0  # the label and the shape of what has none
UNKNOWN_DIRECTION = 2

# A departure is one integer, so that sorting and searching are the machine's own:
# seconds since the service day began, then the trip, then the position in its pattern.
POSITION_BITS = 12
TRIP_BITS = 27
TIME_SHIFT = POSITION_BITS + TRIP_BITS
MAX_POSITIONS = 1 << POSITION_BITS
MAX_TRIPS = 1 << TRIP_BITS


@dataclass(frozen=True)
class Arrays:
    """Indexes count from 0; texts are labels of the manifest. Integers are as small as they can."""

    trip_id_first: Array
    trip_id: Array  # bytes of UTF-8, in order; again for each run of a trip that has several
    trip_pattern: Array
    trip_timing: Array
    trip_start: Array  # seconds since the service day began, at the first stop
    trip_headway: Array  # seconds between runs whose times are not exact; else 0
    trip_headsign: Array
    trip_short_name: Array
    trip_block: Array
    trip_wheelchair: Array  # 0 not known, 1 yes, 2 no

    pattern_first: Array
    pattern_route: Array
    pattern_direction: Array
    pattern_shape: Array
    place_stop: Array  # the stops of the patterns, one after the other
    place_sequence: Array
    place_pickup: Array
    place_drop_off: Array
    place_headsign: Array

    timing_first: Array
    pass_departure: Array  # seconds since the trip's start
    pass_dwell: Array  # seconds between arrival and departure

    stop_first: Array
    departure: Array  # in order of time for each stop; see above
    departure_service: Array  # on the days of which it leaves

    day_start: Array  # for each day of the feed, its noon minus 12 hours, in seconds since 1970
    day_services: Array  # which set of services runs
    service_set: Array  # one bit per service, lowest first

    shape_first: Array
    shape_point: Array  # latitude and longitude in millionths of a degree

    def save(self, into: Path) -> None:
        for name in (field.name for field in fields(self)):
            np.save(into / f"{name}.npy", _smallest(getattr(self, name)))

    @classmethod
    def load(cls, directory: Path) -> "Arrays":
        """The arrays, mapped; OSError or ValueError if one of them is not whole."""
        return cls(
            **{field.name: _mapped(directory / f"{field.name}.npy") for field in fields(cls)}
        )

    def views(self) -> SimpleNamespace:
        """The same, to be read number by number, which takes numpy several times as long."""
        return SimpleNamespace(
            **{field.name: memoryview(getattr(self, field.name)) for field in fields(self)}
        )


class Problem(NamedTuple):
    """Why one line was left out; lines are counted from 1, which is the header."""

    file: str
    line: int
    why: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What an import read and what it could not: `problems` are the first 100 of `bad_lines`."""

    counts: dict[str, int]
    bad_lines: dict[str, int]
    dropped: dict[str, int]
    problems: list[Problem]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about an edition that is small."""

    format: int
    sha256: str
    feed_version: str | None
    timezone: str
    first_day: date  # of `day_start`
    feed_dates: tuple[date, date]  # first and last day for which the feed is made
    latest: int  # the last departure of any service day, in seconds since it began
    stops: list[str]
    parents: list[int]  # the station of each stop; its own number if it has none
    routes: list[str]
    labels: list[str]
    report: Report

    def save(self, into: Path) -> None:
        (into / MANIFEST).write_bytes(msgspec.json.encode(self))

    @classmethod
    def load(cls, directory: Path) -> "Manifest":
        """OSError if there is no edition, ValueError if it is not one of this format."""
        body = (directory / MANIFEST).read_bytes()
        found = msgspec.json.decode(body, type=_Version).format
        if found != FORMAT:
            raise ValueError(f"an edition of format {found}, where {FORMAT} is expected")
        return msgspec.json.decode(body, type=cls)


class _Version(msgspec.Struct):
    format: int


def _smallest(array: Array) -> Array:
    if array.dtype.kind not in "iu" or array.size == 0:
        return array
    low, high = int(array.min()), int(array.max())
    dtype = np.promote_types(np.min_scalar_type(low), np.min_scalar_type(high))
    # Never uint64: compared with a plain int it would silently become floating point.
    return array.astype(np.int64 if dtype.itemsize == 8 else dtype)


def _mapped(path: Path) -> Array:
    # A plain view: numpy's own memmap class takes a microsecond more for each number read.
    mapped: Array = np.lib.format.open_memmap(path, mode="r").view(np.ndarray)
    return mapped
