"""Concurrency: how many executions run at a time, and who comes first when not all can.

One process does one thing at a time. Whatever is begun beyond that makes everybody
wait, so what cannot be answered in good time is refused at once, before it costs
anything (503). How many may be under way is not known beforehand: a thousand that wait
for an upstream are no burden, four that compute are. So the limit adapts, by the
gradient algorithm of Netflix' concurrency-limits (Envoy's adaptive concurrency is
the same): limit = limit * (good delay / delay now) + sqrt(limit). Where theirs take
the latency of requests, here it is the delay of the event loop, how late a timer
rings: it says how long work stands in line for this process, whatever upstreams take.

Places go by priority. A class may hold no more than its share of the limit, so that
a flood below leaves room above; who finds no place waits, the highest class first, in
a line that is short and no longer than half a second. One execution begins in each
turn of the loop, for the others to get theirs; a few, while those that do are over by its
end, as they are where all is in memory. What is remembered needs no place.
"""

import asyncio
from collections import Counter, deque
from contextlib import suppress
from enum import IntEnum
from math import sqrt

from graphql import GraphQLError

from resolvers.eager import Turn
from server.clients import Caller
from server.errors import RequestError
from server.limits import over

EACH_S = 0.05  # between two looks at the event loop
GOOD_S = 0.01  # that a timer may be late
SMOOTH = 0.3  # how much one look counts, against all before it
LEAST, FIRST, MOST = 10.0, 50.0, 1_000.0  # executions at a time
TURN_S, MOST_A_TURN = 0.01, 64  # that executions that begin in one turn may take; how many may
WAIT_S = 0.5  # that somebody may stand in line
RETRY_S = 2
OVERLOADED = "OVERLOADED"


class Priority(IntEnum):
    """How well we know what is asked: one point for its client, one for its document."""

    ANONYMOUS = 0
    FIRST_PARTY = 1  # a published document, or a client with a key
    PARTNER = 2  # both

    __hash__ = int.__hash__  # a tenth of the time of an enum's, several times for each request


SHARE = {Priority.ANONYMOUS: 0.6, Priority.FIRST_PARTY: 0.8, Priority.PARTNER: 1.0}
ROOM = {Priority.ANONYMOUS: 24, Priority.FIRST_PARTY: 64, Priority.PARTNER: 128}  # in line


def overloaded() -> GraphQLError:
    """What is said to whom there is no place for."""
    extensions = {"code": OVERLOADED, "retryAfter": RETRY_S}
    return GraphQLError("Too much is asked at the moment.", extensions=extensions)


class Gradient:
    """How many executions may be under way, as the event loop keeps up or does not."""

    def __init__(self) -> None:
        self.limit = FIRST
        self.delay_s = 0.0  # of the event loop, smoothed

    def look(self, late_s: float, busiest: int) -> None:
        """Adapt to how late a timer was, when so many were under way since the last look."""
        self.delay_s += SMOOTH * (late_s - self.delay_s)
        if self.delay_s <= GOOD_S and busiest < self.limit / 2:
            return  # nobody needs more
        gradient = min(1.0, max(0.5, GOOD_S / max(self.delay_s, 1e-9)))
        self.limit = min(MOST, max(LEAST, self.limit * gradient + sqrt(self.limit)))


