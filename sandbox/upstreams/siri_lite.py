"""SIRI Lite: what a phone asks in Bordeaux, a few parameters in, JSON out, in SIRI's own words.

Profile: https://normes.transport.data.gouv.fr/normes/siri/profil-france/ (version 2.0)

Habits kept: references are `{value}` and texts `[{value}]`, instants end in Z, no
PublishedLineName, trips that end here listed as departures, an unknown stop is a false Status
inside a 200, and discovery still lists poles that no line serves, one of them off Africa.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sandbox import alerts
from sandbox.faults import Fault
from sandbox.network import Line, Network
from sandbox.timetable import Visit
from sandbox.world import World

Json = dict[str, Any]
Params = Mapping[str, str]
# number, name and position of the poles that no line serves
OUT_OF_SERVICE = (
    (4001, "Gambetta", {"latitude": 44.8406, "longitude": -0.5803}),
    (4002, "Dépôt Achard", {"latitude": 0, "longitude": 0}),
    (4003, "Lescure", None),
)


class Unanswerable(ValueError):
    """What the ErrorCondition says, in a 200."""


def answer(service: str, params: Params, world: World, now: datetime, fault: Fault) -> Json:
    """The answer of a service, its elements under the names that the fault gives."""
    key, delivery, rows = SERVICES[service]
    try:
        found: Json = {"Status": True, rows: list(fault.rows(delivery(params, world, now)))}
    except Unanswerable as error:
        found = {"Status": False, "ErrorCondition": str(error)}
    stamp = {"ResponseTimestamp": instant(now)}
    if service.endswith("discovery"):
        return renamed({"Siri": {key: stamp | found}}, fault)
    message = uuid5(NAMESPACE_URL, f"{service} {world.seed} {now}")
    envelope = stamp | {
        "ProducerRef": value("TBM"),
        "ResponseMessageIdentifier": value(str(message)),
        key: [{"version": "2.0"} | stamp | found],
    }
    return renamed({"Siri": {"ServiceDelivery": envelope}}, fault)


def check_status(now: datetime) -> Json:
    """Whether the service is up."""
    started = now.replace(hour=0, minute=0, second=0, microsecond=0)
    status = {"Status": True, "ServiceStartedTime": instant(started)}
    return {"Siri": {"CheckStatusResponse": {"ResponseTimestamp": instant(now)} | status}}


def stop_monitoring(params: Params, world: World, now: datetime) -> Sequence[Json]:
    """The next departures of a stop, for an hour at most."""
    network = world.bordeaux
    stop = re.fullmatch(stop_ref(r"(\d+)"), params.get("MonitoringRef", ""))
    if not stop or int(stop[1]) not in network.quays:
        raise Unanswerable("unknown stop")
    until = now + preview(params.get("PreviewInterval", "PT1H"))
    visits = [
        visit
        for visit in sorted(world.visits(network, now, {int(stop[1])}), key=lambda one: one.due)
        if visit.due <= until
        and params.get("LineRef") in (None, line_ref(visit.trip.way.line))
        and params.get("DirectionRef") in (None, visit.trip.way.direction)
    ]
    most = params.get("MaximumStopVisits", str(len(visits)))
    if not most.isdecimal():
        raise Unanswerable("BAD_PARAMETER MaximumStopVisits")
    return [monitored(visit) for visit in visits[: int(most)]]


def preview(text: str) -> timedelta:
    """`PT90M` as a length of time."""
    found = re.fullmatch(r"PT(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", text)
    if not found:
        raise Unanswerable("BAD_PARAMETER PreviewInterval")
    hours, minutes, seconds = (int(number or 0) for number in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def monitored(visit: Visit) -> Json:
    """A MonitoredStopVisit."""
    trip, quay, way = visit.trip, visit.quay, visit.trip.way
    call: Json = {
        "StopPointRef": value(stop_ref(quay.id)),
        "Order": visit.order,
        "StopPointName": [value(quay.place.name)],
        "VehicleAtStop": visit.at_stop,
        "DestinationDisplay": [value(visit.destination.place.name)],
    }
    status = word(visit)
    for side in ("Arrival", "Departure"):
        call[f"Aimed{side}Time"] = instant(visit.aimed)
        if visit.expected:
            call[f"Expected{side}Time"] = instant(visit.expected)
        if status:
            call[f"{side}Status"] = status
    journey = {
        "LineRef": value(line_ref(way.line)),
        "FramedVehicleJourneyRef": {
            "DataFrameRef": value(f"{trip.day:%Y-%m-%d}"),
            "DatedVehicleJourneyRef": f"bordeaux:VehicleJourney:{trip.id}:LOC",
        },
        "DirectionRef": value(way.direction),
        "OperatorRef": value(f"bordeaux:Operator:{way.line.operator.agency_id}:LOC"),
        "DestinationRef": value(stop_ref(visit.destination.id)),
        "DestinationName": [value(visit.destination.place.name)],
        "Monitored": visit.expected is not None,
        "MonitoredCall": call,
    }
    return {
        "RecordedAtTime": instant(visit.recorded),
        "ItemIdentifier": f"bordeaux:Item:{trip.id}-{trip.day:%Y%m%d}-{visit.order}:LOC",
        "MonitoringRef": value(stop_ref(quay.id)),
        "MonitoredVehicleJourney": journey,
    }


def word(visit: Visit) -> str:
    """The call's status; a stop that is passed without a halt is as canceled as its whole trip."""
    if visit.trip.canceled or visit.skipped:
        return "cancelled"
    if visit.expected is None:
        return ""
    late = (visit.expected - visit.aimed).total_seconds()
    return "delayed" if late > 0 else "early" if late < 0 else "onTime"


