"""Real time: what a network says right now, laid over what it had planned.

Two ways of speaking, one result. SIRI lists vehicles at stops, with the time
each was planned for: that is how they are found in the timetable (`visits`).
GTFS-Realtime speaks of trips, by the timetable's own ids (`runs`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from schema.accessibility import WheelchairBoarding
from schema.departures import Departure, RealtimeState
from schema.trips import TripOn
from sources.timetable import Scheduled

EARLY = timedelta(minutes=10)  # how early a vehicle may be and still be looked for
SCHEDULED = RealtimeState.SCHEDULED
BOARDING = {
    True: WheelchairBoarding.POSSIBLE,
    False: WheelchairBoarding.NOT_POSSIBLE,
    None: WheelchairBoarding.NO_INFORMATION,
}
Lines = Mapping[str, str]  # what real time calls a route, by its GTFS id; else by that


class Coming(NamedTuple):
    """A departure that may be one of the next, as far as it takes to choose them.

    `instant` is when it is expected, in seconds since 1970. Many are looked at for each that
    is told: only `tell` makes all of it, as nobody else's.
    """

    instant: float
    stop_id: str
    route_id: str | None
    state: RealtimeState
    at_stop: bool
    tell: Callable[[], Departure]


class Plan:
    """What becomes of the timetable's departures: without real time, what was planned.

    What real time makes of them is worked out once for each snapshot of it, timetable and list
    of lines: a subclass is made of these, and keeps what it has found.
    """

    early = timedelta()  # before its time that a departure may leave

    def __init__(self, city: str, lines: Lines) -> None:
        self._city = city
        self._lines = lines

    def updated(self, row: Scheduled, stop_ids: Sequence[str]) -> Coming | None:  # noqa: ARG002
        """A departure as it is expected; None if there is none that leaves these stops."""
        return self._planned(row)

    def late(
        self,
        stop_ids: Sequence[str],  # noqa: ARG002 - subclasses tell
        start: datetime,  # noqa: ARG002
        time_range: timedelta,  # noqa: ARG002
    ) -> Iterable[Coming]:
        """What may leave at that time, though planned for before or from other stops."""
        return ()

    def besides(self, stop_ids: Sequence[str]) -> Iterable[Coming]:  # noqa: ARG002
        """What real time tells of by itself."""
        return ()

    def _planned(self, row: Scheduled) -> Coming:
        tell = partial(as_planned, row, self._city, self._lines)
        return Coming(row.instant, row.stop_id, row.route_id, SCHEDULED, False, tell)


def as_planned(row: Scheduled, city: str, lines: Lines) -> Departure:
    """A departure as the timetable has it."""
    leaves = row.departure_time
    return Departure(
        city=city,
        stop_id=row.stop_id,
        destination_id=None,
        line=lines.get(row.route_id, row.route_id),
        headsign=row.headsign,
        scheduled_at=leaves,
        expected_at=leaves,
        realtime=False,
        at_stop=False,
        platform_code=None,
        updated_at=None,
        wheelchair_accessible=BOARDING[row.wheelchair_accessible],
        trip_key=TripOn(city, row.trip_id, row.start_date, row.start_time),
        route_id=row.route_id,
    )
