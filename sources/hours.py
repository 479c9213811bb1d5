"""Hours: when a place opens and closes, one slot for each row that a city publishes.

A row is a slot of a weekday, of public holidays (`jour férié`) or of one date,
and belongs to a period that has a name, a first and a last day, or some of
them. `23:59` is how upstreams write midnight; a row without hours, or of the
kind `Fermeture`, says closed. What follows for a given day: sources/schedule.py.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sources.names import fold
from sources.row import Row

COLUMNS = "place weekday opens closes from until period period_fallback exception kind"
MIDNIGHT = 24 * 60
WEEK = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
PUBLIC_HOLIDAY = re.compile(r"(jours? )?feries?")
TIME = re.compile(r"(\d{1,2})\s*[:hH]\s*(\d{2})?(:\d{2})?")

S = TypeVar("S", bound="Slot")


@dataclass(frozen=True, slots=True)
class Slot:
    """One row: from when to when, in minutes from midnight (both None: closed), on which days.

    The days are one date (`exception`), or a weekday (Monday is 0), or, where
    both are None, public holidays; `from_` and `until` are both included. Each
    service has a subclass of its own, for readers are found by type.
    """

    place: str
    weekday: int | None
    opens: int | None
    closes: int | None
    from_: date | None
    until: date | None
    period: str | None
    exception: date | None


def slot(row: Row, kind: type[S]) -> S:
    """One row of opening hours, of any service, its columns being COLUMNS.

    ValueError for a row that says no place or no day, or an impossible time, and
    for hours past midnight: 22:00 to 02:00 is a slip of the pen as often as not.
    """
    exception = _find_day(row, "exception")
    opens, closes = _opening(row)
    first, last = _find_day(row, "from"), _find_day(row, "until")
    if first is not None and last is not None and last < first:
        raise ValueError(f"ends on {last}, before it begins on {first}")
    return kind(
        place=row.text("place"),
        weekday=None if exception is not None else _weekday(row.text("weekday")),
        opens=opens,
        closes=closes,
        from_=first,
        until=last,
        period=row.find_text("period") or row.find_text("period_fallback"),
        exception=exception,
    )


def _find_day(row: Row, name: str) -> date | None:
    """None only if there is nothing: a bound that cannot be read must not be one that is not."""
    day = row.find_day(name)
    if day is None and row.find_text(name) is not None:
        raise ValueError(f"{name} {row.find_text(name)!r} is no day")
    return day


def _weekday(text: str) -> int | None:
    """Monday is 0; None for public holidays. `Lundi`, `lun.` and `lundis` are the same."""
    word = fold(text)
    if PUBLIC_HOLIDAY.fullmatch(word):
        return None
    for number, name in enumerate(WEEK):
        if len(word) >= 2 and (name + "s").startswith(word):
            return number
    raise ValueError(f"{text!r} is no weekday")


def _opening(row: Row) -> tuple[int, int] | tuple[None, None]:
    opens, closes = row.find_text("opens"), row.find_text("closes")
    if fold(row.find_text("kind") or "").startswith("ferm") or opens is closes is None:
        return None, None
    if opens is None or closes is None:
        raise ValueError(f"opens at {opens}, closes at {closes}")
    first, last = minutes(opens), minutes(closes)
    if last in (0, MIDNIGHT - 1):
        last = MIDNIGHT
    if not first < last <= MIDNIGHT:
        raise ValueError(f"opens at {opens}, closes at {closes}")
    return first, last


def minutes(text: str) -> int:
    """From midnight: `7h30`, `7h`, `07:30`, `07:30:00`; at most 24:00."""
    found = TIME.fullmatch(text)
    hour, minute = (int(found[1]), int(found[2] or 0)) if found else (0, 60)
    if minute >= 60 or hour * 60 + minute > MIDNIGHT:
        raise ValueError(f"{text!r} is no time of day")
    return hour * 60 + minute
