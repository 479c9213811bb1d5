"""World: the city at an instant, the same for the same seed and clock."""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from sandbox.network import network
from sandbox.timetable import Visit, visits


class Departure(NamedTuple):
    """A vehicle that leaves a quay: line number, destination name, instants in Paris.

    `expected` is None for a vehicle without prediction; `recorded` is when it was predicted.
    """

    line: str
    destination: str
    aimed: datetime
    expected: datetime | None
    recorded: datetime


def real_clock() -> datetime:
    return datetime.now(UTC)


class World:
    """A Nantes that lives by its clock.

    `stops` makes the network that large, stop places and quays together, for load tests.
    """

    def __init__(
        self,
        clock: Callable[[], datetime] = real_clock,
        *,
        stops: int | None = None,
        seed: int = 1,
    ) -> None:
        self.clock = clock
        self.seed = seed
        self.network = network(stops, seed)
        self.set_to: datetime | None = None

    def now(self) -> datetime:
        """The instant, in UTC."""
        return (self.set_to or self.clock()).astimezone(UTC)

    def visits(self, now: datetime, quays: Collection[int] | None = None) -> Iterator[Visit]:
        """Every vehicle due within the hour at these quays (all of them for None)."""
        return visits(self.network, now, self.seed, quays)

    def truth(self, quay_id: str, now: datetime) -> list[Departure]:
        """What leaves a quay (`FR_NAOLIB:Quay:94`) within the hour, soonest first.

        A vehicle that ends its trip there does not leave, though SIRI lists it.
        """
        departures = [
            Departure(
                visit.trip.way.line.number,
                visit.destination.place.name,
                visit.aimed,
                visit.expected,
                visit.recorded,
            )
            for visit in self.visits(now, {int(quay_id.rpartition(":")[2])})
            if visit.destination is not visit.quay
        ]
        return sorted(departures, key=lambda departure: departure.expected or departure.aimed)
