"""Reports: what a city lists of them, and how one is written for it.

What a citizen wrote is published by the city, not by us; mail addresses and telephone numbers
that were left in it are taken out all the same. Who reported it is never read.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from schema.issues import Issue
from schema.nodes import node_id
from schema.places import Address, distance_m
from schema.report_details import ReportDetail, ReportDetailType, ReportDetailValue
from schema.reports import Report, ReportService, ReportState
from sources.names import fold
from sources.places import find_website
from sources.reading import reads
from sources.row import Row
from sources.texts import plain

MAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
PHONE = re.compile(r"(?<!\w)(?:\+|0)\d(?:[ .\-/()]{0,2}\d){7,13}(?!\w)")
STATES = {"open": ReportState.OPEN, "closed": ReportState.CLOSED}
DETAIL_TYPES = {
    "string": ReportDetailType.LINE,
    "text": ReportDetailType.TEXT,
    "number": ReportDetailType.NUMBER,
    "datetime": ReportDetailType.DATE_TIME,
    "singlevaluelist": ReportDetailType.ONE_OF,
    "multivaluelist": ReportDetailType.SOME_OF,
}
NEAR_M = 5.0  # what the list rounds
CLOCKS_APART = timedelta(minutes=10)


@reads(
    Report,
    "service_request_id status status_notes service_name service_code description "
    "agency_responsible requested_datetime updated_datetime expected_datetime "
    "address address_string zipcode media_url position",
)
def report(row: Row) -> Report:
    """One report; ValueError without a number or a state that is known."""
    number, code = row.text("service_request_id"), row.find_text("service_code") or ""
    name = row.find_text("service_name") or code
    street, postcode = row.find_text("address"), row.find_text("zipcode")
    street = street or row.find_text("address_string")
    state = STATES.get(fold(row.text("status")))
    if state is None:
        raise ValueError(f"no state {row.text('status')!r}")
    return Report(
        id=node_id("Report", row.city.slug, number),
        city=row.city.slug,
        name=name,
        folded=fold(name),
        position=row.find_position(),
        address=Address(street=street, postcode=postcode, city=None, insee=None)
        if street or postcode
        else None,
        updated_at=_instant(row, "updated_datetime"),
        local_id=number,
        service_code=code,
        state=state,
        number=number,
        description=masked(row, "description"),
        status_notes=masked(row, "status_notes"),
        agency=row.find_text("agency_responsible"),
        reported_at=_instant(row, "requested_datetime"),
        expected_at=_instant(row, "expected_datetime"),
        media_url=find_website(Row(row.city, {"website": row.find_text("media_url")}, {})),
    )


@reads(
    ReportService,
    "service_code service_name description metadata type keywords group",
    part="services",
)
def report_service(row: Row) -> ReportService:
    """One service; ValueError without a code."""
    code = row.text("service_code")
    return ReportService(
        code=code,
        name=row.find_text("service_name") or code,
        description=plain(row.find_text("description") or "") or None,
        group=row.find_text("group"),
        keywords=[word.strip() for word in (row.find_text("keywords") or "").split(",") if word],
        needs_details=bool(row.find_flag("metadata")),
        city=row.city.slug,
        listed=fold(row.find_text("type") or "") != "blackbox",
    )


@reads(
    ReportDetail,
    "variable code datatype required datatype_description order description values",
    part="definitions",
    whole=lambda items: sorted(items, key=lambda one: one.order),
)
def report_detail(row: Row) -> ReportDetail:
    """One attribute of a service; ValueError without a code."""
    code, kind = row.text("code"), row.find_text("datatype") or "string"
    choices = row.find("values")
    found = [Row(row.city, one, {}) for one in choices or () if isinstance(one, Mapping)]
    notice = row.find_flag("variable") is False
    return ReportDetail(
        code=code,
        label=plain(row.find_text("description") or "") or code,
        hint=plain(row.find_text("datatype_description") or "") or None,
        type=ReportDetailType.NOTICE
        if notice
        else DETAIL_TYPES.get(fold(kind), ReportDetailType.TEXT),
        required=not notice and bool(row.find_flag("required")),
        values=[
            ReportDetailValue(key=key, name=one.find_text("name") or key)
            for one in found
            if (key := one.find_text("key"))
        ],
        order=row.find_count("order") or 0,
    )


def masked(row: Row, name: str) -> str | None:
    """A text for everybody to read: no markup, no mail addresses, no telephone numbers."""
    value = row.find(name)
    return private(plain(value)) or None if isinstance(value, str) else None


def private(text: str) -> str:
    """A text without the mail addresses and telephone numbers in it."""
    return PHONE.sub("…", MAIL.sub("…", text))


def form(issue: Issue) -> list[tuple[str, str]]:
    """An issue in the words of Open311."""
    found = [("service_code", issue.service), ("description", issue.description)]
    if issue.point is not None:
        lat, lon = issue.point
        found += [("lat", f"{lat:.7f}"), ("long", f"{lon:.7f}")]
    if issue.address is not None:
        found.append(("address_string", issue.address))
    if issue.media_url is not None:
        found.append(("media_url", issue.media_url))
    several = Counter(code for code, _ in issue.details)
    for code, value in issue.details:
        found.append((f"attribute[{code}]" + "[]" * (several[code] > 1), value))
    return found + list(issue.contact)


def digest(issue: Issue) -> bytes:
    """What tells an issue from another: all that it says, but not who says it."""
    said = form(replace(issue, contact=()))
    return hashlib.sha256(msgspec.json.encode(said)).digest()


def recognised(
    sent: Mapping[str, str], since: datetime, now: datetime, listed: Iterable[Report]
) -> str | None:
    """The number of what may have been sent since then, if it is in the city's list.

    It is of the same service and about that time, stands in the same place, and says the
    same, as far as the list tells these.
    """
    early, late = since - CLOCKS_APART, now + CLOCKS_APART
    for one in listed:
        about_then = one.reported_at is not None and early <= one.reported_at <= late
        if about_then and one.service_code == sent["service_code"] and _alike(sent, one):
            return one.number
    return None


def _alike(sent: Mapping[str, str], one: Report) -> bool:
    words = private(plain(sent["description"]))
    if one.description is not None and fold(one.description) != fold(words):
        return False
    if "lat" not in sent or one.position is None:
        return one.description is not None  # a service and a time are not enough
    here = one.position
    return distance_m(float(sent["lat"]), float(sent["long"]), here.lat, here.lon) <= NEAR_M


def _instant(row: Row, name: str) -> datetime | None:
    found = row.find_instant(name)
    return found and found.astimezone(row.city.zone)
