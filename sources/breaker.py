"""Breaker: stops asking a source that keeps failing, and asks again a little later.

Hystrix's numbers: of at least 20 calls in the last 10 s half or more failed, so
nobody calls for 5 s; then exactly one call is let through as a probe, and what
becomes of it decides. A cancelled call says nothing about the source.
"""

import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from types import TracebackType
from typing import Self

WINDOW_S = 10  # remembered in buckets of 1 s
MIN_CALLS = 20
FAILING = 0.5
OPEN_S = 5.0


class State(StrEnum):
    """All may call, nobody may, or one may."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class Permit:
    """The right to make one call: `with permit: ...; permit.succeeded()`.

    A block that is left without a word, as by a cancellation, counts neither way
    and, if it was the probe, gives the place back.
    """

    def __init__(self, breaker: "Breaker", era: int) -> None:
        self._breaker = breaker
        self._era = era
        self._settled = False

    def succeeded(self) -> None:
        self._settle(True)

    def failed(self) -> None:
        self._settle(False)

    def _settle(self, ok: bool | None) -> None:
        if not self._settled:
            self._settled = True
            self._breaker._ended(self._era, ok)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._settle(None)


class Breaker:
    """One source's breaker; `clock` is monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._era = 0  # a call that began before the last change of state has no say in the next
        self._until: float | None = None
        self._probing = False
        self._buckets: deque[tuple[int, int, int]] = deque()  # second, calls, failures
        self._calls = self._failures = 0  # in all of them

    @property
    def state(self) -> State:
        if self._until is None:
            return State.CLOSED
        return State.OPEN if self._clock() < self._until else State.HALF_OPEN

    @property
    def retry_in(self) -> float:
        """Seconds until a call may be let through again; 0.0 unless open."""
        return 0.0 if self._until is None else max(0.0, self._until - self._clock())

    @property
    def calls(self) -> int:
        """Calls that ended in the window, well or badly."""
        self._forget()
        return self._calls

    @property
    def failures(self) -> int:
        """Those of them that ended badly."""
        self._forget()
        return self._failures

    def admit(self) -> Permit | None:
        """Leave to make one call; None while the source is to be left alone."""
        state = self.state
        if state is State.OPEN or self._probing:
            return None
        self._probing = state is State.HALF_OPEN
        return Permit(self, self._era)

    def open_for(self, seconds: float) -> None:
        """Leave the source alone for so long at least, as another replica's breaker does.

        Our own probe, if one is out, knows better.
        """
        until = self._clock() + seconds
        if seconds > 0 and not self._probing and (self._until is None or until > self._until):
            self._change(until)

    def _ended(self, era: int, ok: bool | None) -> None:
        if era != self._era:
            return
        if self._until is not None:  # the probe: only it has a permit of this era
            self._probing = False
            if ok is not None:
                self._change(None if ok else self._clock() + OPEN_S)
        elif ok is not None:
            self._count(ok)
            if self._calls >= MIN_CALLS and self._failures >= FAILING * self._calls:
                self._change(self._clock() + OPEN_S)

    def _change(self, until: float | None) -> None:
        self._until = until
        self._era += 1
        self._probing = False
        self._buckets.clear()
        self._calls = self._failures = 0

    def _count(self, ok: bool) -> None:
        second = self._forget()
        calls = failures = 0
        if self._buckets and self._buckets[-1][0] == second:
            _, calls, failures = self._buckets.pop()
        self._buckets.append((second, calls + 1, failures + (not ok)))
        self._calls += 1
        self._failures += not ok

    def _forget(self) -> int:
        """Let go of what is older than the window; the second that it is."""
        second = int(self._clock())
        while self._buckets and self._buckets[0][0] <= second - WINDOW_S:
            _, calls, failures = self._buckets.popleft()
            self._calls -= calls
            self._failures -= failures
        return second