def lines_discovery(_: Params, world: World, __: datetime) -> Sequence[Json]:
    """Every line, with what its ends are called."""
    destinations: defaultdict[Line, list[Json]] = defaultdict(list)
    for way in world.bordeaux.ways:
        end = {
            "DirectionRef": value(way.direction),
            "PlaceName": [value(way.quays[-1].place.name)],
        }
        destinations[way.line].append(end)
    return [
        {
            "LineRef": value(line_ref(line)),
            "LineName": [value(line.name)],
            "LineCode": value(line.number),
            "Destinations": ends,
        }
        for line, ends in destinations.items()
    ]


def stop_points_discovery(params: Params, world: World, _: datetime) -> Sequence[Json]:
    """Every quay with its lines; those of a line only, or within a box, if asked."""
    asked = params.get("LineRef")
    box = bounds(params)
    return [
        stop
        for stop in stop_points(world.bordeaux)
        if (asked is None or value(asked) in stop["Lines"])
        and (box is None or ("Location" in stop and within(box, **stop["Location"])))
    ]


@lru_cache(maxsize=4)
def stop_points(network: Network) -> list[Json]:
    """Every AnnotatedStopPointRef; those out of service have no line, and one no Location."""
    lines: defaultdict[int, dict[str, None]] = defaultdict(dict)
    for way in network.ways:
        for quay in way.quays:
            lines[quay.number][line_ref(way.line)] = None
    found: list[Json] = [
        {
            "StopPointRef": value(stop_ref(quay.id)),
            "StopName": value(quay.place.name),
            "Location": {"latitude": quay.lat, "longitude": quay.lon},
            "Lines": [value(line) for line in lines[quay.number]],
        }
        for quay in network.quays.values()
    ]
    for number, name, position in OUT_OF_SERVICE:
        stop: Json = {"StopPointRef": value(stop_ref(str(number))), "StopName": value(name)}
        found.append(stop | ({"Location": position} if position else {}) | {"Lines": []})
    return found


def bounds(params: Params) -> tuple[float, ...] | None:
    """West, north, east and south of the box asked for, if one is."""
    given = [
        params.get(f"BoundingBox.{corner}.{axis}")
        for corner in ("UpperLeft", "LowerRight")
        for axis in ("longitude", "latitude")
    ]
    if not any(given):
        return None
    try:
        return tuple(float(text or "") for text in given)
    except ValueError:
        raise Unanswerable("BAD_PARAMETER BoundingBox") from None


def within(box: tuple[float, ...], latitude: float, longitude: float) -> bool:
    west, north, east, south = box
    return west <= longitude <= east and south <= latitude <= north


def general_message(params: Params, world: World, now: datetime) -> Sequence[Json]:
    """What passengers are told that is not over, in one channel or in all."""
    found = []
    for alert in alerts.alerts(world.bordeaux, now):
        channel = "Information" if alert.severity == "INFO" else "Perturbation"
        if alert.over(now) or params.get("InfoChannelRef") not in (None, channel):
            continue
        content: Json = {
            "LineRef": [value(line_ref(line)) for line in alert.lines],
            "StopPointRef": [value(stop_ref(quay.id)) for quay in alert.quays],
            "Message": [
                {"MessageType": kind, "MessageText": {"value": text, "lang": "FR"}}
                for kind, text in (
                    ("shortMessage", alert.header),
                    ("longMessage", alert.description),
                )
            ],
        }
        message = {
            "RecordedAtTime": instant(alert.begins or now),
            "ItemIdentifier": f"bordeaux:Item:{alert.id}:LOC",
            "InfoMessageIdentifier": value(f"bordeaux:InfoMessage:{alert.id}:LOC"),
            "InfoChannelRef": value(channel),
            "Content": content,
        }
        found.append(message | ({"ValidUntilTime": instant(alert.ends)} if alert.ends else {}))
    return found


# service: where its delivery is in the answer, what makes its rows, and what they are called
SERVICES: dict[str, tuple[str, Callable[[Params, World, datetime], Sequence[Json]], str]] = {
    "stop-monitoring": ("StopMonitoringDelivery", stop_monitoring, "MonitoredStopVisit"),
    "general-message": ("GeneralMessageDelivery", general_message, "InfoMessage"),
    "lines-discovery": ("LinesDelivery", lines_discovery, "AnnotatedLineRef"),
    "stoppoints-discovery": (
        "StopPointsDelivery",
        stop_points_discovery,
        "AnnotatedStopPointRef",
    ),
}


def stop_ref(number: str) -> str:
    return f"bordeaux:StopPoint:BP:{number}:LOC"


def line_ref(line: Line) -> str:
    return f"bordeaux:Line:{line.id}:LOC"


def instant(at: datetime) -> str:
    """In UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def value(text: str) -> Json:
    return {"value": text}


def renamed(found: Json, fault: Fault) -> Json:
    """The same under the names that the fault gives."""

    def inside(value: Any) -> Any:
        if isinstance(value, list):
            return [inside(one) for one in value]
        return renamed(value, fault) if isinstance(value, dict) else value

    if not fault.renames:
        return found
    return {fault.column(name): inside(one) for name, one in found.items()}
