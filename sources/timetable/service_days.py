"""Service days: on which days a trip runs, out of calendar.txt and calendar_dates.txt.

https://gtfs.org/documentation/schedule/reference/#calendartxt
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sources.arrays import np
from sources.timetable.layout import Array
from sources.timetable.unpacking import Problems

Rows = Iterable[Sequence[Any]]
ADDED, REMOVED = "1", "2"
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)


class ServiceDays:
    """The services of a feed by their numbers, and the days of each."""

    def __init__(self, weeks: Rows, dates: Rows, problems: Problems) -> None:
        """The rows of calendar.txt and of calendar_dates.txt, columns as in `tables`."""
        self.numbers: dict[str, int] = {}
        self._weeks: list[tuple[int, ...]] = []  # service, first and last day, and seven flags
        self._exceptions: dict[int, dict[int, bool]] = defaultdict(dict)
        for service, start, end, *flags in weeks:
            first, last = find_date(start), find_date(end)
            if service is None or first is None or last is None:
                problems.drop("calendar.txt: no service, or no dates", 1)
            elif last >= first:
                days = first.toordinal(), last.toordinal()
                self._weeks.append((self._number(service), *days, *(flag == "1" for flag in flags)))
        for service, text, kind in dates:
            day = find_date(text)
            if service is None or day is None or kind not in (ADDED, REMOVED):
                problems.drop("calendar_dates.txt: no service, no date or no type", 1)
            else:
                self._exceptions[day.toordinal()][self._number(service)] = kind == ADDED

    def _number(self, service: str) -> int:
        return self.numbers.setdefault(service, len(self.numbers))

    def range(self) -> tuple[date, date]:
        """The first and last day on which anything may run; ValueError if there is none."""
        days = {*self._exceptions}.union(*(week[1:3] for week in self._weeks))
        if not days:
            raise ValueError("no service on any day")
        return date.fromordinal(min(days)), date.fromordinal(max(days))

    def arrays(self, timezone: ZoneInfo) -> dict[str, Array]:
        """`day_start`, `day_services` and `service_set`, as the layout has them."""
        first, last = self.range()
        days = [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]
        weeks = np.array(self._weeks, int).reshape(-1, 10)
        service, since, until = weeks[:, :3].T
        sets: dict[bytes, int] = {}
        chosen = []
        for day in days:
            today = day.toordinal()
            weekly = (since <= today) & (today <= until) & (weeks[:, 3 + day.weekday()] == 1)
            runs = np.zeros(len(self.numbers), bool)
            runs[service[weekly]] = True
            for exception, added in self._exceptions.get(today, {}).items():
                runs[exception] = added
            packed = np.packbits(runs, bitorder="little").tobytes()
            chosen.append(sets.setdefault(packed, len(sets)))
        return {
            "day_start": np.array([day_start(day, timezone) for day in days]),
            "day_services": np.array(chosen),
            "service_set": np.array([np.frombuffer(packed, np.uint8) for packed in sets]),
        }


def day_start(day: date, timezone: ZoneInfo) -> int:
    """Seconds from 1970 to the noon of a day minus 12 hours: midnight, but where clocks change."""
    return int(datetime.combine(day, time(12), timezone).timestamp()) - 12 * 3600


def find_date(text: str | None) -> date | None:
    """A date as GTFS writes it, in this century or so; None if it is none."""
    if text is None or len(text) != 8 or not text.isdecimal():
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if EARLIEST <= day <= LATEST else None