class Concurrency:
    """The places of one process. `watch` is to run beside it."""

    def __init__(self, gradient: Gradient | None = None) -> None:
        self.gradient = gradient or Gradient()
        self.running: Counter[Priority] = Counter(dict.fromkeys(Priority, 0))
        self.refused: Counter[Priority] = Counter(dict.fromkeys(Priority, 0))
        # The highest first; with each the looks that there had been when it came.
        self._lines: dict[Priority, deque[tuple[Turn, int]]] = {
            priority: deque() for priority in sorted(Priority, reverse=True)
        }
        self._accounts: Counter[str] = Counter()  # places of each, in line or taken
        self._allowed = 1  # to begin in one turn of the loop
        self._begun = 0  # in this one,
        self._since = 0.0  # beside so many, at this time:
        self._before = 0
        self._turning = False
        self._busiest = 0
        self._looks = 0

    @property
    def waiting(self) -> dict[Priority, int]:
        """How many stand in line."""
        return {priority: len(line) for priority, line in self._lines.items()}

    async def watch(self) -> None:
        """Look at the event loop for ever, and adapt to it."""
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + EACH_S
            await asyncio.sleep(EACH_S)
            self.look(max(0.0, clock() - due))

    def look(self, late_s: float) -> None:
        """Adapt to how late a timer was; who stands in line for too long is refused."""
        self.gradient.look(late_s, self._busiest)
        self._busiest = self.running.total()
        self._looks += 1
        for priority, line in self._lines.items():
            while line and self._looks - line[0][1] >= WAIT_S / EACH_S:
                turn, _ = line.popleft()
                if not turn.done():
                    turn.come(self.refuse(priority))
        self._turn_soon()  # there may be more room than before

    def room(self, priority: Priority) -> int:
        """How many more would find a place, or one in line."""
        return ROOM[priority] + self._free(priority) - len(self._lines[priority])

    def full(self, priority: Priority) -> bool:
        """Whether there is neither a place nor one in line."""
        return len(self._lines[priority]) >= ROOM[priority] and self.room(priority) <= 0

    def refuse(self, priority: Priority) -> RequestError:
        """What somebody is told who finds no place (503)."""
        self.refused[priority] += 1
        return RequestError(503, overloaded(), headers={"Retry-After": str(RETRY_S)})

    async def enter(self, priority: Priority, caller: Caller) -> None:
        """Take a place, as soon as there is one; RequestError (429, 503)."""
        account, most = caller.account, caller.client.concurrency
        if most and self._accounts[account] >= most:
            error = over("concurrency", most + 1, most)
            raise RequestError(429, error, headers={"Retry-After": str(RETRY_S)})
        self._accounts[account] += 1
        try:
            if self._begun >= self._allowed or self._ahead(priority) or not self._free(priority):
                await self._stand_in_line(priority)
            else:
                self._begin(priority)
        except BaseException:
            self._forget(account)
            raise

    def leave(self, priority: Priority, caller: Caller) -> None:
        """Give it back."""
        self._forget(caller.account)
        self._end(priority)

    async def _stand_in_line(self, priority: Priority) -> None:
        if self.full(priority):
            raise self.refuse(priority)
        standing = turn, _ = Turn(), self._looks
        self._lines[priority].append(standing)
        self._turn_soon()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled() or not turn.done():  # it leaves the line, if it still is in it
                with suppress(ValueError):
                    self._lines[priority].remove(standing)
                self._turn_soon()  # who stands behind it may have a place
            elif turn.exception() is None:  # or its place, to which it was called just now
                self._end(priority)
            raise

    def _forget(self, account: str) -> None:
        self._accounts[account] -= 1
        if not self._accounts[account]:
            del self._accounts[account]

    def _free(self, priority: Priority) -> int:
        """How many more of this class may begin: in its share, which those below have a part in."""
        all_ = below = 0
        for other, number in self.running.items():
            all_ += number
            if other <= priority:
                below += number
        limit = self.gradient.limit
        return max(0, min(int(limit) - all_, int(limit * SHARE[priority]) - below))

    def _ahead(self, priority: Priority) -> bool:
        for other, line in self._lines.items():
            if other < priority:
                break
            if line:
                return True
        return False

    def _begin(self, priority: Priority) -> None:
        if not self._begun:
            self._before = self.running.total()
            self._since = asyncio.get_running_loop().time()
        self._begun += 1
        self.running[priority] += 1
        self._busiest = max(self._busiest, self.running.total())
        self._turn_soon()

    def _end(self, priority: Priority) -> None:
        self.running[priority] -= 1
        self._turn_soon()

    def _turn_soon(self) -> None:
        if not self._turning and (self._begun or self._may_begin()):
            self._turning = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _may_begin(self) -> bool:
        """Whether there is a place for the first in line."""
        return next((self._free(one) > 0 for one, line in self._lines.items() if line), False)

    def _turn(self) -> None:
        """The next turn of the loop: those that stand in line may begin, a few of them."""
        self._allow()
        for priority, line in self._lines.items():
            while line and self._begun < self._allowed:
                turn, _ = line[0]
                if turn.done():  # its client has gone
                    line.popleft()
                elif self._free(priority):
                    line.popleft()
                    self._begin(priority)
                    turn.come()
                else:
                    break
            if line:  # and nobody below comes before them
                break
        self._turning = False
        self._turn_soon()  # after those that begin now

    def _allow(self) -> None:
        """More may begin in one turn if all that did are over already, and took no time."""
        if self._begun:
            took_s = asyncio.get_running_loop().time() - self._since
            if self.running.total() > self._before or took_s > TURN_S:
                self._allowed = max(1, self._allowed // 2)
            elif self._begun == self._allowed:
                self._allowed = min(2 * self._allowed, MOST_A_TURN)
        self._begun = 0


class Place:
    """Where one execution of a client may be done: `async with` it, or `enter` and `leave`."""

    def __init__(self, concurrency: Concurrency, priority: Priority, caller: Caller) -> None:
        self.priority = priority
        self.taken = False
        self.caller = caller
        self._concurrency = concurrency

    @property
    def hopeless(self) -> bool:
        """Whether it would be refused at once."""
        return self._concurrency.full(self.priority)

    def refused(self) -> RequestError:
        """What its client is told then (503)."""
        return self._concurrency.refuse(self.priority)

    async def enter(self) -> None:
        """RequestError: 429 if its client has as many as it may, 503 if there is none soon."""
        await self._concurrency.enter(self.priority, self.caller)
        self.taken = True

    def leave(self) -> None:
        """Give it back, once."""
        self._concurrency.leave(self.priority, self.caller)

    async def __aenter__(self) -> None:
        await self.enter()

    async def __aexit__(self, *_: object) -> None:
        self.leave()
