"""Reports: those that a city lists, and those that wait here until it has them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from resolvers.loaders import Loaders, answers
from resolvers.places import listed
from schema.arguments import BadUserInput
from schema.nodes import node_id
from schema.paging import Page, Sort, page
from schema.places import Address, Position
from schema.report_details import ReportDetail, ReportDetailsOf, fitting
from schema.reports import (
    Report,
    ReportService,
    ReportServicesIn,
    ReportsIn,
    ReportState,
    ReportWith,
    SubmitReport,
)
from sources.collection import Collection
from sources.courier import Reused
from sources.names import fold
from sources.outbox import Entry

OURS = "sent:"
STATES = {
    "WAITING": ReportState.RECEIVED,
    "SENT": ReportState.SENT,
    "FAILED": ReportState.FAILED,
}


class About(msgspec.Struct):
    """What may be shown of a report that waits here."""

    service: str
    address: str | None
    point: tuple[float, float] | None


@answers(ReportWith)
async def report_with(ask: Loaders, key: ReportWith) -> Report | None:
    if key.id.startswith(OURS):
        ask.changes_at(ask.now)  # nobody knows when there will be news of it
        entry = await ask.sources.courier.find(key.city, key.id.removeprefix(OURS))
        return None if entry is None else await _ours(ask, entry)
    reports = await ask.collection(Report, key.city)
    return reports.by(_number).get(key.id)


@answers(ReportsIn)
async def reports_in(ask: Loaders, key: ReportsIn) -> Page[Report]:
    reports = await ask.collection(Report, key.city)

    def wanted(report: Report) -> bool:
        fits = key.service is None or report.service_code == key.service
        return fits and (key.state is None or report.state is key.state)

    if key.near is not None:
        return listed(reports, None, key.near, key.window, wanted)
    newest = [report for report in reports.derived(_newest_first) if wanted(report)]
    return page(newest, _newness, key.window)


@answers(ReportServicesIn)
async def report_services_in(ask: Loaders, key: ReportServicesIn) -> list[ReportService]:
    return list((await ask.collection(ReportService, key.city)).items)


@answers(ReportDetailsOf)
async def report_details_of(ask: Loaders, key: ReportDetailsOf) -> list[ReportDetail]:
    return list((await ask.keyed(ReportDetail, key.city, key.service)).items)


@answers(SubmitReport)
async def submit_report(ask: Loaders, key: SubmitReport) -> Report:
    said = key.city, key.client_key, key.issue
    try:
        entry = await ask.sources.courier.known(*said)  # whatever the city asks of such by now
        if entry is None:
            listed = await _checked(ask, key)
            entry = await ask.sources.courier.submit(*said, listed=listed)
    except Reused:
        message = "This `clientKey` is of another report: make a new one for each."
        raise BadUserInput(message, "clientKey") from None
    return await _ours(ask, entry)


async def _checked(ask: Loaders, key: SubmitReport) -> bool:
    """Whether the city publishes such reports; BadUserInput unless it takes this one.

    What it takes is what its services and their forms say, as far as these can be read.
    """
    services = await ask.find_collection(ReportService, key.city)
    if services is None:
        return True
    service = services.by(_code).get(key.issue.service)
    if service is None:
        raise BadUserInput("There is no such service: see `reportServices`.", "input", "service")
    if not service.needs_details:
        fitting(key.issue.details, ())
    elif ask.sources.offers(ReportDetail, service.city):
        asked = await ask.find_keyed(ReportDetail, service.city, service.code)
        if asked is not None:
            fitting(key.issue.details, asked.items)
    return service.listed


async def _ours(ask: Loaders, entry: Entry) -> Report:
    """A report that was made here, as the city tells of it if it does."""
    node = node_id("Report", entry.city, OURS + entry.id)
    if entry.number is not None:
        reports = await ask.find_collection(Report, entry.city)
        found = reports.by(_number).get(entry.number) if reports is not None else None
        if found is not None:
            return replace(found, id=node)
    about = msgspec.json.decode(entry.about, type=About)
    services = await ask.find_collection(ReportService, entry.city)
    service = services.by(_code).get(about.service) if services is not None else None
    zone, name = ask.cities[entry.city].zone, service.name if service else about.service
    address = None
    if about.address is not None:
        address = Address(street=about.address, postcode=None, city=None, insee=None)
    return Report(
        id=node,
        city=entry.city,
        name=name,
        folded=fold(name),
        position=about.point and Position(lat=about.point[0], lon=about.point[1]),
        address=address,
        updated_at=datetime.fromtimestamp(entry.updated_at, UTC).astimezone(zone),
        local_id=OURS + entry.id,
        service_code=about.service,
        state=STATES[entry.state],
        number=entry.number,
        description=None,
        status_notes=None,
        agency=None,
        reported_at=datetime.fromtimestamp(entry.received_at, UTC).astimezone(zone),
        expected_at=None,
        media_url=None,
        failure=entry.reason,
    )


def _number(report: Report) -> str:
    return report.local_id


def _code(service: ReportService) -> str:
    return service.code


def _newest_first(reports: Collection[Report]) -> Sequence[Report]:
    return sorted(reports.items, key=_newness)


def _newness(report: Report) -> Sort:
    """The newest first; what nobody dated comes last."""
    return (-report.reported_at.timestamp() if report.reported_at else 0.0, report.local_id)
