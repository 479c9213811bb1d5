"""What only departures do: two sources, either of which may be gone."""

from collections import Counter

import pytest

from resolvers.loaders import registered
from tests.conftest import changed, down, failing, refusing

COMMERCE = """{ stop(gtfsId: "FR_NAOLIB:StopPlace:20") { departures(%s) {
  scheduledAt expectedAt delay realtime realtimeState headsign updatedAt
  route { id shortName } trip { gtfsId serviceDate stops { stop { name } departureAt } }
} } }"""


def departures(answer):
    return answer["data"]["stop"]["departures"]


def source(answer, name):
    return next(s for s in answer["extensions"]["sources"] if s["id"] == f"nantes/{name}")


@pytest.mark.parametrize("failure", [down, failing, refusing, changed])
def test_without_real_time_the_timetable_answers_and_says_so(failure, graphql, replay):
    replay.broken["departures"] = failure

    answer = graphql(COMMERCE % "first: 20")

    assert "errors" not in answer
    assert len(departures(answer)) == 20
    for one in departures(answer):
        assert (one["realtime"], one["realtimeState"]) == (False, "SCHEDULED")
        assert one["expectedAt"] == one["scheduledAt"]
        assert one["delay"] is one["updatedAt"] is None
        assert one["trip"]["gtfsId"]
    assert source(answer, "departures")["state"] == "DOWN"
    assert source(answer, "stops.timetable")["state"] == "LIVE"


def test_without_a_timetable_real_time_answers_alone(graphql, tmp_path, monkeypatch):
    def broken(*_):
        raise ValueError("no timetable in it")

    monkeypatch.setattr("sources.kept.KeptTimetable.made", broken)
    answer = graphql(COMMERCE % "first: 5", data=tmp_path)

    assert "errors" not in answer
    assert any(one["realtime"] for one in departures(answer))
    assert {one["trip"] for one in departures(answer) if not isinstance(one["trip"], dict)} == {
        None
    }
    assert source(answer, "stops.timetable")["state"] == "DOWN"


def test_without_both_it_says_what_is_wrong(graphql, replay, tmp_path, monkeypatch):
    def broken(*_):
        raise ValueError("no timetable in it")

    monkeypatch.setattr("sources.kept.KeptTimetable.made", broken)
    replay.broken["departures"] = down

    answer = graphql(COMMERCE % "first: 5", data=tmp_path)

    assert departures(answer) is None
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "UNAVAILABLE"
    assert error["extensions"]["source"] == "nantes/departures"


def test_in_order_and_none_twice(graphql):
    found = departures(graphql(COMMERCE % "first: 100"))

    expected = [one["expectedAt"] for one in found]
    assert expected == sorted(expected)
    runs = [(one["scheduledAt"], one["headsign"], one["route"]["shortName"]) for one in found]
    assert len(runs) == len(set(runs))


def test_of_some_lines_only(graphql):
    line = departures(graphql(COMMERCE % "first: 1"))[0]["route"]

    found = departures(graphql(COMMERCE % f'first: 30, routes: ["{line["id"]}"]'))

    assert len(found) > 1
    assert {one["route"]["shortName"] for one in found} == {line["shortName"]}


def test_from_another_time_on(graphql):
    """Tomorrow at five there is only the timetable, and it says so."""
    start = "2026-11-25T05:00:00+01:00"
    found = departures(graphql(COMMERCE % f'first: 50, startTime: "{start}", timeRange: 1800'))

    assert found
    for one in found:
        assert start <= one["expectedAt"] < "2026-11-25T05:30:00+01:00"
        assert one["realtime"] is False
        assert one["trip"]["serviceDate"] == "2026-11-25"


def test_after_midnight_is_still_the_day_before(graphql):
    start = "2026-11-25T00:01:00+01:00"
    found = departures(graphql(COMMERCE % f'first: 5, startTime: "{start}", timeRange: 3600'))

    assert {one["trip"]["serviceDate"] for one in found} == {"2026-11-24"}


@pytest.mark.parametrize("wrong", ["timeRange: 0", 'routes: ["nonsense"]', "first: 101"])
def test_what_cannot_be_asked(wrong, graphql):
    [error] = graphql(COMMERCE % wrong)["errors"]

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["argumentPath"] == [wrong.partition(":")[0]]


NEARBY = """{ stops(near: { lat: 47.2133, lon: -1.5561, within: 3000 }, first: 30) {
  nodes { name departures(first: 3) { expectedAt route { shortName } trip { gtfsId } } }
} }"""


def test_thirty_stops_nearby_are_one_batch_of_each_source(graphql, replay, monkeypatch):
    batches = Counter()

    def counted(kind, answer):
        async def counting(ask, keys):
            batches[kind.__name__] += 1
            return await answer(ask, keys)

        return counting

    for kind, answer in list(registered.items()):
        monkeypatch.setitem(registered, kind, counted(kind, answer))
    answer = graphql(NEARBY)

    assert "errors" not in answer
    stops = answer["data"]["stops"]["nodes"]
    assert len(stops) == 30
    assert sum(len(stop["departures"]) for stop in stops) == 90
    assert replay.calls == {"stops": 2, "departures": 1}  # a record, and the file that it names
    # Departures bring their routes with them.
    assert batches == {"StopsIn": 1, "DeparturesAt": 1, "TripOn": 1}
