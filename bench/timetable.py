"""Timetable: a feed of millions of stop times, made up, imported and asked.

    python -m bench.timetable [millions]        3 unless told

Prints a table: the import's seconds and its process's peak memory, the index's
size, how long opening takes, and the processor time of questions, without and with
real time (`bench.merging`). The network is about Nantes' size and has its habits:
long ids, many services of which a few run on a day, run times that depend on the
hour. On a shared machine the best of several tries says what the code takes, the
first try what else was going on.
"""

import random
import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from bench import merging
from sources.timetable import Editions, Timetable

PARIS = ZoneInfo("Europe/Paris")
STATIONS, QUAYS, ROUTES, SERVICES, LENGTH = 1128, 2551, 110, 160, 30
WEEK = "monday,tuesday,wednesday,thursday,friday,saturday,sunday"
WEEKS = ("1,1,0,1,1,0,0", "0,0,1,0,0,0,0", "0,0,0,0,0,1,0", "0,0,0,0,0,0,1")
QUESTIONS, TRIES = 3000, 5
USUAL = range(10, 31)  # live departures of a station


def write_feed(into: Path, stop_times: int) -> None:
    """A zip of a made-up network with about so many stop times, the same each time."""
    lot = random.Random(44)
    clock = [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(30 * 3600)]
    station_of = [quay % STATIONS for quay in range(QUAYS)]
    popular = [1 / (1 + station_of[quay] / 20) for quay in range(QUAYS)]  # a few hubs
    patterns = [
        (route, direction, lot.choices(range(QUAYS), popular, k=lot.randrange(20, 2 * LENGTH - 19)))
        for route in range(ROUTES)
        for direction in (0, 1)
        for _ in range(3)
    ]
    paces = [
        [
            np.cumsum([0, *lot.choices((40, 60, 80, 100, 120), k=2 * LENGTH)]).tolist()
            for _ in "12345678"
        ]
        for _ in patterns
    ]
    trips = [
        "route_id,service_id,trip_id,trip_headsign,direction_id,block_id,wheelchair_accessible\n"
    ]
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("stop_times.txt", "w", force_zip64=True) as lines:
            lines.write(
                b"\xef\xbb\xbftrip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,"
                b"drop_off_type,shape_dist_traveled,timepoint\n"
            )
            written = 0
            while written < stop_times:
                number = lot.randrange(len(patterns))
                route, direction, quays = patterns[number]
                trip = f"NAOLIBORG:ServiceJourney:HA26H507-{len(trips):07d}-Semaine-04"
                trips.append(
                    f"FR_NAOLIB:Line:{route},S{lot.randrange(SERVICES)},{trip},"
                    f"Terminus {number},{direction},B{len(trips) % 900},1\n"
                )
                start = lot.triangular(5, 25, 13)
                pace, start = lot.choice(paces[number]), int(start * 60) * 60
                text = ""
                for place, (quay, at) in enumerate(zip(quays, pace, strict=False)):
                    passing = clock[start + at]
                    text += f"{trip},{passing},{passing},FR_NAOLIB:Quay:{quay},{place},"
                    text += f"0,0,{at * 6}.25,1\n"
                lines.write(text.encode())
                written += len(quays)
        archive.writestr("trips.txt", "".join(trips))
        archive.writestr(
            "stops.txt",
            "stop_id,parent_station\n"
            + "".join(f"FR_NAOLIB:StopPlace:{station},\n" for station in range(STATIONS))
            + "".join(
                f"FR_NAOLIB:Quay:{q},FR_NAOLIB:StopPlace:{station_of[q]}\n" for q in range(QUAYS)
            ),
        )
        archive.writestr("agency.txt", "agency_timezone\nEurope/Paris\n")
        archive.writestr(
            "calendar.txt",
            f"service_id,{WEEK},start_date,end_date\n"
            + "".join(
                f"S{n},{WEEKS[n % 4]},2026{1 + n // 4 % 4 * 3:02}01,2026{3 + n // 4 % 4 * 3:02}30\n"
                for n in range(SERVICES)
            ),
        )


def ask(timetable: Timetable) -> tuple[list[float], list[float]]:
    """Microseconds for the next ten departures of a station: the first try, and the best."""
    lot = random.Random(7)
    first, best = [], []
    for _ in range(QUESTIONS):
        station = [f"FR_NAOLIB:StopPlace:{lot.randrange(STATIONS)}"]
        start = datetime(
            2026, lot.randrange(1, 13), lot.randrange(1, 28), lot.randrange(6, 23), tzinfo=PARIS
        )
        start += timedelta(minutes=lot.randrange(60))
        taken = []
        for _ in range(TRIES):
            begun = time.thread_time()
            found = timetable.departures(station, start, time_range=timedelta(hours=24))
            for one in islice(found, 10):
                _ = one.departure_time  # all else is read already
            taken.append((time.thread_time() - begun) * 1e6)
        first.append(taken[0])
        best.append(min(taken))
    return first, best


def told(what: str, times: Iterable[float]) -> tuple[str, str]:
    p50, p99 = np.percentile(list(times), (50, 99))
    return what, f"p50 {p50:.0f} us, p99 {p99:.0f} us"


def ask_merged(timetable: Timetable) -> Iterator[tuple[str, str]]:
    """The same with real time, of the stations that have as many live departures as most do."""
    lot = random.Random(7)
    stations = [f"FR_NAOLIB:StopPlace:{one}" for one in lot.sample(range(STATIONS), STATIONS)]
    for name, found in merging.ask(timetable, stations):
        usual = [one for many, times in found.items() if many in USUAL for one in times]
        every = [one for times in found.values() for one in times]
        for whose, times in ((f"{USUAL[0]} to {USUAL[-1]} live", usual), ("any station", every)):
            yield told(f"{name}, {whose}, first try", (first for first, _ in times))
            yield told(f"{name}, {whose}, best of {merging.TRIES}", (best for _, best in times))


def main() -> None:
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as name:
        feed, editions = Path(name) / "feed.zip", Editions(Path(name) / "editions")
        write_feed(feed, int(millions * 1e6))
        begun = time.perf_counter()
        report = editions.add(feed)
        taken = time.perf_counter() - begun
        child = resource.getrusage(resource.RUSAGE_CHILDREN)
        edition = Path(name) / "editions" / "current"
        size = sum(file.stat().st_size for file in edition.iterdir())
        opening = []
        for _ in range(10):
            begun = time.perf_counter()
            timetable = Timetable.open(edition)
            opening.append((time.perf_counter() - begun) * 1e3)
        first, best = ask(timetable)
        merged = list(ask_merged(timetable))
    counts = report.counts
    table = [
        ("stop times", f"{counts['stop_times']:,}"),
        (
            "trips, patterns, timings",
            f"{counts['trips']:,}, {counts['patterns']:,}, {counts['timings']:,}",
        ),
        ("import", f"{taken:.1f} s, {child.ru_utime + child.ru_stime:.1f} s of processor time"),
        ("its peak memory", f"{child.ru_maxrss / 1024:.0f} MB"),
        ("index", f"{size / 1e6:.1f} MB"),
        ("opening", f"{min(opening):.1f} ms"),
    ]
    table.append(told("next 10 of a station, first try", first))
    table.append(told(f"next 10 of a station, best of {TRIES}", best))
    for name, value in [*table, *merged]:
        print(f"{name:44} {value}")


if __name__ == "__main__":
    main()
