"""Network: stop places, quays and lines as Nantes has them, and more for a load test."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, radians, sin
from typing import NamedTuple

from sandbox.lots import draw
from sandbox.tables import read

CENTRE = (47.2140, -1.5560)  # Commerce
METRES_PER_DEGREE = 111_195.0
STREETS_ARE_LONGER = 1.15  # than the straight line between two stops


class Mode(NamedTuple):
    """GTFS route_type, SIRI VehicleMode, and speed with the time spent at stops."""

    gtfs: int
    siri: str
    km_h: int


MODES = {
    "tram": Mode(0, "tram", 19),
    "busway": Mode(3, "bus", 20),
    "bus": Mode(3, "bus", 16),
    "navibus": Mode(4, "ferry", 11),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A stop place (`FR_NAOLIB:StopPlace:20`)."""

    number: int
    name: str
    lat: float
    lon: float

    @property
    def id(self) -> str:
        return f"FR_NAOLIB:StopPlace:{self.number}"


@dataclass(frozen=True, slots=True)
class Quay:
    """A platform or a pole of a stop place (`FR_NAOLIB:Quay:94`); `code` is the old TAN code."""

    number: int
    place: Place
    lat: float
    lon: float
    wheelchair_boarding: str
    platform_code: str
    code: str

    @property
    def id(self) -> str:
        return f"FR_NAOLIB:Quay:{self.number}"


@dataclass(frozen=True, slots=True)
class Line:
    """A line; its name is "first terminus - second terminus", like its long name on the maps."""

    number: str
    mode: str
    name: str
    color: str
    text_color: str
    headway_s: int


@dataclass(frozen=True, slots=True)
class Way:
    """A line in one direction: A (aller) towards the first terminus of the name, R (retour) back.

    `offsets` are seconds from the first quay. Some trips end early, at the quay at `short_turn`.
    """

    line: Line
    direction: str
    quays: tuple[Quay, ...]
    offsets: tuple[int, ...]
    short_turn: int | None


@dataclass(frozen=True, eq=False)
class Network:
    """All of it, by number."""

    places: dict[int, Place]
    quays: dict[int, Quay]
    ways: tuple[Way, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(dict.fromkeys(way.line for way in self.ways))


def network(stops: int | None, seed: int) -> Network:
    """The real network, with made-up lines around it until it has `stops` stop places and quays.

    The real part is never cut: fewer `stops` than it has change nothing.
    """
    places = {
        int(row["id"]): Place(int(row["id"]), row["name"], float(row["lat"]), float(row["lon"]))
        for row in read("stop_places")
    }
    quays = {
        int(row["id"]): Quay(
            int(row["id"]),
            places[int(row["place"])],
            float(row["lat"]),
            float(row["lon"]),
            row["wheelchair_boarding"],
            row["platform_code"],
            row["code"],
        )
        for row in read("quays")
    }
    ways = []
    for row in read("lines"):
        line = Line(
            row["line"],
            row["mode"],
            row["name"],
            row["color"],
            row["text_color"],
            60 * int(row["headway_min"]),
        )
        for direction in ("aller", "retour"):
            served = tuple(quays[int(number)] for number in row[direction].split())
            ways.append(way(line, direction[0].upper(), served, row["short_turn"]))
    for made_up in made_up_ways((stops or 0) - len(places) - len(quays), seed):
        ways.append(made_up)
        places |= {quay.place.number: quay.place for quay in made_up.quays}
        quays |= {quay.number: quay for quay in made_up.quays}
    return Network(places, quays, tuple(ways))


def way(line: Line, direction: str, quays: tuple[Quay, ...], short_turn: str = "") -> Way:
    """The way through these quays, timed to the minute as timetables are."""
    metres_per_s = MODES[line.mode].km_h / 3.6
    length, offsets = 0.0, [0]
    for here, there in pairwise(quays):
        length += STREETS_ARE_LONGER * metres(here, there)
        offsets.append(60 * round(length / metres_per_s / 60))
    turns = [index for index, quay in enumerate(quays) if str(quay.number) == short_turn]
    return Way(line, direction, quays, tuple(offsets), turns[0] if turns else None)


def metres(here: Quay, there: Quay) -> float:
    """How far, on the flat: a city is small."""
    north = (there.lat - here.lat) * METRES_PER_DEGREE
    east = (there.lon - here.lon) * METRES_PER_DEGREE * cos(radians(here.lat))
    return hypot(north, east)


def made_up_ways(rows: int, seed: int) -> Iterator[Way]:
    """Bus lines of up to 25 stops that leave the centre, each stop one place and two quays."""
    stops = max(rows, 0) // 3
    lines = -(-stops // 25)
    for number in range(lines):
        line = Line(
            f"S{number + 1}", "bus", f"Centre - Terminus {number + 1}", "a9162e", "ffffff", 600
        )
        heading = 360 * draw(seed, "heading", number)
        lat, lon = CENTRE
        there, back = [], []
        for stop in range(number, stops, lines):
            heading += 40 * (draw(seed, "turn", stop) - 0.5)
            lat += 0.004 * cos(radians(heading))
            lon += 0.006 * sin(radians(heading))
            place = Place(90_001 + stop, f"Arrêt {stop + 1}", round(lat, 5), round(lon, 5))
            first, code = 900_001 + 2 * stop, f"S{stop + 1}"
            there.append(Quay(first, place, place.lat, place.lon, "1", "", f"{code}A"))
            back.append(Quay(first + 1, place, place.lat, place.lon, "2", "", f"{code}R"))
        yield way(line, "R", tuple(there))
        yield way(line, "A", tuple(reversed(back)))
