"""Timetable: which vehicle comes when and how late, the truth that the real-time answer tells.

A prediction is made at some instant from the delay the vehicle had then. Most are seconds old; a
few are hours old, and a few trips have none, as on the real network. A line may have a trouble:

    canceled   one trip an hour does not run
    skipped    half of the trips pass the stop in the middle of the line without a halt
    added      one trip more an hour, which no timetable knows
    tailback   from the middle of the line on, every vehicle loses a minute more
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import pi, sin
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sandbox.lots import draw
from sandbox.network import Network, Quay, Way
from sandbox.operators import Service

PARIS = ZoneInfo("Europe/Paris")
FIRST_S, LAST_S = 5 * 3600, 24 * 3600 + 1800  # departures from the terminus: 5:00 to 0:30
HORIZON_S = 3600
DOORS_S = 15  # a vehicle stays in the answer this long after it left
EARLIEST_S, LATEST_S = -660, 360
SHORT_TURN_EVERY = 6
TAILBACK_S = 60
STALE, UNMONITORED = 0.04, 0.05  # shares of the trips


@dataclass(frozen=True, slots=True)
class Trip:
    """One run of a vehicle; `departs_s` counts from the start of the service day, past 24 h."""

    way: Way
    day: date
    service: Service
    rank: int
    departs_s: int
    added: bool = False

    @property
    def id(self) -> str:
        """The same every day of its timetable."""
        line = self.way.line
        rank = f"{'X' if self.added else ''}{self.rank:03}"
        return f"{line.operator.trip}{line.number}-{self.way.direction}-{rank}-{self.service.name}"

    @property
    def starts(self) -> float:
        """When it leaves the terminus, in seconds since 1970."""
        return day_begins(self.day) + self.departs_s

    @property
    def served(self) -> tuple[Quay, ...]:
        """The quays on its way: some trips turn back before the end of the line."""
        turn = self.way.short_turn
        if turn is None or self.rank % SHORT_TURN_EVERY:
            return self.way.quays
        return self.way.quays[: turn + 1]

    @property
    def hourly(self) -> bool:
        """Whether it is the first of its hour, the one that troubles fall on."""
        before = self.departs_s - headway(self.way, self.service)
        return self.way.outward and self.departs_s // 3600 != before // 3600

    @property
    def canceled(self) -> bool:
        return self.way.line.trouble == "canceled" and self.hourly

    @property
    def skips(self) -> int | None:
        """The index of the quay that it passes without a halt."""
        skipping = self.way.line.trouble == "skipped" and self.rank % 2 == 0
        return len(self.way.quays) // 2 if skipping else None

    def delay(self, index: int, delay: int) -> int:
        """Its delay at a quay if it is so late now."""
        stuck = self.way.line.trouble == "tailback" and index >= len(self.way.quays) // 2
        return delay + TAILBACK_S if stuck else delay


class Visit(NamedTuple):
    """A vehicle at a quay: aimed by the timetable, expected (if known) by a prediction.

    A canceled trip and a skipped quay have none.
    """

    trip: Trip
    order: int
    quay: Quay
    destination: Quay
    aimed: datetime
    expected: datetime | None
    recorded: datetime
    at_stop: bool
    skipped: bool = False

    @property
    def due(self) -> datetime:
        """When, as well as anyone knows."""
        return self.expected or self.aimed


def day_begins(day: date) -> float:
    """GTFS counts from 12 hours before noon, so that a clock change moves no morning bus."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=PARIS).timestamp() - 43_200


def headway(way: Way, service: Service) -> int:
    """Seconds between two trips, in whole minutes."""
    return 60 * round(way.line.headway_s * service.stretch / 60)


def departures(way: Way, service: Service) -> range:
    """When its trips leave the terminus."""
    drawn = draw("first", way.line.number, way.direction)
    first = FIRST_S + 60 * int(drawn * way.line.headway_s / 60)
    return range(first, LAST_S + 1, headway(way, service))


def trips(way: Way, day: date, service: Service) -> Iterator[Trip]:
    """The trips of a service day that are planned, in the order they leave."""
    for rank, departs_s in enumerate(departures(way, service)):
        yield Trip(way, day, service, rank, departs_s)


