from hypothesis import given
from hypothesis import strategies as st

from sources.polyline import polyline


def decoded(text: str) -> list[tuple[float, float]]:
    """The points of a polyline, by the specification read backwards."""
    steps, bits, shift = [], 0, 0
    for letter in text:
        chunk = ord(letter) - 63
        bits |= (chunk & 0x1F) << shift
        shift += 5
        if chunk < 0x20:
            steps.append(~(bits >> 1) if bits & 1 else bits >> 1)
            bits = shift = 0
    points, lat, lon = [], 0, 0
    for north, east in zip(steps[::2], steps[1::2], strict=True):
        lat, lon = lat + north, lon + east
        points.append((lat / 1e5, lon / 1e5))
    return points


def test_the_specification_s_own_example() -> None:
    points = [(38.5, -120.2), (40.7, -120.95), (43.252, -126.453)]
    assert polyline(points) == "_p~iF~ps|U_ulLnnqC_mqNvxq`@"
    assert polyline([(0, -179.9832104)]) == "?`~oia@"
    assert polyline([]) == ""


degrees = st.integers(-9_000_000, 9_000_000).map(lambda number: number / 1e5)


@given(st.lists(st.tuples(degrees, degrees)))
def test_decoding_gives_the_same_points(points: list[tuple[float, float]]) -> None:
    assert decoded(polyline(points)) == points
