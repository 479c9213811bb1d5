"""Records: a long JSON list, taken apart piece by piece.

To decode 30 MB in one go takes as long as many requests, and nothing else can happen meanwhile,
in whatever thread it is done.
"""

import re
from collections.abc import Iterator

import msgspec

PIECE = 1 << 18  # bytes that are decoded at once, at least: half a millisecond
TRIES = 50  # places where a piece might end, before the rest is taken as it is
BETWEEN = re.compile(rb"\}[ \t\r\n]*,[ \t\r\n]*(?=\{)")
SPACE = b" \t\r\n"

_decode = msgspec.json.Decoder(list[msgspec.Raw]).decode


def listed(body: bytes) -> bool:
    """Whether a JSON text begins as a list does."""
    return body[:64].lstrip(SPACE)[:1] == b"["


def records(body: bytes, piece: int = PIECE) -> Iterator[msgspec.Raw]:
    """The elements of a list of objects; msgspec.DecodeError, at the latest behind the last.

    What looks like the end of an element may be within a text, or within a list of its own: then
    what is before it is no JSON, and the next place that looks so is tried.
    """
    start = body.index(b"[") + 1
    while (found := _piece(body, start, start + piece)) is not None:
        elements, start = found
        yield from elements
    yield from _decode(b"[" + body[start:])


def _piece(body: bytes, start: int, least: int) -> tuple[list[msgspec.Raw], int] | None:
    """The elements from one place to about another, and where the next one begins."""
    for _ in range(TRIES):
        end = BETWEEN.search(body, least)
        if end is None:
            return None
        try:
            return _decode(b"[%b]" % body[start : end.start() + 1]), end.end()
        except msgspec.DecodeError:
            least = end.end()
    return None
