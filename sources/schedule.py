"""Schedule: whether a place is open, worked out from all that its city published about it.

What holds on a day, in this order:

1. Rows of that very date, and nothing else: Nantes shortens a Christmas Eve and
   opens a Sunday with them as much as it closes public holidays.
2. On a public holiday, rows for public holidays, where a period in force has
   any. Otherwise the weekday's hours hold as given: to close would be a guess.
3. The weekday's rows of *one* period, whole. Of several in force the shortest is
   meant, and of equally short ones the last to begin. A day on which it has no
   row is a closed day, whatever a longer period says of it.
4. No period in force: nothing is published, which is not the same as closed.

Why a period is whole: in the one real export at hand (Nantes' museums and
libraries of 2022: 23 places, 65 periods of theirs) each period is a full week,
none overlaps the next, and special ones leave days out on purpose. The heat
plan of August opens a library on Tuesday, Wednesday and Friday, the summer takes
Saturday from a museum, school holidays take it from a toy library. Had such a
period been laid over the year's instead of between its parts, filling its gaps
from the year would send people to closed doors.

Dates win over names: that toy library's `vac scol fev 2020` is dated 7 to 20
February 2022, `2022 horaires période scol` until Sunday the 6th, though the
holidays began on the 5th. So names that speak of school are heeded only where
dates do not decide: in periods without both dates, or several at once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from cities import City
from schema.times import DayHours, LocalTime, TimeSpan
from sources.calendar import Calendar
from sources.collection import Collection
from sources.hours import Slot, minutes

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
HORIZON_DAYS = 60  # how far ahead the next opening or closing is looked for
MOST_DAYS = 1_000  # kept in memory, for each place

Opening = tuple[datetime, datetime]  # when it opens and when it closes, in UTC
X = TypeVar("X", int, datetime)


class WeeklySchedule:
    """The Schedule of one place, from its slots; instants are given in its own time-zone."""

    def __init__(self, slots: Iterable[Slot], zone: ZoneInfo, calendar: Calendar) -> None:
        self._zone = zone
        self._calendar = calendar
        self._exceptions: dict[date, list[Slot]] = {}
        self._ordinary: list[Slot] = []
        for slot in slots:
            if slot.exception is None:
                self._ordinary.append(slot)
            else:
                self._exceptions.setdefault(slot.exception, []).append(slot)
        self._periods = {slot.period for slot in self._ordinary}
        self._hours: dict[date, DayHours] = {}
        self._openings: dict[date, Sequence[Opening]] = {}

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
        """Whether it is open; None if nothing is published for that day."""
        today = self.today(now)
        # Yesterday's too: where clocks go back at midnight, 24:00 comes after it.
        for day in (today, today - DAY):
            for opens, closes in self._openings_on(day):
                if opens <= now < closes:
                    return True
        return None if self.on(today).closed is None else False

    def opens_at(self, now: datetime) -> datetime | None:
        """When it next opens after `now`, within 60 days."""
        starts = (opens for opens, _ in self._coming(now) if opens > now)
        return self._local(next(starts, None))

    def closes_at(self, now: datetime) -> datetime | None:
        """When the present opening ends, or else the next within 60 days; None if it does not."""
        return self._local(next((closes for _, closes in self._coming(now)), None))

    def changes_at(self, now: datetime) -> datetime:
        """The next opening, closing or midnight."""
        today = self.today(now)
        midnight = _opening(today + DAY, LocalTime("00:00"), self._zone)
        days = (self._openings_on(day) for day in (today - DAY, today))
        edges = (edge for openings in days for opening in openings for edge in opening)
        return min((midnight, *(edge for edge in edges if edge > now)))

    def _coming(self, now: datetime) -> Iterator[tuple[datetime, datetime | None]]:
        """Openings that have not ended; one that goes on beyond the horizon has no end."""
        today = self.today(now)
        horizon = _closing(today + HORIZON_DAYS * DAY, LocalTime("24:00"), self._zone)
        days = (today + number * DAY for number in range(-1, HORIZON_DAYS + 1))
        for opens, closes in _joined(span for day in days for span in self._openings_on(day)):
            if closes > now:
                yield opens, closes if closes < horizon else None

    def _local(self, instant: datetime | None) -> datetime | None:
        return None if instant is None else instant.astimezone(self._zone)

    def _openings_on(self, day: date) -> Sequence[Opening]:
        found = self._openings.get(day)
        if found is None:
            if len(self._openings) >= MOST_DAYS:
                self._openings.clear()
            spans = [
                (_opening(day, span.from_, self._zone), _closing(day, span.to, self._zone))
                for span in self.on(day).time_spans
            ]
            # A span within the hour that the clock leaps over does not take place.
            found = self._openings[day] = [span for span in spans if span[0] < span[1]]
        return found

    def _work_out(self, day: date) -> DayHours:
        holiday = self._calendar.public_holiday(day)
        exceptions = self._exceptions.get(day)
        slots = exceptions or self._in_force(day, holiday is not None)
        spans = _spans(slot for slot in slots if slot.weekday in (None, day.weekday()))
        return DayHours(
            date=day,
            time_spans=spans,
            closed=not spans if slots else None,
            reason=self._reason(exceptions) if exceptions else None,
            period=None if exceptions else next((s.period for s in slots if s.period), None),
            public_holiday=holiday,
        )

    def _in_force(self, day: date, public_holiday: bool) -> list[Slot]:
        """The slots of the period that holds: those for public holidays, or those of weekdays."""
        holding = [slot for slot in self._ordinary if _holds(slot, day)]
        if public_holiday:
            found = self._one_period([slot for slot in holding if slot.weekday is None], day)
            if found:
                return found
        return self._one_period([slot for slot in holding if slot.weekday is not None], day)

    def _one_period(self, slots: list[Slot], day: date) -> list[Slot]:
        dated = [slot for slot in slots if slot.from_ and slot.until]
        agreeing = [s for s in dated or slots if self._calendar.agrees(s.period, day)]
        in_force = agreeing or dated
        best = min(map(_rank, in_force), default=None)
        return [slot for slot in in_force if _rank(slot) == best]

    def _reason(self, exceptions: list[Slot]) -> str:
        """The exception's own name; most have that of their period, which says nothing."""
        for slot in exceptions:
            if slot.period and slot.period not in self._periods:
                return slot.period
        opens = any(slot.opens is not None for slot in exceptions)
        return "Horaires exceptionnels" if opens else "Fermeture exceptionnelle"


