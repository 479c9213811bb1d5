"""World: the cities at an instant, the same for the same seed and clock."""

import re
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from sandbox.network import Network, network
from sandbox.operators import NAOLIB, TBM
from sandbox.timetable import HORIZON_S, Trip, Visit, calls, coming, scaled, visits


class Departure(NamedTuple):
    """A vehicle that leaves a quay: line number, destination name, instants in Paris.

    `expected` is None for a vehicle without prediction, for one that is `canceled`, and for one
    that passes without a halt (`skipped`); `recorded` is when it was predicted. `trip_id` is that
    of the GTFS file, which does not have it if the trip is `added`.
    """

    line: str
    destination: str
    aimed: datetime
    expected: datetime | None
    recorded: datetime
    trip_id: str
    canceled: bool
    skipped: bool
    added: bool


def real_clock() -> datetime:
    return datetime.now(UTC)


class World:
    """Nantes and Bordeaux, which live by one clock.

    For load tests `stops` makes Nantes that large, stop places and quays together, and `trips`
    makes its GTFS file hold about so many. Bordeaux stays as it is.
    """

    def __init__(
        self,
        clock: Callable[[], datetime] = real_clock,
        *,
        stops: int | None = None,
        trips: int | None = None,
        seed: int = 1,
    ) -> None:
        self.clock = clock
        self.seed = seed
        self.nantes = scaled(network(NAOLIB, stops, seed), trips)
        self.bordeaux = network(TBM, None, seed)
        self.set_to: datetime | None = None

    def now(self) -> datetime:
        """The instant, in UTC."""
        return (self.set_to or self.clock()).astimezone(UTC)

    def visits(
        self, network: Network, now: datetime, quays: Collection[int] | None = None
    ) -> Iterator[Visit]:
        """Every vehicle due within the hour at these quays (all of them for None)."""
        return visits(network, now, self.seed, quays)

    def runs(self, network: Network, now: datetime) -> Iterator[tuple[Trip, list[Visit]]]:
        """Every trip due somewhere within the hour, and all that is left of it.

        A call is left until its time has come, even if the vehicle was early and is gone.
        """
        for trip in coming(network, now):
            left = list(calls(trip, now, self.seed, whole=True))
            if left and (left[0].due - now).total_seconds() <= HORIZON_S:
                yield trip, left

    def truth(self, quay_id: str, now: datetime) -> list[Departure]:
        """What leaves a quay within the hour, soonest first.

        The quay is of Nantes (`FR_NAOLIB:Quay:94`) or of Bordeaux (`3600`, as in its GTFS, or
        `bordeaux:StopPoint:BP:3600:LOC`, as in its SIRI). A vehicle that ends its trip there does
        not leave, though SIRI lists it.
        """
        network = self.nantes if quay_id.startswith(NAOLIB.quay) else self.bordeaux
        number = re.search(r"\d+", quay_id)
        departures = [
            Departure(
                visit.trip.way.line.number,
                visit.destination.place.name,
                visit.aimed,
                visit.expected,
                visit.recorded,
                visit.trip.id,
                visit.trip.canceled,
                visit.skipped,
                visit.trip.added,
            )
            for visit in self.visits(network, now, {int(number[0])} if number else ())
            if visit.destination is not visit.quay
        ]
        return sorted(departures, key=lambda departure: departure.expected or departure.aimed)
