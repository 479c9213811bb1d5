"""Network: stop places, quays and lines as the city has them, and more for a load test."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from math import cos, hypot, radians, sin
from typing import NamedTuple

from sandbox.days import public_holidays
from sandbox.lots import draw
from sandbox.operators import Operator, Service
from sandbox.tables import read

METRES_PER_DEGREE = 111_195.0
STREETS_ARE_LONGER = 1.15  # than the straight line between two stops
LABOUR_DAY = (5, 1)  # the one day of the year without a tram
SUNDAY = 6


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

    id: str
    number: int
    name: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Quay:
    """A platform or a pole of a stop place (`FR_NAOLIB:Quay:94`); `code` is the operator's own."""

    id: str
    number: int
    place: Place
    lat: float
    lon: float
    wheelchair_boarding: str
    platform_code: str
    code: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line: `number` is what is written on its vehicles, `trouble` what goes wrong on it."""

    operator: Operator
    id: str
    number: str
    mode: str
    name: str
    color: str
    text_color: str
    headway_s: int
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """A line in one of its operator's directions.

    `offsets` are seconds from the first quay. Some trips end early, at the quay at `short_turn`.
    """

    line: Line
    direction: str
    quays: tuple[Quay, ...]
    offsets: tuple[int, ...]
    short_turn: int | None

    @property
    def outward(self) -> bool:
        """Whether it goes there; the other way comes back."""
        return self.direction == self.line.operator.directions[0]


@dataclass(frozen=True, eq=False)
class Network:
    """All of it, by number. Its timetables take turns, a week each, if `turns` is not 1."""

    operator: Operator
    places: dict[int, Place]
    quays: dict[int, Quay]
    ways: tuple[Way, ...]
    turns: int = 1

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(dict.fromkeys(way.line for way in self.ways))

    @property
    def services(self) -> Iterator[Service]:
        """Every timetable."""
        for turn in range(self.turns):
            yield from (self.in_turn(service, turn) for service in self.operator.services)

    def in_turn(self, service: Service, turn: int) -> Service:
        """The timetable as it is in a week; by its plain name if all weeks are alike."""
        return service._replace(name=f"{service.name}.{turn + 1}") if self.turns > 1 else service

    def service(self, day: date) -> Service | None:
        """What holds on a day: a public holiday is a Sunday, and on Labour Day nothing moves."""
        if (day.month, day.day) == LABOUR_DAY:
            return None
        weekday = SUNDAY if day in public_holidays(day.year) else day.weekday()
        held = next(one for one in self.operator.services if weekday in one.weekdays)
        return self.in_turn(held, day.toordinal() // 7 % self.turns)


@lru_cache(maxsize=8)
def network(operator: Operator, stops: int | None, seed: int) -> Network:
    """The real network, with made-up lines around it until it has `stops` stop places and quays.

    The real part is never cut: fewer `stops` than it has change nothing.
    """
    places = {
        int(row["id"]): Place(
            operator.place + row["id"],
            int(row["id"]),
            row["name"],
            float(row["lat"]),
            float(row["lon"]),
        )
        for row in read(f"{operator.city}/stop_places")
    }
    quays = {
        int(row["id"]): Quay(
            operator.quay + row["id"],
            int(row["id"]),
            places[int(row["place"])],
            float(row["lat"]),
            float(row["lon"]),
            row["wheelchair_boarding"],
            row["platform_code"],
            row["code"],
        )
        for row in read(f"{operator.city}/quays")
    }
    ways = []
    for row in read(f"{operator.city}/lines"):
        line = Line(
            operator,
            operator.line + row.get("id", row["line"]),
            row["line"],
            row["mode"],
            row["name"],
            row["color"],
            row["text_color"],
            60 * int(row["headway_min"]),
            row.get("trouble", ""),
        )
        for direction, column in zip(operator.directions, ("aller", "retour"), strict=True):
            served = tuple(quays[int(number)] for number in row[column].split())
            ways.append(way(line, direction, served, row["short_turn"]))
    for made_up in made_up_ways(operator, (stops or 0) - len(places) - len(quays), seed):
        ways.append(made_up)
        places |= {quay.place.number: quay.place for quay in made_up.quays}
        quays |= {quay.number: quay for quay in made_up.quays}
    return Network(operator, places, quays, tuple(ways))


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


def made_up_ways(operator: Operator, rows: int, seed: int) -> Iterator[Way]:
    """Bus lines of up to 25 stops that leave the centre, each stop one place and two quays."""
    stops = max(rows, 0) // 3
    lines = -(-stops // 25)
    there_name, back_name = operator.directions
    for number in range(lines):
        name, short = f"Centre - Terminus {number + 1}", f"S{number + 1}"
        line = Line(operator, operator.line + short, short, "bus", name, "a9162e", "ffffff", 600)
        heading = 360 * draw(seed, "heading", number)
        lat, lon = operator.centre
        there, back = [], []
        for stop in range(number, stops, lines):
            heading += 40 * (draw(seed, "turn", stop) - 0.5)
            lat += 0.004 * cos(radians(heading))
            lon += 0.006 * sin(radians(heading))
            place = Place(
                f"{operator.place}{90_001 + stop}",
                90_001 + stop,
                f"Arrêt {stop + 1}",
                round(lat, 5),
                round(lon, 5),
            )
            there.append(pole(operator, place, 900_001 + 2 * stop, "1", f"S{stop + 1}A"))
            back.append(pole(operator, place, 900_002 + 2 * stop, "2", f"S{stop + 1}R"))
        yield way(line, back_name, tuple(there))
        yield way(line, there_name, tuple(reversed(back)))


def pole(operator: Operator, place: Place, number: int, boarding: str, code: str) -> Quay:
    """A made-up quay, right at its place."""
    return Quay(f"{operator.quay}{number}", number, place, place.lat, place.lon, boarding, "", code)