def schedules(city: City) -> Callable[[Collection[Any]], Mapping[str, WeeklySchedule]]:
    """What makes a city's slots (for `Collection.derived`) into the schedule of each place."""
    return _schedules(city.zone, Calendar.of(city))


@cache  # so that it is the same function each time, which `derived` needs
def _schedules(
    zone: ZoneInfo, calendar: Calendar
) -> Callable[[Collection[Any]], Mapping[str, WeeklySchedule]]:
    def make(slots: Collection[Any]) -> Mapping[str, WeeklySchedule]:
        places = slots.grouped(_place)
        return {place: WeeklySchedule(rows, zone, calendar) for place, rows in places.items()}

    return make


def _place(slot: Slot) -> str:
    return slot.place


def _holds(slot: Slot, day: date) -> bool:
    return (slot.from_ or date.min) <= day <= (slot.until or date.max)


def _rank(slot: Slot) -> tuple[timedelta, int]:
    """The shortest period first, then the last to begin."""
    first, last = slot.from_ or date.min, slot.until or date.max
    return last - first, -first.toordinal()


def _spans(slots: Iterable[Slot]) -> list[TimeSpan]:
    """When a day's slots are open."""
    opening = [(s.opens, s.closes) for s in slots if s.opens is not None and s.closes is not None]
    return [
        TimeSpan(from_=_clock(first), to=_clock(last)) for first, last in _joined(sorted(opening))
    ]


def _joined(spans: Iterable[tuple[X, X]]) -> Iterator[tuple[X, X]]:
    """Spans in the order of their beginnings; those that touch or overlap are one."""
    present: tuple[X, X] | None = None
    for first, last in spans:
        if present is not None and first <= present[1]:
            present = present[0], max(present[1], last)
            continue
        if present is not None:
            yield present
        present = first, last
    if present is not None:
        yield present


def _clock(minutes: int) -> LocalTime:
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
