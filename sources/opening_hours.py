"""Opening hours: what OpenStreetMap's `opening_hours` says, `Mo-Fr 08:30-17:30; PH off`.

https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification

The library that reads it knows no school holidays, and public ones of whole countries only.
So `PH` and `SH` never get there: a day's hours depend on that day and, past midnight, on
the one before, which are two different weekdays. Before each question the holidays are
written as weekdays: `PH` is `We` on a Wednesday that is one, and a weekday that is
neither of the two if none is. To the library a night goes on, though its day is `off`:
`Mo-Su 22:00-04:00; We off` is open on Thursdays until four.

A comment that stands alone ("sur rendez-vous") means that nobody knows, which the library
takes for open. What cannot be known from the text alone (sunset, `18:00+`) is not guessed:
such a text says nothing.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime, time
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog
from opening_hours import OpeningHours, State, validate

from schema.times import DayHours, TimeSpan
from sources.calendar import Calendar
from sources.daily import DAY, MINUTE, DailySchedule, clock, joined
from sources.hours import MIDNIGHT

MOST_CHARACTERS = 500  # OpenStreetMap itself has 255
MOST_TEXTS = 4_096  # kept in memory; places that keep the same hours share one
BEGINNING = date(1900, 1, 2)  # before, the library says closed whatever the text

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
NAME = rf"(?:{'|'.join(DAYS)})"
WEEKDAYS = rf"{NAME}(?:\s*-\s*{NAME}|\[[-\d,\s]{{1,20}}\])?"
COMMA = r"\s*,\s*"
ITEM = rf"(?:{WEEKDAYS}|[PS]H)"
SELECTOR = re.compile(
    rf"\b(?P<items>{ITEM}(?:{COMMA}{ITEM})*)(?!\w)"
    rf"(?:\s+(?P<of>{WEEKDAYS}(?:{COMMA}{WEEKDAYS})*)(?!\w))?",
    re.IGNORECASE,
)
HOLIDAY = re.compile(r"\b[PS]H\b", re.IGNORECASE)
MOVED = re.compile(r"\b[PS]H\s*[-+]", re.IGNORECASE)  # `PH -1 day`
UNTOLD = re.compile(r"\b(sunrise|sunset|dawn|dusk)\b|\d\s*\+", re.IGNORECASE)
STATE = re.compile(r"\b(open|closed|off|unknown)\s*$", re.IGNORECASE)

log = structlog.get_logger("sources")


class Interval(NamedTuple):
    """From when to when, in minutes from midnight, it is in which state, and why."""

    first: int
    last: int
    state: State
    comment: str


class OpeningHoursSchedule(DailySchedule):
    """The Schedule that a text makes; ValueError if it makes none."""

    def __init__(self, text: str, zone: ZoneInfo, calendar: Calendar) -> None:
        super().__init__(zone)
        self._calendar = calendar
        self._pieces = _pieces(text)
        outside = " ".join(self._pieces[::2])
        if UNTOLD.search(outside):
            raise ValueError("it leaves times untold")
        if MOVED.search(outside):
            raise ValueError("days before and after holidays are not understood")
        self._spoken = {kind.upper() for kind in HOLIDAY.findall(outside)}
        self._read: dict[Two, OpeningHours] = {}
        for weekday in range(7):  # all that can be asked of it is in its syntax, or nothing is
            for kinds in (frozenset[str](), frozenset(self._spoken)):
                self._expression(Two(weekday, kinds, kinds))

    def _work_out(self, day: date) -> DayHours:
        found = self._intervals(day)
        states = {one.state for one in found}
        said = dict.fromkeys(one.comment for one in found if one.comment)
        return DayHours(
            date=day,
            time_spans=_spans(found, State.OPEN),
            closed=False if State.OPEN in states else True if states == {State.CLOSED} else None,
            reason=", ".join(said) or None,
            period=None,
            public_holiday=self._calendar.public_holiday(day),
        )

    def _unknown(self, day: date) -> list[TimeSpan]:
        return _spans(self._intervals(day), State.UNKNOWN)

    def _intervals(self, day: date) -> list[Interval]:
        """All of a day, in order."""
        if day < BEGINNING or ("SH" in self._spoken and not self._calendar.knows_school(day)):
            return [Interval(0, MIDNIGHT, State.UNKNOWN, "")]
        start = datetime.combine(day, time())
        two = Two(day.weekday(), self._holidays(day - DAY), self._holidays(day))
        found = self._expression(two).intervals(start, start + DAY)
        return [
            Interval((first - start) // MINUTE, (last - start) // MINUTE, state, comment)
            for first, last, state, comment in found
        ]

    def _expression(self, two: "Two") -> OpeningHours:
        """The text as it is to be read for one day."""
        found = self._read.get(two)
        if found is None:
            pieces = list(self._pieces)
            pieces[::2] = [SELECTOR.sub(two.written, piece) for piece in pieces[::2]]
            text = '"'.join(pieces)
            if not validate(text):
                raise ValueError("it is not in OpenStreetMap's syntax")
            found = self._read[two] = OpeningHours(text)
        return found

    def _holidays(self, day: date) -> frozenset[str]:
        found = {"PH": self._calendar.public_holiday(day), "SH": self._calendar.school_holiday(day)}
        return frozenset(kind for kind in self._spoken & found.keys() if found[kind] is not None)


class Two(NamedTuple):
    """A day and the one before, whose nights reach into it: a weekday, and which holidays."""

    weekday: int
    before: frozenset[str]
    today: frozenset[str]

    def written(self, found: re.Match[str]) -> str:
        """Holidays among a rule's days as weekdays: `PH,Sa` is both, `SH Mo-Fr` some of these."""
        items = re.split(COMMA, found["items"])
        holidays = {item.upper() for item in items if HOLIDAY.fullmatch(item)}
        if not holidays:
            return found[0]
        weekdays = [item for item in items if item.upper() not in holidays]
        if weekdays and found["of"]:
            raise ValueError(f"{found[0]!r} is not understood")
        meant = {self.weekday} if holidays & self.today else set()
        meant |= {(self.weekday - 1) % 7} if holidays & self.before else set()
        if found["of"]:
            kept = [name for item in re.split(COMMA, found["of"]) for name in _among(item, meant)]
        else:
            kept = weekdays + [DAYS[number] for number in sorted(meant)]
        neither = DAYS[(self.weekday + 1) % 7]
        return ",".join(kept) or neither


