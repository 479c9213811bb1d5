"""Road traffic as Nantes really published it: two moments of its 843 segments."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import cities
from schema.roads import RoadSegment, TrafficStatus
from sources.protocols.opendatasoft import Opendatasoft
from sources.reading import read_all, readers

SAMPLES = Path(__file__).parents[1].parent / "shared/samples/nantes/ods-mobilite"
CITY = cities.load()["nantes"]
pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="no captures here")

MOMENTS = {  # file: when it was measured, segments by status, and how many measured nothing
    "2023-12-06_v1download": (
        "2023-12-06T11:28:00+01:00",
        {"FREE_FLOW": 735, "UNKNOWN": 92, "HEAVY": 8, "CONGESTED": 5, "IMPOSSIBLE": 3},
        61,
    ),
    "13_12_2023_0950_v1download": (
        "2023-12-13T09:47:00+01:00",
        {"FREE_FLOW": 733, "UNKNOWN": 96, "HEAVY": 10, "CONGESTED": 2, "IMPOSSIBLE": 2},
        42,
    ),
}


def segments(moment: str) -> list[RoadSegment]:
    body = (SAMPLES / f"244400404_fluidite-axes-routiers_{moment}.json").read_bytes()
    rows = Opendatasoft(url="https://x", dataset="x").rows(body)
    found, dropped = read_all(readers[RoadSegment], rows, CITY, CITY.bindings["roads"])
    assert dropped == 0
    return found


@pytest.mark.parametrize("moment", MOMENTS)
def test_every_segment_is_understood(moment):
    measured, statuses, silent = MOMENTS[moment]
    at = datetime.fromisoformat(measured)
    found = segments(moment)

    assert len(found) == len({one.id for one in found}) == 843
    assert Counter(one.status_at(at).name for one in found) == statuses
    assert sum(one.told_speed_kmh is None for one in found) == silent
    assert sum(one.told_travel_time is None for one in found) == silent
    assert all(one.name and one.length_m and one.position and one.points for one in found)
    assert {one.measured_at for one in found} == {at}
    later = at + timedelta(minutes=16)
    assert {one.status_at(later) for one in found} == {TrafficStatus.UNKNOWN}


def test_what_nobody_is_sure_of_may_carry_numbers():
    found = [one for one in segments("2023-12-06_v1download") if one.told_speed_kmh is not None]

    unsure = [one for one in found if one.told_status is TrafficStatus.UNKNOWN]
    assert len(unsure) == 37


def test_a_segment_keeps_its_id_and_its_place():
    """The portal's own `recordid` is another one each time, and so is the order."""
    first, second = ({one.id: one for one in segments(moment)} for moment in MOMENTS)

    assert first.keys() == second.keys()
    assert list(first) != list(second)
    assert all(one.points == second[name].points for name, one in first.items())
    [lauriol] = [one for one in first.values() if one.name == "Lauriol I4"]
    assert lauriol.geo_json == {
        "type": "LineString",
        "coordinates": [[-1.56354, 47.236321], [-1.563512, 47.234305]],
    }
