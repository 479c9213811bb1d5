"""Caching: how long an answer holds, for whoever keeps it, and by what two are told apart.

It holds until a source that it rests on is due to be read again, or until time itself
changes it: a pool closes, a tram leaves, a day ends. Then it may still be shown while it
is asked for anew, or where that fails, for as long as we would show its sources ourselves
(`sources/cache.py`); but never what time has made wrong.
"""

import re
from hashlib import blake2b
from math import inf
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


def lifetime(ask: Loaders) -> Lifetime:
    """How long an answer without errors holds, by all that its loaders say it rests on."""
    now = ask.sources.clock()
    time_s = inf if ask.until is None else max(0.0, (ask.until - now).total_seconds())
    if ask.lacks:  # it does without, until they can be read again
        return Lifetime(int(min(time_s, SHORT_S)))
    if not ask.snapshots:
        return Lifetime(int(min(time_s, LONGEST_S)))
    due_s = revalidating_s = error_s = inf
    for one in ask.snapshots:
        policy = one.binding
        left_s = policy.ttl_s - (now - one.fetched_at).total_seconds()
        due_s = min(due_s, left_s)
        revalidating_s = min(revalidating_s, left_s + policy.stale_while_revalidate_s)
        error_s = min(error_s, left_s + policy.stale_if_error_s)
    fresh = int(min(due_s if due_s >= 1 else SHORT_S, time_s, LONGEST_S))
    return Lifetime(
        fresh,
        max(0, int(min(revalidating_s, time_s)) - fresh),
        max(0, int(min(error_s, time_s)) - fresh),
    )


def varying(ask: Loaders) -> str:
    """What else an answer depends on, as a Vary."""
    return f"{VARY}, Accept-Language" if ask.spoken else VARY


def tag(body: bytes, media_type: str) -> str:
    """The strong ETag of these very bytes, told as this media type."""
    digest = blake2b(body, digest_size=16)
    digest.update(media_type.encode())
    return f'"{digest.hexdigest()}"'


def has(if_none_match: str, tag: str) -> bool:
    """Whether a client has what this is the tag of; compressed (`W/`) or not is the same."""
    return if_none_match.strip() == "*" or tag in TAG.findall(if_none_match)
