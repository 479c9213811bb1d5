"""Roads: segments of both cities, what is announced, and the hours of a bridge."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cities
from schema.roads import STALE_AFTER, BridgeClosure, RoadEvent, RoadSegment, TrafficStatus
from sources.reading import read_all, readers
from sources.roads import MOST_POINTS, bridge_closure, road_event, road_segment
from sources.row import Row
from tests.conftest import NOW, Clock, down, serving

CITIES = cities.load()
LINE = [[-1.56354, 47.236321], [-1.562498, 47.234305]]
FLOW = {
    "cha_id": 497,
    "cha_lib": "Lauriol I4",
    "cha_long": 224,
    "mf1_vit": 14,
    "tc1_temps": 59,
    "etat_trafic": "Fluide",
    "couleur_tp": "3",
    "mf1_hd": NOW.isoformat(),
    "geo_point_2d": {"lon": -1.563, "lat": 47.235},
    "geo_shape": {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": LINE},
        "properties": {},
    },
}
PASSAGE = {
    "bateau": "EUROPA 2",
    "date_passage": "2026-11-28",
    "fermeture_a_la_circulation": "14:06",
    "re_ouverture_a_la_circulation": "15:42",
    "type_de_fermeture": "Totale",
    "fermeture_totale": "oui",
}


def read(reader: Any, city: str, table: str, row: dict[str, Any]) -> Any:
    return reader(Row(CITIES[city], row, CITIES[city].bindings[table].fields))


def segment(**changes: Any) -> RoadSegment:
    found: RoadSegment = read(road_segment, "nantes", "roads", FLOW | changes)
    return found


def closure(**changes: Any) -> BridgeClosure:
    found: BridgeClosure = read(bridge_closure, "bordeaux", "roads.closures", PASSAGE | changes)
    return found


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Fluide", "FREE_FLOW"),
        ("Dense", "HEAVY"),
        ("Saturé", "CONGESTED"),
        ("Bloqué", "IMPOSSIBLE"),
        ("Indéterminé", "UNKNOWN"),
        ("Autre", "UNKNOWN"),
        (None, "UNKNOWN"),
    ],
)
def test_words(said, status):
    assert segment(etat_trafic=said).status_at(NOW) is TrafficStatus[status]


@pytest.mark.parametrize(
    ("said", "status"),
    [("FLUIDE", "FREE_FLOW"), ("EMBOUTEILLE", "CONGESTED"), ("INCONNU", "UNKNOWN")],
)
def test_words_of_bordeaux(said, status):
    row = {"gid": "7", "etat": said, "mdate": NOW.isoformat(), "commune": "Cenon"}
    found: RoadSegment = read(road_segment, "bordeaux", "roads", row)

    assert found.status_at(NOW) is TrafficStatus[status]
    assert (found.name, found.area, found.geo_json) == (None, "Cenon", None)


def test_minus_one_is_nothing():
    found = segment(mf1_vit=-1, tc1_temps=-1)

    assert (found.told_speed_kmh, found.told_travel_time) == (None, None)
    assert segment(mf1_vit=0).told_speed_kmh == 0
    assert segment().told_travel_time == timedelta(seconds=59)


def test_a_measure_is_good_for_a_quarter_of_an_hour():
    found, second = segment(), timedelta(seconds=1)

    assert found.live_at(NOW + STALE_AFTER)
    assert not found.live_at(NOW + STALE_AFTER + second)
    assert not found.live_at(NOW - STALE_AFTER - second)
    assert not segment(mf1_hd=None).live_at(NOW)


def shape(kind: str, coordinates: Any) -> Any:
    return segment(geo_shape={"type": kind, "coordinates": coordinates})


def test_where_it_runs():
    assert segment().points == "_zh_HbkpHrKoE"
    assert segment().geo_json == {"type": "LineString", "coordinates": LINE}
    assert shape("MultiLineString", [LINE]).geo_json == segment().geo_json
    several = shape("MultiLineString", [LINE, LINE])
    assert several.points is None
    assert several.geo_json == {"type": "MultiLineString", "coordinates": [LINE, LINE]}


@pytest.mark.parametrize(
    "found", [("Point", [1, 2]), ("LineString", []), ("LineString", [[1, 2]]), ("Polygon", [LINE])]
)
def test_what_is_no_line_is_none(found):
    assert (shape(*found).geo_json, shape(*found).points) == (None, None)


@pytest.mark.parametrize(
    "wild",
    [
        [[1, 91], [2, 2]],
        [[1, float("nan")], [2, 2]],
        [[1], [2]],
        [["a", "b"], ["c", "d"]],
        [[1, 2]] * (MOST_POINTS + 1),
    ],
)
def test_a_wild_line_is_refused(wild):
    with pytest.raises((ValueError, IndexError)):
        shape("LineString", wild)


@pytest.mark.parametrize(
    ("closes", "opens", "end"),
    [
        ("14:06", "15:42", "2026-11-28T15:42:00+01:00"),
        ("23:00", "05:00", "2026-11-29T05:00:00+01:00"),
        ("23:00", "23:00", "2026-11-29T23:00:00+01:00"),
        ("22:00", "00:00", "2026-11-29T00:00:00+01:00"),
    ],
)
def test_a_bridge_opens_again_the_next_day(closes, opens, end):
    found = closure(fermeture_a_la_circulation=closes, re_ouverture_a_la_circulation=opens)

    assert found.end.isoformat() == end
    assert (found.vessel, found.total) == ("EUROPA 2", True)


@pytest.mark.parametrize(
    "changes",
    [
        {"date_passage": None},
        {"date_passage": "bientôt"},
        {"fermeture_a_la_circulation": None},
        {"re_ouverture_a_la_circulation": "25:00"},
    ],
)
def test_a_closure_without_its_times_is_refused(changes):
    with pytest.raises(ValueError, match=r"no |is no time"):
        closure(**changes)


def test_an_announcement_is_known_by_what_it_says():
    row = {"nom": "Accident", "detail": "<b>Voie</b> fermée", "secteur": "Sud",
           "date_notification": "2026-11-24T08:00:00+00:00"}  # fmt: skip

    def announced(**changes: Any) -> RoadEvent:
        found: RoadEvent = read(road_event, "nantes", "roads.events", row | changes)
        return found

    assert announced().description == "Voie fermée"
    assert str(announced().announced_on) == "2026-11-24"
    assert announced().id == announced(detail="Voie rouverte").id
    assert announced().id != announced(nom="Travaux").id


def test_near_a_point_the_nearest_comes_first(graphql):
    query = "{ roadSegments(near: { lat: 47.2343, lon: -1.5625, within: %s }) { nodes { name } } }"

    def names(within: int) -> list[str]:
        nodes = graphql(query % within)["data"]["roadSegments"]["nodes"]
        return [node["name"] for node in nodes]

    assert names(50) == ["Lauriol I4"]
    assert names(5_000)[0] == "Lauriol I4"
    assert len(names(5_000)) > 10


def test_while_the_portal_is_down_measures_age_and_roads_stay(replay):
    query = "{ roadSegments(first: 100) { nodes { trafficStatus speedKmh travelTime geoJson } } }"

    async def main() -> list[list[dict[str, Any]]]:
        clock = Clock()
        async with serving(httpx.MockTransport(replay), clock) as server:
            before = await server.ask(query)
            replay.broken["roads"] = down
            clock.advance(20 * 60)
            both = before, await server.ask(query)
            return [answer["data"]["roadSegments"]["nodes"] for answer in both]

    before, after = asyncio.run(main())

    assert Counter(one["trafficStatus"] for one in before)["FREE_FLOW"] > 10
    assert {one["trafficStatus"] for one in after} == {"UNKNOWN"}
    assert {one["speedKmh"] for one in after} == {one["travelTime"] for one in after} == {None}
    assert [one["geoJson"] for one in before] == [one["geoJson"] for one in after]


def test_a_bridge_is_closed_for_as_long_as_it_says(replay):
    query = '{ bridgeClosures(city: "bordeaux", days: 1) { start active } }'

    async def main() -> list[Any]:
        clock = Clock()
        async with serving(httpx.MockTransport(replay), clock) as server:
            told = []
            for hours in (0, 37, 2, 4):  # 10:05, tomorrow at 23:05, then 1:05, then 5:05
                clock.advance(3600 * hours)
                told.append((await server.ask(query))["data"]["bridgeClosures"])
            return [[one["active"] for one in closures] for closures in told]

    assert asyncio.run(main()) == [[], [True], [True], []]


def test_what_a_city_does_not_have_it_does_not_offer(graphql):
    answer = graphql('{ bridgeClosures { id } roadEvents(city: "bordeaux") { totalCount } }')

    assert answer["data"] == {"bridgeClosures": None, "roadEvents": None}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"NOT_OFFERED"}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
SHAPES = st.builds(
    lambda kind, found: {"type": kind, "coordinates": found},
    st.sampled_from(["LineString", "MultiLineString"]),
    JUNK,
)


@given(st.dictionaries(st.sampled_from(sorted(FLOW)), JUNK), SHAPES)
def test_no_row_gets_past_what_is_dropped_and_counted(junk, shape):
    rows = [FLOW | junk, FLOW | {"geo_shape": shape}]
    binding = CITIES["nantes"].bindings["roads"]

    found, dropped = read_all(readers[RoadSegment], rows, CITIES["nantes"], binding)

    assert 1 <= len(found) + dropped <= 2
