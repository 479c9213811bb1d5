"""Events: out of a city's agenda, a row for each of their days, or one with all their times.

Nantes lists a row for each day, with hours on the city's own clock; what has no hours, or
runs from 00:00 to the end of the day, is all day. Bordeaux lists OpenAgenda's events, with
`timings` that are JSON within a text, and a `status` from 1 to 6, at times within JSON.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import msgspec

from schema.events import Event, EventOccurrence, EventStatus
from schema.nodes import node_id
from sources.hours import MIDNIGHT, minutes
from sources.names import fold
from sources.places import find_address
from sources.reading import reads
from sources.row import Row
from sources.texts import plain

NIGHTFALL = 23 * 60  # what runs from 00:00 until later than this is all day
MOST_TIMES = 1_000  # of one event: three a day for a year
MOST_LABELS = 20
ADDRESS = re.compile(r"https?://[^\s\"'<>\\]+")
SEPARATOR = re.compile(r"\s*[;,|]\s*")
OPENAGENDA = tuple(
    EventStatus[word]
    for word in ("SCHEDULED", "RESCHEDULED", "MOVED_ONLINE", "POSTPONED", "FULL", "CANCELED")
)
FLAGS = {
    "canceled": EventStatus.CANCELED,
    "postponed": EventStatus.POSTPONED,
    "full": EventStatus.FULL,
}
Times = tuple[datetime, datetime | None, bool]  # start, end, all day


class Timing(msgspec.Struct):
    """One of OpenAgenda's times."""

    begin: datetime
    end: datetime | None = None


def whole(events: list[Event]) -> list[Event]:
    """Rows of one event at one venue as one event, with all its occurrences.

    One that tours is an event at each venue, for nobody should go to the wrong one. The first
    of them by name keeps the source's id.
    """
    by_id: dict[str, dict[str, list[Event]]] = {}
    for event in events:
        by_id.setdefault(event.local_id, {}).setdefault(fold(event.venue or ""), []).append(event)
    found = []
    for local_id, venues in by_id.items():
        for number, (venue, rows) in enumerate(sorted(venues.items())):
            one = local_id if number == 0 else f"{local_id}@{venue}"
            every = _in_order(each for row in rows for each in row.every)
            node = node_id("Event", rows[0].city, one)
            found.append(replace(rows[0], id=node, local_id=one, every=every))
    return found


@reads(
    Event,
    "id name position lat lon street postcode commune insee date start_time end_time timings "
    "first_start first_end last_start last_end status canceled postponed full summary "
    "description venue themes types audience age_min age_max free_of_charge price "
    "accessibility wheelchair image url booking updated",
    whole=whole,
)
def event(row: Row) -> Event:
    """One event, or one day of it; ValueError without an id, a name or a time."""
    local_id, name, status = row.text("id"), row.text("name"), _status(row)
    themes = [*_labels(row, "themes"), *_labels(row, "types")]
    accessibility, updated = _labels(row, "accessibility"), row.find_instant("updated")
    wheelchair = row.find_flag("wheelchair")
    if wheelchair is None and any("moteur" in fold(label) for label in accessibility):
        wheelchair = True
    return Event(
        id=node_id("Event", row.city.slug, local_id),
        city=row.city.slug,
        name=name,
        folded=fold(name),
        position=row.find_position(),
        address=find_address(row),
        updated_at=updated and updated.astimezone(row.city.zone),
        local_id=local_id,
        every=_in_order(_occurrence(times, status) for times in _times(row)),
        folded_themes=frozenset(map(fold, themes)),
        summary=_plain(row, "summary"),
        description=_plain(row, "description"),
        venue=row.find_text("venue"),
        themes=list(dict.fromkeys(themes)),
        audience=_plain(row, "audience"),
        age_min=row.find_count("age_min"),
        age_max=row.find_count("age_max"),
        free_of_charge=row.find_flag("free_of_charge"),
        price=_plain(row, "price"),
        accessibility=accessibility,
        wheelchair_accessible=wheelchair,
        image=_address(row, "image"),
        url=_address(row, "url"),
        booking_url=_address(row, "booking"),
    )


def _times(row: Row) -> Iterator[Times]:
    """When a row says that it takes place; ValueError if it does not."""
    zone = row.city.zone
    day = row.find_day("date")
    if day is not None:
        yield _on_day(row, datetime.combine(day, time(), zone))
        return
    timings = _timings(row)
    for timing in timings:
        yield _local(row, timing.begin, timing.end)
    if not timings:
        first, last = row.find_instant("first_start"), row.find_instant("last_start")
        yield _local(row, first, row.find_instant("first_end"))
        if last not in (None, first):
            yield _local(row, last, row.find_instant("last_end"))


def _timings(row: Row) -> list[Timing]:
    said = row.find("timings")
    try:
        listed = msgspec.json.decode(said or "[]") if isinstance(said, str) else said
        return msgspec.convert((listed or [])[:MOST_TIMES], list[Timing])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"its timings: {error}") from None


def _on_day(row: Row, midnight: datetime) -> Times:
    """What ends no later than it starts ends the next day; what ends as it starts, nobody knows."""
    opens, closes = row.find_text("start_time"), row.find_text("end_time")
    start, end = minutes(opens or "00:00"), None if closes is None else minutes(closes)
    if start == 0 and (not end or end >= NIGHTFALL):
        return midnight, midnight + timedelta(days=1), True
    if end is not None and end < start:
        end += MIDNIGHT
    ends = None if end in (None, start) else midnight + timedelta(minutes=end)
    return midnight + timedelta(minutes=start), ends, False


def _local(row: Row, start: datetime | None, end: datetime | None) -> Times:
    if start is None or start.tzinfo is None or (end is not None and end.tzinfo is None):
        raise ValueError(f"starts at {start}, ends at {end}")
    if end is not None and end < start:
        raise ValueError(f"starts at {start}, ends at {end}")
    zone = row.city.zone
    return start.astimezone(zone), end.astimezone(zone) if end and end > start else None, False


def _occurrence(times: Times, status: EventStatus) -> EventOccurrence:
    start, end, all_day = times
    midnight = datetime.combine(start.date() + timedelta(days=1), time(), start.tzinfo)
    over_at = (end or midnight).astimezone(UTC)
    return EventOccurrence(over_at=over_at, start=start, end=end, all_day=all_day, status=status)


def _in_order(occurrences: Iterable[EventOccurrence]) -> tuple[EventOccurrence, ...]:
    """Each once, by when it is over; ValueError if there is none."""
    once = {(one.over_at, one.start): one for one in occurrences}
    if not once:
        raise ValueError("takes place at no time")
    return tuple(once[at] for at in sorted(once))


def _status(row: Row) -> EventStatus:
    for column, status in FLAGS.items():
        if row.find_flag(column):
            return status
    said = re.search(r"\b[1-6]\b", str(row.find("status") or ""))
    return OPENAGENDA[int(said[0]) - 1] if said else EventStatus.SCHEDULED


def _plain(row: Row, column: str) -> str | None:
    said = row.find(column)
    return (plain(said) or None) if isinstance(said, str) else None


def _labels(row: Row, column: str) -> list[str]:
    """Several words or phrases: a list, or a text with `;`, `,` or `|` between them."""
    said = row.find(column)
    several = said if isinstance(said, list) else SEPARATOR.split(str(said or ""))
    found = (" ".join(str(one).split()) for one in several[:MOST_LABELS])
    return list(dict.fromkeys(label for label in found if label))


def _address(row: Row, column: str) -> str | None:
    """The first web address in a text, which may be JSON."""
    found = ADDRESS.search(row.find_text(column) or "")
    return found and found[0]
