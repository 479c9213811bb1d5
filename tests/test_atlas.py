"""The atlas, through the front door: many kinds on one map."""

import pytest

from schema.places import distance_m
from tests.conftest import down, failing

HERE = "lat: 47.2133, lon: -1.5561"


def around(graphql, arguments: str, fields: str = "nodes { distance place { id kind name } }"):
    return graphql(f"{{ nearest({HERE}, {arguments}) {{ {fields} }} }}")


def test_pages_follow_each_other_without_a_gap(graphql):
    fields = "pageInfo { endCursor hasNextPage hasPreviousPage } nodes { distance place { id } }"
    whole = around(graphql, "within: 700, first: 100", fields)["data"]["nearest"]
    assert not whole["pageInfo"]["hasNextPage"]

    seen, after = [], "null"
    while after:
        answer = around(graphql, f"within: 700, first: 7, after: {after}", fields)
        page = answer["data"]["nearest"]
        seen += page["nodes"]
        ends = page["pageInfo"]
        after = f'"{ends["endCursor"]}"' if ends["hasNextPage"] else None

    assert len(seen) > 20
    assert seen == whole["nodes"]


def test_nearest_is_every_kind_in_one_order(graphql):
    answer = around(graphql, "within: 2000, first: 100")["data"]["nearest"]["nodes"]

    kinds = {node["place"]["kind"] for node in answer}
    assert kinds >= {"stop", "school", "vehicle_parking", "vehicle_rental_station"}
    distances = [node["distance"] for node in answer]
    assert distances == sorted(distances)


def test_only_the_kinds_asked_for_are_read(graphql, replay):
    answer = around(graphql, 'kinds: ["pool"], within: 5000')

    assert {node["place"]["kind"] for node in answer["data"]["nearest"]["nodes"]} == {"pool"}
    assert set(replay.calls) == {"pools"}


@pytest.mark.parametrize("broken", [down, failing])
def test_what_cannot_be_read_is_named_and_the_rest_is_there(broken, graphql, replay):
    replay.broken["bikes"] = broken

    fields = "missing { id state } nodes { place { kind } }"
    found = around(graphql, "within: 2000, first: 100", fields)

    assert "errors" not in found
    assert found["data"]["nearest"]["missing"] == [{"id": "nantes/bikes", "state": "DOWN"}]
    kinds = {node["place"]["kind"] for node in found["data"]["nearest"]["nodes"]}
    assert "vehicle_rental_station" not in kinds
    assert "stop" in kinds


def test_where_nothing_can_be_read_the_error_is_the_source_own(graphql, replay):
    replay.broken["bikes"] = down

    answer = around(graphql, 'kinds: ["vehicle_rental_station"]')

    assert answer["data"] == {"nearest": None}
    assert answer["errors"][0]["extensions"]["source"] == "nantes/bikes"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ('kinds: ["pol"]', "There is no kind of place `pol`. Did you mean `pool`?"),
        ("kinds: []", "`kinds` must be between 1 and 50, not 0."),
        ("within: 5001", "`within` must be between 1 and 5000, not 5001."),
        ("first: 101", "`first` must be between 0 and 100, not 101."),
        ('after: "bm90IG91cnM"', "`after` is not a cursor of this list."),
    ],
)
def test_bad_arguments(arguments, said, graphql):
    answer = around(graphql, arguments)

    [error] = answer["errors"]
    assert error["message"] == said
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


BOX = "minLat: 47.18, minLon: -1.62, maxLat: 47.25, maxLon: -1.5"


@pytest.mark.parametrize("zoom", [0, 11, 14, 17, 22])
def test_a_map_counts_every_place_of_its_box_once(zoom, graphql):
    query = """{ placeMap(bbox: { %s }, zoom: %d) {
        totalCount places { kind position { lat lon } } clusters { count kinds { count } } geoJson
    } }"""
    found = graphql(query % (BOX, zoom))["data"]["placeMap"]

    shown = len(found["places"]) + sum(one["count"] for one in found["clusters"])
    assert found["totalCount"] == shown > 100
    for one in found["clusters"]:
        assert one["count"] == sum(kind["count"] for kind in one["kinds"]) > 1
    for place in found["places"]:
        assert 47.18 <= place["position"]["lat"] <= 47.25
        assert -1.62 <= place["position"]["lon"] <= -1.5
    assert len(found["geoJson"]["features"]) == len(found["places"]) + len(found["clusters"]) <= 500
    assert (zoom == 0) == (len(found["clusters"]) == 1 and not found["places"])


def test_a_box_has_its_edges_in_order(graphql):
    turned = "minLat: 47.25, minLon: -1.62, maxLat: 47.18, maxLon: -1.5"
    answer = graphql(f"{{ placeMap(bbox: {{ {turned} }}, zoom: 3) {{ totalCount }} }}")

    assert answer["errors"][0]["extensions"]["argumentPath"] == ["bbox"]


def test_distances_are_those_of_the_sphere():
    # Place Royale to the castle of Nantes, and half-way around the world.
    assert distance_m(47.2142, -1.5583, 47.2161, -1.5494) == pytest.approx(704, abs=2)
    assert distance_m(0, 0, 0, 180) == pytest.approx(20_015_114, abs=10)
