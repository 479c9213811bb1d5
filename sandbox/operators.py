"""Operators: who runs each network, how it writes its identifiers, and what it runs when."""

from dataclasses import dataclass
from typing import NamedTuple


class Service(NamedTuple):
    """A timetable and the days of the week that it holds for, Monday being 0.

    Between two trips of a line passes `stretch` times the line's own headway.
    """

    name: str
    weekdays: frozenset[int]
    stretch: float = 1


@dataclass(frozen=True, eq=False)
class Operator:
    """A company, and what its files and answers begin their identifiers with.

    `directions` are those there and back, as its real time calls them. `sparse` timetables leave
    out a time that anyone can interpolate.
    """

    city: str
    agency_id: str
    agency_name: str
    agency_url: str
    centre: tuple[float, float]
    place: str
    quay: str
    line: str
    trip: str
    service: str
    directions: tuple[str, str]
    services: tuple[Service, ...]
    sparse: bool = False


EVERY_DAY = frozenset(range(7))

NAOLIB = Operator(
    city="nantes",
    agency_id="NAOLIBORG",
    agency_name="Naolib",
    agency_url="https://naolib.fr",
    centre=(47.2140, -1.5560),  # Commerce
    place="FR_NAOLIB:StopPlace:",
    quay="FR_NAOLIB:Quay:",
    line="FR_NAOLIB:Line:",
    trip="FR_NAOLIB:VehicleJourney:",
    service="FR_NAOLIB:Timetable:",
    directions=("A", "R"),
    services=(Service("L-Ma-Me-J-V-S-D", EVERY_DAY),),
)

# Its GTFS numbers things, and its SIRI dresses the same numbers: `bordeaux:StopPoint:BP:3600:LOC`.
TBM = Operator(
    city="bordeaux",
    agency_id="TBM",
    agency_name="TBM",
    agency_url="https://www.infotbm.com",
    centre=(44.8412, -0.5800),  # Gambetta
    place="SA",
    quay="",
    line="",
    trip="",
    service="",
    directions=("0", "1"),
    services=(
        Service("SEM", frozenset(range(5))),
        Service("SAM", frozenset({5}), 1.5),
        Service("DIM", frozenset({6}), 2),
    ),
    sparse=True,
)
