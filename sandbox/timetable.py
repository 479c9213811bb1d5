"""Timetable: which vehicle comes when and how late, the truth that the real-time answer tells.

A prediction is made at some instant from the delay the vehicle had then. Most are seconds old; a
few are hours old, and a few trips have none, as on the real network.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import pi, sin
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sandbox.lots import draw
from sandbox.network import Network, Quay, Way

PARIS = ZoneInfo("Europe/Paris")
FIRST_S, LAST_S = 5 * 3600, 24 * 3600 + 1800  # departures from the terminus: 5:00 to 0:30
HORIZON_S = 3600
DOORS_S = 15  # a vehicle stays in the answer this long after it left
EARLIEST_S, LATEST_S = -660, 300
SHORT_TURN_EVERY = 6
LABOUR_DAY = (5, 1)  # the one day of the year without a tram
STALE, UNMONITORED = 0.04, 0.05  # shares of the trips


@dataclass(frozen=True, slots=True)
class Trip:
    """One run of a vehicle; `departs_s` counts from the start of the service day, past 24 h."""

    way: Way
    day: date
    rank: int
    departs_s: int

    @property
    def id(self) -> str:
        """The same every day."""
        line = self.way.line.number
        return (
            f"FR_NAOLIB:VehicleJourney:{line}-{self.way.direction}-{self.rank:03}-L-Ma-Me-J-V-S-D"
        )

    @property
    def starts(self) -> float:
        """When it leaves the terminus, in seconds since 1970."""
        return day_begins(self.day) + self.departs_s

    @property
    def served(self) -> tuple[Quay, ...]:
        """The quays it serves: some trips turn back before the end of the line."""
        turn = self.way.short_turn
        if turn is None or self.rank % SHORT_TURN_EVERY:
            return self.way.quays
        return self.way.quays[: turn + 1]


class Visit(NamedTuple):
    """A vehicle at a quay: aimed by the timetable, expected (if known) by a prediction."""

    trip: Trip
    order: int
    quay: Quay
    destination: Quay
    aimed: datetime
    expected: datetime | None
    recorded: datetime
    at_stop: bool


def day_begins(day: date) -> float:
    """GTFS counts from 12 hours before noon, so that a clock change moves no morning bus."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=PARIS).timestamp() - 43_200


def trips(way: Way, day: date) -> Iterator[Trip]:
    """The trips of a service day, in the order they leave."""
    if (day.month, day.day) == LABOUR_DAY:
        return
    line = way.line
    first = FIRST_S + 60 * int(draw("first", line.number, way.direction) * line.headway_s / 60)
    for rank, departs_s in enumerate(range(first, LAST_S + 1, line.headway_s)):
        yield Trip(way, day, rank, departs_s)


def visits(
    network: Network, now: datetime, seed: int, quays: Collection[int] | None = None
) -> Iterator[Visit]:
    """What comes within the hour, at these quays or at all of them, line by line."""
    instant = now.timestamp()
    today = now.astimezone(PARIS).date()
    for way in network.ways:
        wanted = [
            index for index, quay in enumerate(way.quays) if quays is None or quay.number in quays
        ]
        if not wanted:
            continue
        earliest = instant - way.offsets[-1] - LATEST_S - DOORS_S
        latest = instant + HORIZON_S - EARLIEST_S
        for day in (today - timedelta(days=1), today):
            for trip in trips(way, day):
                if earliest <= trip.starts <= latest:
                    yield from visits_of(trip, wanted, instant, seed)


def visits_of(trip: Trip, wanted: list[int], instant: float, seed: int) -> Iterator[Visit]:
    """The visits of one trip that are due within the hour."""
    served, starts = trip.served, trip.starts
    recorded, delay = prediction(trip, instant, seed)
    for index in wanted:
        if index >= len(served):
            return
        aimed = starts + trip.way.offsets[index]
        due = aimed + (delay or 0)
        if instant - DOORS_S <= due <= instant + HORIZON_S:
            yield Visit(
                trip,
                index + 1,
                served[index],
                served[-1],
                datetime.fromtimestamp(aimed, PARIS),
                None if delay is None else datetime.fromtimestamp(due, PARIS),
                datetime.fromtimestamp(recorded, PARIS),
                at_stop=abs(due - instant) <= DOORS_S,
            )


def prediction(trip: Trip, instant: float, seed: int) -> tuple[float, int | None]:
    """When the trip was last heard of, and its delay then in seconds (None if never heard of)."""
    key = (seed, trip.way.line.number, trip.way.direction, trip.day, trip.rank)
    habit = draw("habit", *key)
    if habit < STALE:
        # Predicted hours ago, minutes before its time, and never corrected.
        recorded = trip.starts - 7200 - 3600 * draw("age", *key)
        return recorded, -60 * int(1 + 11 * draw("early", *key))
    recorded = instant - 60 * draw("age", *key)
    if habit < STALE + UNMONITORED:
        return recorded, None
    # Two slow waves, from -60 to 300 s for the worst vehicles and next to nothing for most. They
    # change by less than a second a second: a vehicle that has left does not come back.
    wave = 0.6 * sin(2 * pi * (recorded / 2400 + draw("wave", *key)))
    wave += 0.4 * sin(2 * pi * (recorded / 1500 + draw("ripple", *key)))
    return recorded, round(draw("calm", *key) ** 2 * (120 + 180 * wave))
