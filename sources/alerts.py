"""Alerts: what disturbs the network, out of SIRI, of GTFS-Realtime, or of a city's own table.

Nantes' table names lines in a syntax of its own (`[C3/1/-/-];[23/-/-/-]`: line,
direction, from, to), stops as JSON within a text, and hours on the city's own clock.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from enum import Enum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from schema.alerts import ActivePeriod, Alert, AlertEntity
from schema.causes import AlertCause, AlertEffect, AlertSeverityLevel
from schema.nodes import node_id
from sources.reading import reads
from sources.row import Row
from sources.texts import plain

E = TypeVar("E", bound=Enum)

# GTFS-Realtime has the words of our enums. SIRI has two hundred for causes alone: the first of
# these stems with which a part of one begins (`constructionWork`) tells which of ours it is.
CAUSES = {
    AlertCause.STRIKE: "strike industrial",
    AlertCause.DEMONSTRATION: "demonstration procession march",
    AlertCause.ACCIDENT: "accident collision derail overturned",
    AlertCause.WEATHER: "weather snow fog ice icy rain hail flood storm wind gale frost freez heat "
    "sleet visibility avalanche landslide",
    AlertCause.MAINTENANCE: "maintenance repair cleaning inspection",
    AlertCause.CONSTRUCTION: "construction roadwork work engineering",
    AlertCause.POLICE_ACTIVITY: "police security bomb terror suspect evacuation",
    AlertCause.MEDICAL_EMERGENCY: "medical ill casualty ambulance",
    AlertCause.HOLIDAY: "holiday",
    AlertCause.SPECIAL_EVENT: "event special match fair concert sport",
    AlertCause.TECHNICAL_PROBLEM: "technical failure defect breakdown fault problem power",
    AlertCause.UNKNOWN_CAUSE: "unknown undefined",
}
EFFECTS = {
    AlertEffect.NO_EFFECT: "normal",
    AlertEffect.REDUCED_SERVICE: "trip reduced disrupted intermittent short irregular",
    AlertEffect.NO_SERVICE: "cancel no suspended closed",
    AlertEffect.DETOUR: "divert detour",
    AlertEffect.SIGNIFICANT_DELAYS: "delay slow late",
    AlertEffect.ADDITIONAL_SERVICE: "additional extra",
    AlertEffect.STOP_MOVED: "moved",
    AlertEffect.MODIFIED_SERVICE: "altered change modified replacement substitut",
    AlertEffect.UNKNOWN_EFFECT: "unknown undefined",
}
LEVELS = {
    AlertSeverityLevel.SEVERE: "severe",
    AlertSeverityLevel.WARNING: "normal",
    AlertSeverityLevel.INFO: "slight no",
}
UNKNOWN_SEVERITY = AlertSeverityLevel.UNKNOWN_SEVERITY
SECTION = re.compile(r"\[([^\[\]/]*)/([^\[\]/]*)/([^\[\]/]*)/([^\[\]/]*)\]")
HOUR = re.compile(r"(\d\d?)[:h](\d\d)(?::\d\d)?")
DAY_MIN = 24 * 60
ANYWHERE = {"", "-"}
Touched = tuple[str | None, str | None, int | None, str | None]  # line, place, direction, trip

COLUMNS = (
    "id header description url cause effect severity over periods start end start_date start_time "
    "end_date end_time entities line stop station direction trip sections stop_lists"
)


class PlannedAlert(Alert):
    """An alert of a second list, which some cities keep for what is planned."""


@reads(Alert, COLUMNS)
def alert(row: Row) -> Alert:
    """One alert; ValueError without an id or a text, or if it ends before it starts."""
    local_id = row.text("id")
    headers, descriptions = row.texts("header", plain), row.texts("description", plain)
    if not (headers or descriptions):
        raise ValueError("says nothing")
    urls = [text for text in row.texts("url", plain) if re.match(r"https?://\S+$", text.text)]
    touched = dict.fromkeys((*_touched(row), *_sections(row), *_stop_lists(row)))
    return Alert(
        id=node_id("Alert", row.city.slug, local_id),
        city=row.city.slug,
        local_id=local_id,
        headers=[text._replace(text=" ".join(text.text.split())) for text in headers]
        or descriptions,
        descriptions=descriptions,
        urls=urls,
        over=row.find_flag("over") is True,
        cause=_meant(row, "cause", CAUSES, AlertCause.UNKNOWN_CAUSE, AlertCause.OTHER_CAUSE),
        effect=_meant(row, "effect", EFFECTS, AlertEffect.UNKNOWN_EFFECT, AlertEffect.OTHER_EFFECT),
        severity_level=_meant(row, "severity", LEVELS, UNKNOWN_SEVERITY, UNKNOWN_SEVERITY),
        active_periods=_periods(row),
        entities=[
            AlertEntity(
                city=row.city.slug, line=line, place=place, direction_id=direction, trip_id=trip
            )
            for line, place, direction, trip in touched
        ],
    )


reads(PlannedAlert, COLUMNS, part="planned")(alert)  # type: ignore[arg-type]  # an alert like any


def _meant(row: Row, column: str, words: Mapping[E, str], unsaid: E, other: E) -> E:
    said = row.find_text(column)
    if said is None:
        return unsaid
    kinds = type(unsaid)
    if said in kinds.__members__:
        return kinds[said]
    parts = re.sub(r"(?=[A-Z])", " ", said).lower().split()
    for kind, stems in words.items():
        if any(part.startswith(tuple(stems.split())) for part in parts):
            return kind
    return other


def _periods(row: Row) -> list[ActivePeriod]:
    """In order, and on the city's own clock; those that end before they start are left out."""
    zone = row.city.zone
    said = row.find("periods")
    rows = [Row(row.city, one, row.fields) for one in _several(said)] or [row]
    found = []
    for one in rows:
        start = one.find_instant("start") or _local(one, "start", 0, zone)
        end = one.find_instant("end") or _local(one, "end", DAY_MIN, zone)
        if start is not None or end is not None:
            found.append((start and start.astimezone(zone), end and end.astimezone(zone)))
    sound = [(start, end) for start, end in found if not (start and end and end <= start)]
    if found and not sound:
        raise ValueError("ends before it starts")
    sound.sort(key=lambda period: period[0].timestamp() if period[0] else 0.0)
    return [ActivePeriod(start=start, end=end) for start, end in sound]


