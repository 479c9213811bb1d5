"""Leaving: which of many things are over by now, and when the next of them will be."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from schema.places import Place
from sources.arrays import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Instants = NDArray[np.float64]


def leaving(things: Sequence[Any]) -> Instants:
    """When each of them is over, in seconds since 1970; infinity for what is there to stay."""
    ends = (thing.leaves_map_at() if isinstance(thing, Place) else None for thing in things)
    return np.array([np.inf if end is None else end.timestamp() for end in ends], float)


class Leaving:
    """The ends of the things of several lists, in one list."""

    def __init__(self, ends: Sequence[Instants]) -> None:
        self._ends = np.concatenate([np.empty(0), *ends])
        self._coming: list[float] = np.unique(self._ends[np.isfinite(self._ends)]).tolist()

    def __bool__(self) -> bool:
        """Whether any of them ever is over."""
        return bool(self._coming)

    def staying(self, now: datetime, some: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which of some of them, by their places in the list, are not over."""
        return self._ends[some] > now.timestamp()

    def changes_at(self, now: datetime) -> datetime | None:
        """When the next of them is over; None if none ever is."""
        coming = bisect_right(self._coming, now.timestamp())
        if coming == len(self._coming):
            return None
        return datetime.fromtimestamp(self._coming[coming], UTC)
