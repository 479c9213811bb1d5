"""Quota: how often a source may be asked, whoever asks and why.

A budget remembers when each of its calls was made, so that no period of the
quota's length, wherever it begins, ever holds more of them than the quota says.
"""

import math
from collections import deque
from functools import cache

from cities import Quota

TRAVEL_S = 1.0


@cache
def paced(quota: Quota) -> Quota:
    """The quota to keep so that the source, which counts arrivals, sees `quota` kept.

    Two calls made a period apart arrive closer than that if the first one had to
    connect: a twentieth of the period is left between, a second at most.
    """
    margin_s = min(TRAVEL_S, quota.period_s / 20)
    return Quota(calls=quota.calls, period_s=quota.period_s + margin_s)


class Budget:
    """What is left of one quota. Times are seconds on any one clock that never goes back.

    `was` is the one in whose place it is: the calls that were made count on both.
    """

    def __init__(self, quota: Quota, was: "Budget | None" = None) -> None:
        self.quota = quota
        self._made: deque[float] = deque(was._made if was else (), maxlen=quota.calls)
        self._closed_until: float = was._closed_until if was else -math.inf

    def take(self, now: float) -> float:
        """0.0 if a call may be made now, which is then counted; else the seconds until one may."""
        wait = self.wait(now)
        if not wait:
            self._made.append(now)
        return wait

    def wait(self, now: float) -> float:
        """Seconds until a call may be made; 0.0 if one may be now. Counts nothing."""
        self._forget(now)
        full = len(self._made) == self.quota.calls
        free_at = self._made[0] + self.quota.period_s if full else now
        return max(0.0, free_at - now, self._closed_until - now)

    def spend(self, at: float, calls: int) -> None:
        """Count calls that others made, or may have made, at `at` or before."""
        self._made.extend([at] * min(calls, self.quota.calls))

    def exhausted_until(self, until: float) -> None:
        """The source itself said so (429): nothing before `until`."""
        self._closed_until = max(self._closed_until, until)

    def remaining(self, now: float) -> int:
        """Calls that may still be made, were they all made now."""
        self._forget(now)
        return 0 if now < self._closed_until else self.quota.calls - len(self._made)

    def resets_in(self, now: float) -> float:
        """Seconds until the whole quota is there again."""
        last = self._made[-1] + self.quota.period_s if self._made else now
        return max(0.0, last - now, self._closed_until - now)

    def _forget(self, now: float) -> None:
        while self._made and self._made[0] + self.quota.period_s <= now:
            self._made.popleft()


def share(quota: Quota, replicas: int) -> Quota:
    """What each of so many replicas may spend when they cannot ask each other.

    A quota that is smaller than their number cannot be divided: each has the
    whole of it, but only in its turn (`turn_in`).
    """
    if quota.calls < replicas:
        return quota
    return Quota(calls=quota.calls // replicas, period_s=quota.period_s)


def turn_in(now: float, quota: Quota, rank: int, replicas: int) -> float:
    """Seconds until the turn of replica `rank` (from 0); 0.0 if it is, or if none is needed.

    A turn lasts a quarter of the quota's period and is followed by a whole one,
    so that no period holds calls of two replicas. `now` is their common clock.
    """
    if quota.calls >= replicas:
        return 0.0
    open_s, pitch_s = quota.period_s / 4, quota.period_s * 5 / 4
    since = (now - rank * pitch_s) % (replicas * pitch_s)
    return 0.0 if since < open_s else replicas * pitch_s - since
