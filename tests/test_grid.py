"""The grid against a look at every point."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schema.places import distance_m
from sources.grid import Grid

NEAR = st.tuples(st.floats(47.0, 47.4), st.floats(-1.8, -1.2))
ANYWHERE = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
POINTS = st.lists(st.one_of(NEAR, NEAR, NEAR, ANYWHERE), max_size=60)


def grid(points: list[tuple[float, float]]) -> Grid:
    return Grid(np.array([lat for lat, _ in points]), np.array([lon for _, lon in points]))


@given(POINTS, NEAR, st.floats(1, 20_000))
def test_around_is_what_every_distance_says(points, spot, within_m):
    indexes, metres = grid(points).around(*spot, within_m)

    real = [distance_m(*spot, *point) for point in points]
    sure = {n for n, away in enumerate(real) if away < within_m - 1}
    perhaps = {n for n, away in enumerate(real) if away < within_m + 1}
    assert sure <= set(indexes.tolist()) <= perhaps
    assert len(set(indexes.tolist())) == len(indexes)
    assert sorted(metres.tolist()) == metres.tolist()
    for index, away in zip(indexes.tolist(), metres.tolist(), strict=True):
        assert abs(real[index] - away) < 1


@given(POINTS, NEAR, NEAR)
def test_a_box_holds_what_is_between_its_edges(points, one, other):
    (south, north), (west, east) = (sorted(edges) for edges in zip(one, other, strict=True))

    found = grid(points).box(south, west, north, east).tolist()

    assert found == [
        n for n, (lat, lon) in enumerate(points) if south <= lat <= north and west <= lon <= east
    ]


def test_a_point_off_africa_does_not_stretch_it():
    points = [(47.2 + n / 1_000, -1.5) for n in range(1_000)] + [(0.1, 0.1), (-60.0, 170.0)]

    one = grid(points)

    assert one.around(0.1, 0.1, 100).indexes.tolist() == [1_000]
    assert len(one._starts) < 100_000
