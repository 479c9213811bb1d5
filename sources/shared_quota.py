"""Shared quota: one budget for all replicas, and a fair share of it for each when they are cut off.

The store counts every call; each replica remembers its own. A store that lost
its memory, or was missed, is told them again and lets nobody call until every
replica had the time to do so. A replica that is alone spends a share that
presumes the worst of the others' past.
"""

import math
from collections import deque
from collections.abc import Sequence

from cities import Quota
from sources.quota import Budget, share, turn_in

# A shorter period is waited out before spending alone: what the others spent
# last is then forgotten by the source too. A day's quota cannot be.
WAIT_OUT_S = 600.0


class Ledger:
    """What one replica spent of every quota, and may spend alone. Seconds of the store's clock."""

    def __init__(self, replica: str, at_least: int) -> None:
        self.replica = replica
        self.replicas: Sequence[str] = (replica,)
        self.doubt = False  # whether the store may lack calls of ours
        self._at_least = at_least
        self._calls = 0
        self._made: dict[str, tuple[float, deque[tuple[str, float]]]] = {}
        self._used: dict[str, int] = {}
        self._closed: dict[str, float] = {}
        self._alone: dict[str, Budget] = {}
        self._since = 0.0

    def __len__(self) -> int:
        """How many replicas a quota is shared among."""
        return max(len(self.replicas), self._at_least)

    def next_call(self) -> str:
        """A name for one call, which makes telling it twice harmless."""
        self._calls += 1
        return f"{self.replica}:{self._calls}"

    def made(self, source: str, quota: Quota, call: str, at: float) -> None:
        """Remember a call of ours, for a store that may forget it."""
        self._made.setdefault(source, (quota.period_s, deque()))[1].append((call, at))
        self._recent(source, at)

    def used(self, source: str, calls: int) -> None:
        """What the store last said that all replicas together have spent."""
        self._used[source] = calls

    def close(self, source: str, until: float) -> None:
        """The source itself said that its quota is spent."""
        self._closed[source] = until
        if source in self._alone:
            self._alone[source].exhausted_until(until)

    def cut_off(self, now: float) -> None:
        """From now on we are alone: shares are counted anew, from what is known now."""
        self._alone.clear()
        self._since = now

    def take_alone(self, source: str, quota: Quota, call: str, now: float) -> float:
        """0.0 if this replica may call now without asking the others; else the seconds to wait."""
        budget = self.share(source, quota, now)
        wait = self._turn(quota, now, budget.wait(now))
        if not wait:
            budget.take(now)
            self.made(source, quota, call, now)
            self.doubt = True
        return wait

    def share(self, source: str, quota: Quota, now: float) -> Budget:
        """This replica's part of a quota, less what may have been spent of it before."""
        if source not in self._alone:
            mine = share(quota, len(self))
            spent = mine.calls
            if quota.period_s > WAIT_OUT_S:
                fair = math.ceil(self._used.get(source, 0) / len(self))
                spent = max(fair, len(self._recent(source, now)))
            budget = self._alone[source] = Budget(mine)
            budget.spend(self._since, spent)
            budget.exhausted_until(self._closed.get(source, -math.inf))
        return self._alone[source]

    def retold(self, now: float) -> dict[str, tuple[float, dict[str, float]]]:
        """By source: the period, and the calls of ours that still count, with their times."""
        return {
            source: (period_s, dict(self._recent(source, now)))
            for source, (period_s, _) in self._made.items()
        }

    def closures(self, now: float) -> dict[str, float]:
        """By source: the seconds for which it refuses to be asked."""
        return {source: until - now for source, until in self._closed.items() if until > now}

    def _turn(self, quota: Quota, now: float, wait: float) -> float:
        rank = self.replicas.index(self.replica) if self.replica in self.replicas else 0
        return wait + turn_in(now + wait, quota, rank, len(self))

    def _recent(self, source: str, now: float) -> deque[tuple[str, float]]:
        period_s, made = self._made.get(source, (0.0, deque()))
        while made and made[0][1] + period_s <= now:
            made.popleft()
        return made
