"""Asked: a door that replies from a script, and remembers what it was asked."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from sources.protocols import Reply, Speaks


class Asked:
    """Replies in order, whatever the question; `calls` are (url, parameters or body, headers)."""

    now = datetime(2026, 8, 6, 20, 5, 7, tzinfo=UTC)

    def __init__(self, *replies: bytes) -> None:
        self._replies = iter(replies)
        self.calls: list[tuple[str, Any, Mapping[str, str]]] = []

    async def get(
        self,
        url: str,
        params: Mapping[str, str | Sequence[str]] = {},
        headers: Mapping[str, str] = {},
        *,
        whole: bool = False,
    ) -> Reply:
        self.calls.append((url, dict(params), headers))
        return Reply(next(self._replies), {})

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str] = {}, *, once: bool = False
    ) -> Reply:
        self.calls.append((url, body, headers))
        return Reply(next(self._replies), {})


@st.composite
def broken(draw: st.DrawFn, sound: bytes) -> bytes:
    """A sound payload with a few bytes cut out, put in or replaced; or anything at all."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=300))
    body = sound
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 40)))
        body = body[:start] + draw(st.binary(max_size=8)) + body[end:]
    return body


def read(speaks: Speaks, body: bytes) -> list[dict[str, Any]] | None:
    """All rows; None if the payload is refused, in the one way it may be."""
    try:
        return [dict(row) for row in speaks.rows(body)]
    except ValueError:
        return None