def running(way: Way, day: date, service: Service) -> Iterator[Trip]:
    """The same and those that are added."""
    for trip in trips(way, day, service):
        yield trip
        if way.line.trouble == "added" and trip.hourly:
            later = 60 * (headway(way, service) // 120)
            yield replace(trip, departs_s=trip.departs_s + later, added=True)


@lru_cache(maxsize=8)
def scaled(network: Network, planned: int | None) -> Network:
    """The same network with about so many trips in its timetables, or with one of each for None.

    More trips are more timetables that take turns, not more vehicles: real files are as large as
    they are because weeks differ, and real time only ever knows one day.
    """
    count = sum(
        len(departures(way, service))
        for way in network.ways
        for service in network.operator.services
    )
    return replace(network, turns=max(1, round((planned or 0) / count)))


def coming(
    network: Network, now: datetime, wanted: Collection[int] | None = None
) -> Iterator[Trip]:
    """The trips that may be at one of these quays (any for None) within the hour, by line."""
    instant = now.timestamp()
    today = now.astimezone(PARIS).date()
    days = [
        (day, service)
        for day in (today - timedelta(days=1), today)
        if (service := network.service(day))
    ]
    latest = instant + HORIZON_S - EARLIEST_S
    for way in network.ways:
        if wanted is None or any(quay.number in wanted for quay in way.quays):
            earliest = instant - way.offsets[-1] - LATEST_S - DOORS_S
            for day, service in days:
                for trip in running(way, day, service):
                    if earliest <= trip.starts <= latest:
                        yield trip


def visits(
    network: Network, now: datetime, seed: int, quays: Collection[int] | None = None
) -> Iterator[Visit]:
    """What comes within the hour, at these quays or at all of them, line by line."""
    for trip in coming(network, now, quays):
        yield from calls(trip, now, seed, quays)


def calls(
    trip: Trip,
    now: datetime,
    seed: int,
    quays: Collection[int] | None = None,
    *,
    whole: bool = False,
) -> Iterator[Visit]:
    """The visits of one trip that are due within the hour, at these quays or at all of them.

    `whole` adds those later on, and those that came to pass before their time.
    """
    instant, starts, served = now.timestamp(), trip.starts, trip.served
    recorded, delay = prediction(trip, instant, seed)
    if trip.canceled:
        delay = None
    for index, quay in enumerate(served):
        if quays is not None and quay.number not in quays:
            continue
        skipped = delay is not None and index == trip.skips and index < len(served) - 1
        late = None if delay is None or skipped else trip.delay(index, delay)
        aimed = starts + trip.way.offsets[index]
        due = aimed + (late or 0)
        last_s = max(due, aimed) if whole else due
        if instant - DOORS_S <= last_s and (whole or due <= instant + HORIZON_S):
            yield Visit(
                trip,
                index + 1,
                quay,
                served[-1],
                datetime.fromtimestamp(aimed, PARIS),
                None if late is None else datetime.fromtimestamp(due, PARIS),
                datetime.fromtimestamp(recorded, PARIS),
                at_stop=abs(due - instant) <= DOORS_S,
                skipped=skipped,
            )


def prediction(trip: Trip, instant: float, seed: int) -> tuple[float, int | None]:
    """When the trip was last heard of, and its delay then in seconds (None if never heard of)."""
    rank = f"X{trip.rank}" if trip.added else trip.rank
    key = (seed, trip.way.line.number, trip.way.direction, trip.day, rank)
    habit = draw("habit", *key)
    if habit < STALE:
        # Predicted hours ago, minutes before its time, and never corrected.
        recorded = trip.starts - 7200 - 3600 * draw("age", *key)
        return recorded, -60 * int(1 + 11 * draw("early", *key))
    recorded = instant - 60 * draw("age", *key)
    if habit < STALE + UNMONITORED and not trip.added:  # else nobody would know of it
        return recorded, None
    # Two slow waves, from -60 to 300 s for the worst vehicles and next to nothing for most. They
    # change by less than a second a second: a vehicle that has left does not come back.
    wave = 0.6 * sin(2 * pi * (recorded / 2400 + draw("wave", *key)))
    wave += 0.4 * sin(2 * pi * (recorded / 1500 + draw("ripple", *key)))
    return recorded, round(draw("calm", *key) ** 2 * (120 + 180 * wave))
