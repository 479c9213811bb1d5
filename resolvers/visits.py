"""Visits: the vehicles at stops that SIRI lists, found in the timetable by the time planned."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial

from resolvers.realtime import BOARDING, EARLY, Coming, Lines, Plan
from schema.departures import Departure, RealtimeState
from schema.trips import TripOn
from sources.daily import joined
from sources.timetable import Scheduled, Timetable

CLOSE = timedelta(minutes=5)  # visits of which the timetable is asked at once


class Visits(Plan):
    """What SIRI lists by stop, over the timetable; each stop's are found in it when asked for."""

    early = EARLY

    def __init__(
        self,
        of_stop: Mapping[str, Sequence[Departure]],
        city: str,
        timetable: Timetable | None,
        lines: Lines,
    ) -> None:
        super().__init__(city, lines)
        self._of_stop = of_stop
        self._timetable = timetable
        self._boards: dict[str, Board] = {}

    def updated(self, row: Scheduled, stop_ids: Sequence[str]) -> Coming | None:  # noqa: ARG002
        return None if self._board(row.stop_id).replaces(row) else self._planned(row)

    def besides(self, stop_ids: Sequence[str]) -> Iterator[Coming]:
        for stop_id in stop_ids:
            yield from self._board(stop_id).coming

    def _board(self, stop_id: str) -> "Board":
        found = self._boards.get(stop_id)
        if found is None:
            visits = self._of_stop.get(stop_id, ())
            found = Board(visits, self._rows(stop_id, visits), self._lines)
            self._boards[stop_id] = found
        return found

    def _rows(self, stop_id: str, visits: Iterable[Departure]) -> Iterator[Scheduled]:
        """What the timetable has leave that stop when visits were planned for."""
        if self._timetable is None:
            return
        times = sorted({one.scheduled_at for one in visits if one.scheduled_at is not None})
        for start, end in joined((at, at + CLOSE) for at in times):
            for row in self._timetable.departures([stop_id], start, time_range=end - start):
                if row.stop_id == stop_id:  # and not another quay of that station
                    yield row


class Board:
    """What SIRI lists at one stop, and which of the timetable's departures these are."""

    def __init__(
        self, visits: Sequence[Departure], rows: Iterable[Scheduled], lines: Lines
    ) -> None:
        self._lines = lines
        self._of_trip: dict[tuple[str, float], int] = {}  # the last one's place in the list
        self._first: dict[tuple[str, str | None], float] = {}
        for number, one in enumerate(visits):
            if one.scheduled_at is not None:
                instant, way = one.scheduled_at.timestamp(), (one.line, one.headsign)
                self._of_trip[one.line, instant] = number
                self._first[way] = min(instant, self._first.get(way, instant))
        known: dict[int, Scheduled] = {}
        for row in rows:
            visit = self._of_trip.get((lines.get(row.route_id, row.route_id), row.instant))
            if visit is not None:
                known[visit] = row
        self.coming = [_coming(one, known.get(number)) for number, one in enumerate(visits)]

    def replaces(self, row: Scheduled) -> bool:
        """Whether a departure of the timetable is listed, or was.

        What the timetable plans for before the first listed vehicle of the same line
        and destination has left already: the network has stopped listing it.
        """
        line, instant = self._lines.get(row.route_id, row.route_id), row.instant
        first = self._first.get((line, row.headsign), instant)
        return instant < first or (line, instant) in self._of_trip


def _coming(visit: Departure, row: Scheduled | None) -> Coming:
    """A visit with what the timetable knows besides, and what real time makes of it."""
    state = visit.realtime_state
    if state is not RealtimeState.CANCELED:
        on_plan = visit.scheduled_at is not None
        told = RealtimeState.UPDATED if on_plan else RealtimeState.ADDED
        state = told if visit.realtime else RealtimeState.SCHEDULED
    return Coming(
        visit.expected_at.timestamp(),
        visit.stop_id,
        visit.route_id if row is None else row.route_id,
        state,
        visit.at_stop,
        partial(_told, visit, row, state),
    )


def _told(visit: Departure, row: Scheduled | None, state: RealtimeState) -> Departure:
    made = Departure.__new__(Departure)  # `copy` goes by way of pickling, ten times as slow
    vars(made).update(vars(visit), realtime_state=state)
    if row is not None:
        made.headsign = visit.headsign or row.headsign
        made.wheelchair_accessible = BOARDING[row.wheelchair_accessible]
        made.trip_key = TripOn(visit.city, row.trip_id, row.start_date, row.start_time)
        made.route_id = row.route_id
    return made
