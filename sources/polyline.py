"""Polyline: a line on the map as a short text, in Google's encoding.

https://developers.google.com/maps/documentation/utilities/polylinealgorithm
"""

from collections.abc import Iterable


def polyline(points: Iterable[tuple[float, float]]) -> str:
    """(latitude, longitude) pairs in degrees, to five decimals: about a metre."""
    letters: list[str] = []
    before = (0, 0)
    for point in points:
        here = round(point[0] * 1e5), round(point[1] * 1e5)
        for now, then in zip(here, before, strict=True):
            letters += _letters(now - then)
        before = here
    return "".join(letters)


def _letters(step: int) -> Iterable[str]:
    """Five bits a letter, lowest first; the lowest of all is the sign."""
    bits = ~(step << 1) if step < 0 else step << 1
    while bits >= 0x20:
        yield chr((0x20 | bits & 0x1F) + 63)
        bits >>= 5
    yield chr(bits + 63)
