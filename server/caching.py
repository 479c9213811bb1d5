"""Caching: how long an answer holds, for whoever keeps it, and by what two are told apart.

It holds until a source that it rests on is due to be read again, or until time itself
changes it: a pool closes, a tram leaves, a day ends. Then it may still be shown while it
is asked for anew, or where that fails, for as long as we would show its sources ourselves
(`sources/cache.py`); but never what time has made wrong.
"""

import re
from datetime import datetime
from hashlib import blake2b
from math import ceil, inf
from typing import NamedTuple

from resolvers import Loaders

LONGEST_S = 3_600  # what we put right reaches everybody within the hour
SHORT_S = 5  # of what rests on something late or missing, which is being read again
NO_STORE = {"Cache-Control": "no-store"}
# All that an answer depends on besides its URL; Origin and Accept-Encoding are added further out.
VARY = "Accept, Authorization, X-API-Key, X-Poche-Explain, X-Poche-Sources"
TAG = re.compile(r'"[^"]*"')


class Lifetime(NamedTuple):
    """Whole seconds from now for which an answer holds; and then, may be shown all the same."""

    fresh: int
    while_revalidating: int = 0
    if_error: int = 0

    def control(self, *, private: bool) -> str:
        """As a Cache-Control; `private` is for nobody but who asked."""
        parts = ["private" if private else "public", f"max-age={self.fresh}"]
        if self.while_revalidating:
            parts.append(f"stale-while-revalidate={self.while_revalidating}")
        if self.if_error:
            parts.append(f"stale-if-error={self.if_error}")
        return ", ".join(parts)


class Holding(NamedTuple):
    """When the reasons end for which an answer without errors holds, in seconds since 1970."""

    lacks: bool  # it does without something, until that can be read again
    rests: bool  # on sources, which are
    due: float = inf  # to be read again then, and may be shown a while longer:
    revalidating: float = inf
    failing: float = inf
    changes: float = inf  # by time itself

    def lifetime(self, now: datetime) -> Lifetime:
        """How long it holds from now on; the same until a clock shows the next second."""
        second = ceil(now.timestamp())
        time_s = max(0.0, self.changes - second)
        if self.lacks:
            return Lifetime(int(min(time_s, SHORT_S)))
        if not self.rests:
            return Lifetime(int(min(time_s, LONGEST_S)))
        due_s = self.due - second
        fresh = int(min(due_s if due_s >= 1 else SHORT_S, time_s, LONGEST_S))
        return Lifetime(
            fresh,
            max(0, int(min(self.revalidating - second, time_s)) - fresh),
            max(0, int(min(self.failing - second, time_s)) - fresh),
        )


def holding(ask: Loaders) -> Holding:
    """How long an answer holds by what its loaders say it rests on, whatever time changes."""
    due = revalidating = failing = inf
    for one in ask.snapshots:
        since = min(one.fetched_at, ask.now)  # unless somebody set the clock back
        policy, end = one.binding, since.timestamp() + one.binding.ttl_s
        due = min(due, end)
        revalidating = min(revalidating, end + policy.stale_while_revalidate_s)
        failing = min(failing, end + policy.stale_if_error_s)
    return Holding(bool(ask.lacks), bool(ask.snapshots), due, revalidating, failing)


def varying(*, spoken: bool) -> str:
    """What else an answer depends on, as a Vary; one that is `spoken`, on the language, too."""
    return f"{VARY}, Accept-Language" if spoken else VARY


def tag(body: bytes, media_type: str) -> str:
    """The strong ETag of these very bytes, told as this media type."""
    digest = blake2b(body, digest_size=16)
    digest.update(media_type.encode())
    return f'"{digest.hexdigest()}"'


def has(if_none_match: str, tag: str) -> bool:
    """Whether a client has what this is the tag of; weak or strong is the same."""
    return if_none_match.strip() == "*" or tag in TAG.findall(if_none_match)
