"""SIRI: the real-time answer of the Okina gateway, StopMonitoring 2.0 in XML over POST.

Habits kept: visits in no order, trips that end here listed as departures, some visits without
PublishedLineName or expected times. An unknown quay or a stop place gives an empty delivery.
"""

import re
from datetime import datetime
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape

from lxml import etree
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.lots import draw, shuffled
from sandbox.network import MODES
from sandbox.outside import Outside, Upstream
from sandbox.timetable import PARIS, Visit
from sandbox.upstreams import siri_sx
from sandbox.world import World

NAMESPACE = "http://www.siri.org.uk/siri"
DATASETS = ("NAOLIBORG", "FR_NAOLIB")
SIRI_PATH = "/api.okina.fr/gateway/sem/realtime/anshar/services"
UPSTREAMS = {
    "departures": Upstream("the next departures of the whole network (SIRI)", f"POST {SIRI_PATH}"),
    "alerts.siri": Upstream("the same disturbances as situations (SIRI SX)", f"POST {SIRI_PATH}"),
}
NAMELESS = 0.1  # share of the trips without PublishedLineName

OPENING = (
    '<?xml version="1.0" encoding="UTF-8"?><Siri xmlns="http://www.siri.org.uk/siri"'
    ' xmlns:ns2="http://www.ifopt.org.uk/acsb" xmlns:ns3="http://www.ifopt.org.uk/ifopt"'
    ' xmlns:ns4="http://datex2.eu/schema/2_0RC1/2_0"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="2.0"><ServiceDelivery>'
)
CLOSING = "</StopMonitoringDelivery></ServiceDelivery></Siri>"


class NotSiri(ValueError):
    """The request is no SIRI StopMonitoring request."""


class Pace:
    """One call every so many seconds, by the clock of the world."""

    def __init__(self, period_s: float) -> None:
        self.period_s = period_s
        self.last: datetime | None = None
        limit = f"1 requests per {period_s:g} seconds"
        # In the words of Gravitee, the gateway that Okina uses.
        self.refusal = {
            "message": f"Rate limit exceeded ! You reach the limit of {limit}",
            "http_status_code": 429,
        }

    def allows(self, now: datetime) -> bool:
        """Whether this call may pass; one that may not does not count."""
        # A clock that was set back starts a new period.
        if self.last and 0 <= (now - self.last).total_seconds() < self.period_s:
            return False
        self.last = now
        return True


class Asked(NamedTuple):
    """What was asked: `quays` is None for the whole network."""

    quays: frozenset[int] | None
    requestor: str
    message: str


