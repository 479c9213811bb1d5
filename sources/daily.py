"""Daily: a Schedule that is worked out day by day, whatever a city publishes about it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from schema.times import DayHours, LocalTime, TimeSpan
from sources.hours import minutes

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
HORIZON_DAYS = 60  # how far ahead the next opening or closing is looked for
MOST_DAYS = 200  # kept in memory, for each place
ALL_DAY = TimeSpan(from_=LocalTime("00:00"), to=LocalTime("24:00"))

Opening = tuple[datetime, datetime]  # when it opens and when it closes, in UTC
X = TypeVar("X")
Instant = TypeVar("Instant", int, datetime)


class DailySchedule(ABC):
    """The Schedule of one place, from its hours of each day; instants in its own time-zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._hours: dict[date, DayHours] = {}
        self._openings: dict[date, Sequence[Opening]] = {}
        # What was worked out about the present, which holds from one instant until another.
        self._present: dict[str, Any] = {}
        self._since = self._until = datetime.min.replace(tzinfo=UTC)

    @abstractmethod
    def _work_out(self, day: date) -> DayHours:
        """A day's hours, its spans in order and apart."""

    def _unknown(self, day: date) -> Sequence[TimeSpan]:
        """When nobody says whether it is open."""
        return [ALL_DAY] if self.on(day).closed is None else []

    def today(self, now: datetime) -> date:
        return now.astimezone(self._zone).date()

    def on(self, day: date) -> DayHours:
        found = self._hours.get(day)
        if found is None:
            if len(self._hours) >= MOST_DAYS:
                self._hours.clear()
            found = self._hours[day] = self._work_out(day)
        return found

    def open_at(self, now: datetime) -> bool | None:
        """Whether it is open; None if nothing is published about then."""
        return self._at_present("open", now, self._open_at)

    def opens_at(self, now: datetime) -> datetime | None:
        """When it next opens after `now`, within 60 days."""
        return self._at_present("opens", now, self._opens_at)

    def closes_at(self, now: datetime) -> datetime | None:
        """When the present opening ends, or else the next within 60 days; None if it does not."""
        return self._at_present("closes", now, self._closes_at)

    def changes_at(self, now: datetime) -> datetime:
        """The next opening, closing, midnight, or time from which nobody says."""
        if not self._since <= now < self._until:
            self._present, self._since, self._until = {}, now, self._changes_at(now)
        return self._until

    def _at_present(self, what: str, now: datetime, make: Callable[[datetime], X]) -> X:
        """The same until something changes, however often it is asked."""
        self.changes_at(now)
        if what not in self._present:
            self._present[what] = make(now)
        found: X = self._present[what]
        return found

    def _open_at(self, now: datetime) -> bool | None:
        today = self.today(now)
        # Yesterday's too: where clocks go back at midnight, 24:00 comes after it.
        for day in (today, today - DAY):
            for opens, closes in self._openings_on(day):
                if opens <= now < closes:
                    return True
        unknown = self._instants(today, self._unknown(today))
        return None if any(first <= now < last for first, last in unknown) else False

    def _opens_at(self, now: datetime) -> datetime | None:
        starts = (opens for opens, _ in self._coming(now) if opens > now)
        return self._local(next(starts, None))

    def _closes_at(self, now: datetime) -> datetime | None:
        return self._local(next((closes for _, closes in self._coming(now)), None))

    def _changes_at(self, now: datetime) -> datetime:
        today = self.today(now)
        midnight = _opening(today + DAY, LocalTime("00:00"), self._zone)
        spans = [span for day in (today - DAY, today) for span in self._openings_on(day)]
        spans += self._instants(today, self._unknown(today))
        return min((midnight, *(edge for span in spans for edge in span if edge > now)))

    def _coming(self, now: datetime) -> Iterator[tuple[datetime, datetime | None]]:
        """Openings that have not ended; one that goes on beyond the horizon has no end."""
        today = self.today(now)
        horizon = _closing(today + HORIZON_DAYS * DAY, LocalTime("24:00"), self._zone)
        days = (today + number * DAY for number in range(-1, HORIZON_DAYS + 1))
        for opens, closes in joined(span for day in days for span in self._openings_on(day)):
            if closes > now:
                yield opens, closes if closes < horizon else None

    def _local(self, instant: datetime | None) -> datetime | None:
        return None if instant is None else instant.astimezone(self._zone)

    def _openings_on(self, day: date) -> Sequence[Opening]:
        found = self._openings.get(day)
        if found is None:
            if len(self._openings) >= MOST_DAYS:
                self._openings.clear()
            found = self._openings[day] = self._instants(day, self.on(day).time_spans)
        return found

    def _instants(self, day: date, spans: Iterable[TimeSpan]) -> list[Opening]:
        found = [
            (_opening(day, span.from_, self._zone), _closing(day, span.to, self._zone))
            for span in spans
        ]
        # A span within the hour that the clock leaps over does not take place.
        return [span for span in found if span[0] < span[1]]


def joined(spans: Iterable[tuple[Instant, Instant]]) -> Iterator[tuple[Instant, Instant]]:
    """Spans in the order of their beginnings; those that touch or overlap are one."""
    present: tuple[Instant, Instant] | None = None
    for first, last in spans:
        if present is not None and first <= present[1]:
            present = present[0], max(present[1], last)
            continue
        if present is not None:
            yield present
        present = first, last
    if present is not None:
        yield present


def clock(minutes: int) -> LocalTime:
    """From midnight to a time of day: 510 is 08:30."""
    return LocalTime(f"{minutes // 60:02}:{minutes % 60:02}")


def _opening(day: date, at: LocalTime, zone: ZoneInfo) -> datetime:
    """The instant of a time of day; the first one, if the clock shows it twice."""
    return _instants(day, at, zone)[0]


def _closing(day: date, at: LocalTime, zone: ZoneInfo) -> datetime:
    """The instant of a time of day; the second one, if the clock shows it twice."""
    return _instants(day, at, zone)[1]


def _instants(day: date, at: LocalTime, zone: ZoneInfo) -> Opening:
    """The first and the last instant (UTC) at which the clock shows a time of day.

    A time that it leaps over, when clocks go forward, is that of the leap.
    """
    wall = datetime.combine(day, time()) + minutes(at) * MINUTE
    first, last = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= last:
        return first, last
    leap = last  # where there is no such time, fold 1 comes before the leap and fold 0 after it
    while leap.astimezone(zone).replace(tzinfo=None) < wall:
        leap += MINUTE
    return leap, leap
