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

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from cities import City
from schema.times import DayHours, TimeSpan
from sources.calendar import Calendar
from sources.collection import Collection
from sources.daily import DailySchedule, clock, joined
from sources.hours import Slot


class WeeklySchedule(DailySchedule):
    """The Schedule of one place, from its slots; instants are given in its own time-zone."""

    def __init__(self, slots: Iterable[Slot], zone: ZoneInfo, calendar: Calendar) -> None:
        super().__init__(zone)
        self._calendar = calendar
        self._exceptions: dict[date, list[Slot]] = {}
        self._ordinary: list[Slot] = []
        for slot in slots:
            if slot.exception is None:
                self._ordinary.append(slot)
            else:
                self._exceptions.setdefault(slot.exception, []).append(slot)
        self._periods = {slot.period for slot in self._ordinary}

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
    return [TimeSpan(from_=clock(first), to=clock(last)) for first, last in joined(sorted(opening))]
