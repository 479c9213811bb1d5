"""Encoded polylines, against the example of their own manual and a decoder."""

from hypothesis import given
from hypothesis import strategies as st

from sources.polyline import polyline


def decoded(text):
    values, bits, shift = [], 0, 0
    for character in text:
        five = ord(character) - 63
        bits |= (five & 0x1F) << shift
        shift += 5
        if not five & 0x20:
            values.append(~(bits >> 1) if bits & 1 else bits >> 1)
            bits = shift = 0
    points, lat, lon = [], 0, 0
    for step_lat, step_lon in zip(values[::2], values[1::2], strict=True):
        lat, lon = lat + step_lat, lon + step_lon
        points.append((lat, lon))
    return points


def test_the_manuals_own_example():
    way = [(38.5, -120.2), (40.7, -120.95), (43.252, -126.453)]

    assert polyline(way) == "_p~iF~ps|U_ulLnnqC_mqNvxq`@"


@given(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180)), max_size=20))
def test_any_way_comes_back_to_a_metre(way):
    assert decoded(polyline(way)) == [(round(lat * 1e5), round(lon * 1e5)) for lat, lon in way]