def parse(body: bytes) -> Asked:
    """The request; raises NotSiri. Entities and DTDs are not followed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    names = {"s": NAMESPACE}
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise NotSiri(str(error)) from error
    asked = root.findall("s:ServiceRequest/s:StopMonitoringRequest", names)
    if not asked:
        raise NotSiri("expected Siri/ServiceRequest/StopMonitoringRequest")
    refs = [one.findtext("s:MonitoringRef", None, names) for one in asked]
    quays = [re.fullmatch(r"\s*FR_NAOLIB:Quay:(\d+)\s*", ref or "") for ref in refs]
    return Asked(
        None if None in refs else frozenset(int(quay[1]) for quay in quays if quay),
        root.findtext("s:ServiceRequest/s:RequestorRef", "", names),
        asked[0].findtext("s:MessageIdentifier", "", names),
    )


def answer(asked: Asked, world: World, now: datetime, fault: Fault) -> str:
    """The delivery: one for all the stops asked, as the gateway does."""
    visits = shuffled(list(world.visits(world.nantes, now, asked.quays)), world.seed, "siri", now)
    stamp = precise(now, world.seed)
    message = escape(asked.message) or uuid5(NAMESPACE_URL, f"request {world.seed} {now}")
    return "".join(
        (
            OPENING,
            f"<ResponseTimestamp>{stamp}</ResponseTimestamp><ProducerRef>OKI</ProducerRef>"
            "<ResponseMessageIdentifier>"
            f"{uuid5(NAMESPACE_URL, f'response {world.seed} {now}')}</ResponseMessageIdentifier>"
            f"<RequestMessageRef>{message}</RequestMessageRef><Status>true</Status>"
            f'<StopMonitoringDelivery version="2.0"><ResponseTimestamp>{stamp}</ResponseTimestamp>'
            f"<SubscriptionRef>{escape(asked.requestor)}</SubscriptionRef>"
            f"<RequestMessageRef>{message}</RequestMessageRef><Status>true</Status>",
            *(
                f"<MonitoredStopVisit>{renamed(monitored(visit), fault)}</MonitoredStopVisit>"
                for visit in fault.rows(visits)
            ),
            CLOSING,
        )
    )


def monitored(visit: Visit) -> str:
    """The inside of a MonitoredStopVisit."""
    trip, quay, line = visit.trip, visit.quay, visit.trip.way.line
    aimed, direction = visit.aimed.isoformat(), trip.way.direction
    name = f"<PublishedLineName>{escape(line.name)}</PublishedLineName>"
    destination = escape(visit.destination.place.name)
    expected = (
        f"<Expected%sTime>{visit.expected.isoformat()}</Expected%sTime>" if visit.expected else ""
    )
    return (
        f"<RecordedAtTime>{precise(visit.recorded, quay.number)}</RecordedAtTime>"
        f"<ItemIdentifier>{line.number}-{quay.code}-{direction}-"
        f"{aimed[:16]}{aimed[19:]}[Europe/Paris]</ItemIdentifier>"
        f"<MonitoringRef>{quay.id}</MonitoringRef><MonitoredVehicleJourney>"
        f"<LineRef>{line.id}:LOC</LineRef>"
        "<FramedVehicleJourneyRef><DataFrameRef>any</DataFrameRef>"
        f"<DatedVehicleJourneyRef>{trip.id}:LOC</DatedVehicleJourneyRef></FramedVehicleJourneyRef>"
        f"<VehicleMode>{MODES[line.mode].siri}</VehicleMode>"
        f"{name if draw('name', trip.id) >= NAMELESS else ''}"
        f"<DirectionName>{direction}</DirectionName>"
        f"<DestinationRef>{visit.destination.id}</DestinationRef>"
        f'<DestinationName xml:lang="FR">{destination}</DestinationName>'
        "<FirstOrLastJourney>unspecified</FirstOrLastJourney>"
        f"<Monitored>{'true' if visit.expected else 'false'}</Monitored><MonitoredCall>"
        f"<StopPointRef>{quay.id}</StopPointRef><Order>{visit.order}</Order>"
        f"{'<VehicleAtStop>true</VehicleAtStop>' if visit.at_stop else ''}"
        f'<DestinationDisplay xml:lang="FR">{destination}</DestinationDisplay>'
        f"<AimedArrivalTime>{aimed}</AimedArrivalTime>"
        f"{expected.replace('%s', 'Arrival')}{status(visit)}"
        f"<AimedDepartureTime>{aimed}</AimedDepartureTime>"
        f"{expected.replace('%s', 'Departure')}</MonitoredCall></MonitoredVehicleJourney>"
    )


def status(visit: Visit) -> str:
    """To the second: one second before its time a vehicle is early."""
    if visit.expected is None:
        return ""
    late = visit.expected - visit.aimed
    word = "delayed" if late.total_seconds() > 0 else "early" if late else "onTime"
    return f"<ArrivalStatus>{word}</ArrivalStatus>"


def precise(at: datetime, *words: object) -> str:
    """The instant in Paris to the nanosecond, as the gateway writes it."""
    local = at.astimezone(PARIS).replace(microsecond=0).isoformat()
    return f"{local[:19]}.{int(draw(at, *words) * 1e9):09}{local[19:]}"


def renamed(xml: str, fault: Fault) -> str:
    """The same XML under the element names that the fault gives."""
    if not fault.renames:
        return xml
    return re.sub(r"<(/?)(\w+)", lambda tag: f"<{tag[1]}{fault.column(tag[2])}", xml)


def routes(outside: Outside) -> list[Route]:
    """The gateway, for all of it and by dataset."""
    pace, pace_of_situations = Pace(outside.siri_period_s), Pace(outside.siri_period_s)

    async def situations(request: Request) -> Response:
        async def respond(now: datetime, fault: Fault) -> Response:
            if not pace_of_situations.allows(now):
                return JSONResponse(pace_of_situations.refusal, 429)
            xml = await run_in_threadpool(siri_sx.answer, outside.world, now, fault)
            return Response(renamed(xml, fault), media_type="application/xml")

        return await outside.call(request, "alerts.siri", respond)

    async def services(request: Request) -> Response:
        body = await request.body()
        if b"SituationExchangeRequest>" in body:
            return await situations(request)

        async def respond(now: datetime, fault: Fault) -> Response:
            if not pace.allows(now):
                return JSONResponse(pace.refusal, 429)
            try:
                asked = parse(body)
            except NotSiri as error:
                return JSONResponse({"message": str(error)}, 400)
            if request.path_params.get("dataset", DATASETS[0]) not in DATASETS:
                asked = asked._replace(quays=frozenset())
            xml = await run_in_threadpool(answer, asked, outside.world, now, fault)
            return Response(xml, media_type="application/xml")

        return await outside.call(request, "departures", respond)

    return [
        Route(SIRI_PATH, services, methods=["POST"]),
        Route(f"{SIRI_PATH}/{{dataset}}", services, methods=["POST"]),
    ]
