"""Trip updates: how a delay travels along a trip, against a slow and obvious reference."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.departures import RealtimeState
from sources.updates import Expected, StopUpdate, TripUpdate, propagated

START = int(datetime(2026, 11, 23, 23, tzinfo=UTC).timestamp())  # of the 24th, in Paris
UPDATE = TripUpdate(
    trip_id="T1",
    route_id=None,
    direction_id=None,
    start_date=None,
    start_time=None,
    relationship="SCHEDULED",
    delay=None,
    stops=(),
    headsign=None,
    vehicle_id=None,
    wheelchair=None,
    said_at=None,
    feed_at=None,
)
SCHEDULED, UPDATED = RealtimeState.SCHEDULED, RealtimeState.UPDATED
CANCELED, SKIPPED = RealtimeState.CANCELED, RealtimeState.SKIPPED


class Planned(NamedTuple):
    stop_sequence: int
    stop_id: str
    arrival_time: int
    departure_time: int


def trip(*stop_ids: str) -> list[Planned]:
    """A stop every ten minutes, with a minute at each."""
    return [
        Planned(5 * n, stop_id, 36_000 + 600 * n, 36_060 + 600 * n)
        for n, stop_id in enumerate(stop_ids, 1)
    ]


LINE = trip("A", "B", "C", "D")


def delays(planned: list[Planned], *stops: StopUpdate, **said: object) -> list[object]:
    """Arrival and departure of each stop as seconds late; its state where it has no times."""
    update = replace(UPDATE, stops=stops, **said)  # type: ignore[arg-type]
    return [
        (one.arrival - START - plan.arrival_time, one.departure - START - plan.departure_time)
        if one.state is UPDATED
        else one.state
        for plan, one in zip(planned, propagated(planned, START, update), strict=True)
    ]


def test_the_example_of_the_specification() -> None:
    ten = trip(*"ABCDEFGHIJ")
    told = (
        StopUpdate(stop_sequence=15, arrival_delay=300, departure_delay=300),
        StopUpdate(stop_sequence=40, arrival_delay=60, departure_delay=60),
        StopUpdate(stop_sequence=50, relationship="NO_DATA"),
    )
    expected = [SCHEDULED] * 2 + [(300, 300)] * 5 + [(60, 60)] * 2 + [SCHEDULED]
    assert delays(ten, *told) == expected


def test_a_time_is_a_delay_too_and_wins_over_one() -> None:
    at = START + LINE[1].departure_time + 90
    told = StopUpdate(stop_id="B", departure=at, departure_delay=15)
    assert delays(LINE, told) == [SCHEDULED, (0, 90), (90, 90), (90, 90)]


def test_an_arrival_alone_delays_the_departure() -> None:
    told = StopUpdate(stop_id="B", arrival_delay=40)
    assert delays(LINE, told) == [SCHEDULED, (40, 40), (40, 40), (40, 40)]


def test_on_time_is_said_and_nothing_said_is_not() -> None:
    assert delays(LINE, StopUpdate(stop_id="A", departure_delay=0)) == [(0, 0)] * 4
    assert delays(LINE) == [SCHEDULED] * 4


def test_the_delay_of_the_trip_holds_until_the_first_stop_that_says_its_own() -> None:
    told = StopUpdate(stop_id="C", arrival_delay=5)
    assert delays(LINE, told, delay=60) == [(60, 60), (60, 60), (5, 5), (5, 5)]


def test_a_delay_passes_over_a_skipped_stop() -> None:
    told = (
        StopUpdate(stop_id="A", departure_delay=30),
        StopUpdate(stop_id="B", relationship="SKIPPED", departure_delay=999),
    )
    assert delays(LINE, *told) == [(0, 30), SKIPPED, (30, 30), (30, 30)]


@pytest.mark.parametrize("relationship", ["CANCELED", "DELETED"])
def test_a_cancelled_trip_keeps_its_planned_times(relationship: str) -> None:
    update = replace(UPDATE, relationship=relationship, stops=(StopUpdate(stop_id="A"),))
    assert propagated(LINE, START, update) == [
        Expected(START + one.arrival_time, START + one.departure_time, CANCELED) for one in LINE
    ]
    assert update.hidden is (relationship == "DELETED")


def test_a_replacement_stops_only_where_it_says() -> None:
    told = (StopUpdate(stop_id="A", departure_delay=0), StopUpdate(stop_id="C", arrival_delay=9))
    assert delays(LINE, *told, relationship="REPLACEMENT") == [(0, 0), SKIPPED, (9, 9), SKIPPED]


def test_a_line_that_comes_by_twice() -> None:
    loop = trip("A", "B", "A", "C")
    told = (
        StopUpdate(stop_id="A", departure_delay=10),
        StopUpdate(stop_id="A", departure_delay=20),
    )
    assert delays(loop, *told) == [(0, 10), (10, 10), (10, 20), (20, 20)]


def test_the_sequence_goes_before_the_stop_and_what_matches_nothing_says_nothing() -> None:
    wrong_quay = StopUpdate(stop_sequence=10, stop_id="Z", departure_delay=7)
    nowhere = (StopUpdate(stop_id="Z", departure_delay=1), StopUpdate(stop_sequence=99))
    assert delays(LINE, wrong_quay, *nowhere) == [SCHEDULED, (0, 7), (7, 7), (7, 7)]


def reference(planned: list[Planned], update: TripUpdate) -> list[tuple[int, int, RealtimeState]]:
    """For every event, look back along the trip for the last thing that was said."""

    def told(place: int) -> StopUpdate:
        same = [u for u in update.stops if u.stop_sequence == planned[place].stop_sequence]
        return same[-1] if same else StopUpdate()

    def late(place: int, departs: bool) -> int | None:
        one, plan = told(place), planned[place]
        if one.relationship == "NO_DATA":
            return None
        if one.relationship != "SKIPPED":
            if departs and one.departure is not None:
                return one.departure - START - plan.departure_time
            if departs and one.departure_delay is not None:
                return one.departure_delay
            if not departs and one.arrival is not None:
                return one.arrival - START - plan.arrival_time
            if not departs and one.arrival_delay is not None:
                return one.arrival_delay
        if departs:
            return late(place, False)
        return late(place - 1, True) if place else update.delay

    found = []
    for place, plan in enumerate(planned):
        came, went = late(place, False), late(place, True)
        skipped = told(place).relationship == "SKIPPED"
        state = SKIPPED if skipped else SCHEDULED if went is None else UPDATED
        if skipped:
            came = went = 0
        found.append(
            (
                START + plan.arrival_time + (came or 0),
                START + plan.departure_time + (went or 0),
                state,
            )
        )
    return found


seconds = st.none() | st.integers(-300, 3_600)


@st.composite
def stop_updates(draw: st.DrawFn, plan: Planned) -> StopUpdate:
    """Anything that may be said of a stop."""
    arrival, departure = draw(seconds), draw(seconds)
    return StopUpdate(
        stop_sequence=plan.stop_sequence,
        arrival=None if arrival is None else START + plan.arrival_time + arrival,
        departure=None if departure is None else START + plan.departure_time + departure,
        arrival_delay=draw(seconds),
        departure_delay=draw(seconds),
        relationship=draw(st.sampled_from(["SCHEDULED"] * 4 + ["SKIPPED", "NO_DATA"])),
    )


@given(st.data(), st.integers(1, 12), seconds)
def test_delays_travel_as_the_reference_has_them(
    data: st.DataObject, length: int, delay: int | None
) -> None:
    planned = trip(*(f"S{n}" for n in range(length)))
    spoken_of = data.draw(st.lists(st.booleans(), min_size=length, max_size=length))
    said = tuple(
        data.draw(stop_updates(plan)) for plan, told in zip(planned, spoken_of, strict=True) if told
    )
    by_stop = tuple(
        one._replace(stop_sequence=None, stop_id=planned[one.stop_sequence // 5 - 1].stop_id)
        for one in said
        if one.stop_sequence
    )
    update = replace(UPDATE, stops=said, delay=delay)
    found = propagated(planned, START, update)
    assert [one[:3] for one in found] == reference(planned, update)
    assert propagated(planned, START, replace(update, stops=by_stop)) == found
