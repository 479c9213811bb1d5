"""Kept: a city's timetable between two readings of its feed, and between two runs of the server."""

import os
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from cities import City
from sources.collection import Collection
from sources.reading import doubted, keeps
from sources.timetable.editions import CURRENT, Editions
from sources.timetable.timetable import Timetable


class KeptTimetable:
    """The last whole edition, in a folder of the city's own."""

    def made(self, body: bytes, city: City, folder: Path) -> Timetable:
        with NamedTemporaryFile(suffix=".zip") as zipped:
            zipped.write(body)
            zipped.flush()
            return _editions(city, folder).imported(Path(zipped.name))

    def size(self, thing: Timetable) -> int:
        return thing.manifest.report.counts["trips"]

    def keep(self, thing: Timetable, city: City, folder: Path, at: datetime) -> None:
        _editions(city, folder).use(thing)
        read_at = at.timestamp()
        os.utime(_place(city, folder) / CURRENT, (read_at, read_at))

    def found(self, city: City, folder: Path) -> tuple[Timetable, datetime] | None:
        current = _place(city, folder) / CURRENT
        if not current.exists():
            return None
        kept = _editions(city, folder).current()
        return (
            None if kept is None else (kept, datetime.fromtimestamp(current.stat().st_mtime, UTC))
        )


def _editions(city: City, folder: Path) -> Editions:
    return Editions(_place(city, folder), timezone=city.timezone)


def _place(city: City, folder: Path) -> Path:
    return folder / city.slug / "timetable"


keeps(Timetable, "stops.timetable", KeptTimetable())


@doubted(Timetable)
def _outdated(timetables: Collection[Timetable], now: datetime, _: object) -> str | None:
    """Nobody has planned what is to run today, or has not said so."""
    timetable = timetables.items[0]
    first, last = timetable.feed_dates
    if timetable.valid_on(now.astimezone(timetable.timezone).date()):
        return None
    return f"it is made for {first} to {last}"