def _local(row: Row, end: str, unsaid_min: int, zone: ZoneInfo) -> datetime | None:
    """A day and an hour by the clock on the city's walls; whole days where there is no hour."""
    day = row.find_day(f"{end}_date")
    if day is None:
        return None
    hour = HOUR.fullmatch(row.find_text(f"{end}_time") or "")
    minutes = unsaid_min if hour is None else 60 * int(hour[1]) + int(hour[2])
    return (datetime.combine(day, time(0)) + timedelta(minutes=minutes)).replace(tzinfo=zone)


def _touched(row: Row) -> Iterator[Touched]:
    for one in _several(row.find("entities")):
        entity = Row(row.city, one, row.fields)
        line, trip = entity.find_text("line"), entity.find_text("trip")
        place = entity.find_text("stop") or entity.find_text("station")
        direction = entity.find_number("direction")
        if line or place or trip:
            yield line, place, int(direction) if direction in (0, 1) else None, trip


def _sections(row: Row) -> Iterator[Touched]:
    for line, _, start, end in SECTION.findall(row.find_text("sections") or ""):
        ends = [name for name in (start.strip(), end.strip()) if name not in ANYWHERE]
        if line.strip() not in ANYWHERE:
            for place in ends or [None]:
                yield line.strip(), place, None, None


def _stop_lists(row: Row) -> Iterator[Touched]:
    said = row.find_text("stop_lists")
    try:
        lists = msgspec.json.decode(said or "null")
    except (msgspec.DecodeError, RecursionError):
        return  # the lines say it too
    if isinstance(lists, Mapping):
        lists = lists.get("LISTE_ARRETS", lists)
    for one in _several(lists):
        for code in str(one.get("CODES") or "").split(","):
            if code.strip() not in ANYWHERE:
                yield str(one.get("LIGNE") or "").strip() or None, code.strip(), None, None


def _several(said: Any) -> list[Mapping[str, Any]]:
    """The objects in what may be a list of them, one, or none."""
    return [one for one in (said if isinstance(said, list) else [said]) if isinstance(one, Mapping)]
