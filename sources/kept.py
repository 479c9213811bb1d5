"""Kept: a city's timetable between two readings of its feed, and between two runs of the server."""

import atexit
import os
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from weakref import WeakKeyDictionary

import structlog

from cities import City
from sources.collection import Collection
from sources.reading import doubted, keeps
from sources.timetable.editions import CURRENT, Editions
from sources.timetable.timetable import Timetable

log = structlog.get_logger("sources.feeds")

TABLE = "stops.timetable"


class KeptTimetable:
    """The last whole edition, in a folder of the city's own.

    Where that cannot be written, as the disk is full or read-only, in one for temporary files:
    it lasts as long as this process, and costs a restart an import, and no answer.
    """

    def __init__(self) -> None:
        self._passing = WeakKeyDictionary[Timetable, Editions]()  # no longer than this process

    def made(self, body: bytes, city: City, folder: Path) -> Timetable:
        with NamedTemporaryFile(suffix=".zip") as zipped:
            zipped.write(body)
            zipped.flush()
            try:
                return _editions(city, folder).imported(Path(zipped.name))
            except OSError as error:
                log.warning("not kept", source=f"{city.slug}/{TABLE}", why=str(error))
            editions = _editions(city, self._elsewhere)
            made = editions.imported(Path(zipped.name))
            self._passing[made] = editions
            return made

    def size(self, thing: Timetable) -> int:
        return thing.manifest.report.counts["trips"]

    def keep(self, thing: Timetable, city: City, folder: Path, at: datetime) -> None:
        passing = self._passing.get(thing)
        if passing is not None:
            passing.use(thing)
            return
        try:
            _editions(city, folder).use(thing)
            read_at = at.timestamp()
            os.utime(_place(city, folder) / CURRENT, (read_at, read_at))
        except OSError as error:
            log.warning("not kept", source=f"{city.slug}/{TABLE}", why=str(error))

    def found(self, city: City, folder: Path) -> tuple[Timetable, datetime] | None:
        current = _place(city, folder) / CURRENT
        try:
            read_at = datetime.fromtimestamp(current.stat().st_mtime, UTC)
            kept = _editions(city, folder).current()
        except OSError:  # there is none, or none that can be read
            return None
        return None if kept is None else (kept, read_at)

    @cached_property
    def _elsewhere(self) -> Path:
        folder = TemporaryDirectory(prefix="poche-")
        atexit.register(folder.cleanup)
        return Path(folder.name)


def _editions(city: City, folder: Path) -> Editions:
    return Editions(_place(city, folder), timezone=city.timezone)


def _place(city: City, folder: Path) -> Path:
    return folder / city.slug / "timetable"


keeps(Timetable, TABLE, KeptTimetable())


@doubted(Timetable)
def _outdated(timetables: Collection[Timetable], now: datetime, _: object) -> str | None:
    """Nobody has planned what is to run today, or has not said so."""
    timetable = timetables.items[0]
    first, last = timetable.feed_dates
    if timetable.valid_on(now.astimezone(timetable.timezone).date()):
        return None
    return f"it is made for {first} to {last}"