@lru_cache(maxsize=MOST_TEXTS)
def find_schedule(text: str, zone: ZoneInfo, calendar: Calendar) -> OpeningHoursSchedule | None:
    """The Schedule that a text makes; None, and a line in the log, if it makes none."""
    try:
        return OpeningHoursSchedule(text, zone, calendar)
    except ValueError as error:
        log.warning("opening hours not understood", text=text[:100], why=str(error))
        return None


def _pieces(text: str) -> list[str]:
    """What is outside comments and what is in them, in turns; a comment alone is `unknown`."""
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"it has more than {MOST_CHARACTERS} characters")
    pieces = text.split('"')
    if len(pieces) % 2 == 0:
        raise ValueError("a comment does not end")
    for number in range(0, len(pieces) - 1, 2):
        if not STATE.search(pieces[number]):
            pieces[number] = pieces[number].rstrip() + " unknown "
    return pieces


def _spans(found: Iterable[Interval], state: State) -> list[TimeSpan]:
    wanted = ((one.first, one.last) for one in found if one.state == state)
    return [TimeSpan(from_=clock(first), to=clock(last)) for first, last in joined(wanted)]


def _among(item: str, wanted: set[int]) -> list[str]:
    """Those of `Mo-Fr`, `Sa-Mo` or `Mo[1]` that are among some weekdays, Monday being 0."""
    first, _, last = (part.strip()[:2].title() for part in item.partition("-"))
    start = DAYS.index(first)
    if "[" in item or not last:
        return [item] if start in wanted else []
    length = (DAYS.index(last) - start) % 7 + 1
    numbers = [(start + n) % 7 for n in range(length)]
    return [DAYS[number] for number in numbers if number in wanted]
