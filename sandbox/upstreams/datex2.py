"""DATEX II: car parks in two publications, what they are and how full, joined by their ids.

Habits kept: one that is closed, one whose state is unknown, one that tells how many cars are in it
and not how many spaces are left, one that is reported and nowhere described.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import pi, sin
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.lots import draw
from sandbox.outside import Outside, Upstream, missing
from sandbox.timetable import PARIS

DATEX2 = "/datex2.estuaire.example"
UPSTREAMS = {"estuaire.parkings": Upstream("car parks (DATEX II)", f"{DATEX2}/parkingStatus.xml")}
OPENING = (
    '<?xml version="1.0" encoding="UTF-8"?><d2LogicalModel modelBaseVersion="2"'
    ' xmlns="http://datex2.eu/schema/2/2_0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    '<payloadPublication lang="fr" xsi:type="GenericPublication"><publicationTime>{now}'
    "</publicationTime><genericPublicationExtension><parking{what}Publication>"
)
CLOSING = (
    "</parking{what}Publication></genericPublicationExtension></payloadPublication>"
    "</d2LogicalModel>"
)
# Name, spaces, those for disabled people, where it is, and its habit.
PARKINGS = (
    ("Parking du Marché", 180, 4, (47.2864, -1.7515), ""),
    ("Parking Gare", 320, 8, (47.2906, -1.7438), "counts cars"),
    ("Parking Stade", 90, 2, (47.2941, -1.7560), "closed"),
    ("Parking Mairie", 40, 2, (47.2872, -1.7545), "unknown"),
    ("Parking du Port", 60, 0, (47.2825, -1.7612), "undescribed"),
)


def table() -> Iterable[str]:
    """What the car parks are."""
    for number, (name, spaces, disabled, (lat, lon), habit) in enumerate(PARKINGS, 1):
        if habit != "undescribed":
            yield (
                f'<parkingRecord id="E{number}" version="1" xsi:type="UrbanParkingSite">'
                f'<parkingName><values><value lang="fr">{escape(name)}</value></values>'
                f"</parkingName><parkingNumberOfSpaces>{spaces}</parkingNumberOfSpaces>"
                "<parkingLocation><pointByCoordinates><pointCoordinates>"
                f"<latitude>{lat}</latitude><longitude>{lon}</longitude></pointCoordinates>"
                '</pointByCoordinates></parkingLocation><assignedParkingSpaces index="1">'
                "<assignedParkingSpaces><numberOfAssignedParkingSpaces>"
                f"{disabled}</numberOfAssignedParkingSpaces><descriptionOfAssignedParkingSpaces>"
                "<personTypeForWhichSpacesAssigned>disabled</personTypeForWhichSpacesAssigned>"
                "</descriptionOfAssignedParkingSpaces></assignedParkingSpaces>"
                "</assignedParkingSpaces></parkingRecord>"
            )


def status(now: datetime, seed: int) -> Iterable[str]:
    """How full they are: fullest in the afternoon."""
    local, slot = now.astimezone(PARIS), int(now.timestamp() // 300)
    for number, (_, spaces, _, _, habit) in enumerate(PARKINGS, 1):
        level = max(0.0, sin(pi * (local.hour - 5) / 20)) * 0.9
        taken = min(spaces, round(spaces * (level + 0.1 * draw(seed, number, slot))))
        said = "unknown" if habit == "unknown" else "spacesAvailable" if taken < spaces else "full"
        vacant = f"<parkingNumberOfVacantSpaces>{spaces - taken}</parkingNumberOfVacantSpaces>"
        told = now - timedelta(seconds=60 * draw(seed, number, "told"))
        yield (
            '<parkingRecordStatus xsi:type="ParkingSiteStatus"><parkingRecordReference'
            f' id="E{number}" targetClass="ParkingRecord" version="1"/><parkingStatusOriginTime>'
            f"{told:%Y-%m-%dT%H:%M:%S.%f}Z</parkingStatusOriginTime><parkingOccupancy>"
            f"<parkingNumberOfSpacesOverride>{spaces}</parkingNumberOfSpacesOverride>"
            f"{'' if habit == 'counts cars' else vacant}"
            f"<parkingNumberOfOccupiedSpaces>{taken}</parkingNumberOfOccupiedSpaces>"
            f"</parkingOccupancy><parkingSiteStatus>{said}</parkingSiteStatus>"
            f"<parkingSiteOpeningStatus>{'closed' if habit == 'closed' else 'open'}"
            "</parkingSiteOpeningStatus></parkingRecordStatus>"
        )


def publication(what: str, items: Iterable[str], now: datetime, fault: Fault) -> Response:
    """One publication as a file."""
    listed = "".join(fault.rows(list(items)))
    for name in ("parkingName", "parkingRecordReference") if fault.renames else ():
        listed = listed.replace(name, fault.column(name))
    body = OPENING.format(now=now.isoformat(), what=what) + listed + CLOSING.format(what=what)
    return Response(body, media_type="application/xml")


def routes(outside: Outside) -> list[Route]:
    """Both files."""

    async def endpoint(request: Request) -> Response:
        name = request.path_params["name"]

        async def answer(now: datetime, fault: Fault) -> Response:
            if name == "parkingTable":
                return publication("Table", table(), now, fault)
            if name == "parkingStatus":
                return publication("Status", status(now, outside.world.seed), now, fault)
            return missing(f"no publication {name}")

        return await outside.call(request, "estuaire.parkings", answer)

    return [Route(f"{DATEX2}/{{name}}.xml", endpoint)]
