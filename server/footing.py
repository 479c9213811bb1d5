"""Footing: what answers rest on, worked out once for all that were made of the same.

Until a source is read again, or one of these is due, an answer out of memory rests on what
the last one did: its sources with their state and age, when it is to be asked for anew, by
what one can tell whether it is still so. To work that out took as long as a small answer.
"""

from datetime import UTC, datetime
from math import floor
from typing import Any

import orjson

from resolvers import Loaders
from resolvers.provenance import grounds, told
from server import caching
from sources.cache import Cached

FAR = datetime.max.replace(tzinfo=UTC)
MOST = 500  # that are known at a time


class Footing:
    """What one execution's answer rests on. Nothing that was read is kept alive by it."""

    __slots__ = (
        "_told",
        "_told_at",
        "bases",
        "grounds",
        "holding",
        "latest",
        "since",
        "touched",
        "until",
    )

    def __init__(self, ask: Loaders) -> None:
        self.latest = Cached.latest
        self.since = ask.now
        self.touched = tuple(ask.touched)
        self.grounds = grounds(ask)
        self.holding = caching.holding(ask)
        self.bases = ask.bases()
        self.until: datetime | None = None  # the same for all answers made of the same until then
        if self.bases is not None and _whole(ask):
            ends = [one.until for one in self.bases if one.until and one.doubt is None]
            if len(ends) == len(self.bases):  # and each is fresh, and nothing speaks against it
                self.until = min(ends, default=FAR)
        self._told = b""
        self._told_at: int | None = None  # the second that a clock showed then

    def holds(self, ask: Loaders) -> bool:
        """Whether another answer that was made of the same rests on it, too."""
        # not if somebody set the clock back meanwhile
        return self.until is not None and self.since <= ask.now and ask.sources.clock() < self.until

    def stands_until(self, now: datetime) -> datetime:
        """Until when it stands for certain if nothing is read again; now, if that is not known."""
        if self.bases is None:
            return now
        if self.until is not None and self.latest == Cached.latest:
            return self.until
        return min([one.stands_until(now) for one in self.bases], default=FAR)

    def told(self, now: datetime) -> bytes:
        """Its sources with their ages, as JSON."""
        at_s = floor(now.timestamp())
        if at_s != self._told_at:
            self._told, self._told_at = orjson.dumps(told(self.grounds, now)), at_s
        return self._told


class Footings:
    """Those of late."""

    def __init__(self) -> None:
        self._known: dict[Any, Footing] = {}
        self._latest = 0

    def of(self, ask: Loaders) -> Footing:
        """What an execution that has just ended rests on."""
        if self._latest != Cached.latest:
            self._latest = Cached.latest
            self._known.clear()
        what = frozenset(ask.reads), tuple(ask.touched), tuple(map(tuple, ask.keys.values()))
        known = self._known.get(what)
        if known is not None and known.holds(ask):
            return known
        found = Footing(ask)
        if found.until is not None:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[what] = found
        return found


def _whole(ask: Loaders) -> bool:
    """Whether all that was asked has been read, and before now."""
    read = {(kind, city) for (kind, city, _), _ in ask.reads}
    return len(read) == len(ask.touched) and all(one.fetched_at <= ask.now for one in ask.snapshots)
