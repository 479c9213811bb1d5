"""Crowd: clients who ask over plain sockets, at a rate of their own, at little expense."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

MOST_OPEN = 150  # connections; more would measure how connections are opened


class Answer(NamedTuple):
    """The status of an answer (500 if it has errors), how long it took, when it came."""

    status: int
    took_s: float
    at: float


class Crowd:
    """Clients of one kind. `question(n)` is the next one of the client with that number."""

    def __init__(
        self, port: int, question: Callable[[int], bytes], most_open: int = MOST_OPEN
    ) -> None:
        self.answers: list[Answer] = []
        self.question = question
        self._port = port
        self._most_open = most_open
        self._idle: deque[Asking] = deque()
        self._opened = self._open = 0
        self.again = False

    @property
    def waiting(self) -> int:
        """How many of them wait for an answer."""
        return self._open - len(self._idle)

    def asked(self, connection: Asking) -> None:
        """It waits for an answer now."""

    def read(self, answer: bytes) -> int:
        """The status of one, head and all; 500 if it has errors."""
        status = int(answer[9:12])
        return 500 if status == 200 and b'"errors"' in answer else status

    def answered(self, connection: Asking, answer: Answer) -> None:
        self.answers.append(answer)
        if self.again:
            connection.ask()
        else:
            self._idle.append(connection)

    def lost(self, connection: Asking) -> None:
        self._open -= 1
        if connection in self._idle:
            self._idle.remove(connection)

    async def begin(self, number: int) -> None:
        """So many, each again as soon as it is answered, for as long as `again`."""
        self.again = True
        self.answers.clear()
        for _ in range(number):
            await self._join()

    async def at_once(self, number: int, seconds: float) -> int:
        """So many, each again as soon as it is answered: how many good answers there were."""
        await self.begin(number)
        await asyncio.sleep(seconds)
        self.again = False
        return sum(one.status == 200 for one in self.answers)

    async def come(self, per_s: float, seconds: float) -> None:
        """At random, so many a second."""
        began = perf_counter()
        due = began
        while due < began + seconds:
            due += random.expovariate(per_s)
            if (early_s := due - perf_counter()) > 0.001:
                await asyncio.sleep(early_s)
            if self._idle:
                self._idle.popleft().ask()
            elif self._open < self._most_open:
                await self._join()  # where nobody is idle any more, nothing is sent

    def leave(self) -> None:
        """Whoever has its answer hangs up."""
        for one in list(self._idle):
            one.transport.close()

    async def _join(self) -> None:
        """One more, who asks."""
        self._open += 1
        self._opened += 1
        new = Asking(self, self._opened)
        await asyncio.get_running_loop().create_connection(lambda: new, "127.0.0.1", self._port)
        new.ask()


class Asking(asyncio.Protocol):
    """One connection; it goes back to its crowd's idle ones when it has an answer."""

    transport: asyncio.Transport

    def __init__(self, crowd: Crowd, number: int) -> None:
        self._crowd = crowd
        self._number = number
        self.waits = False
        self.began = 0.0
        self._buffer = b""
        self._whole = 0  # bytes of the answer; 0 as long as that is not known

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        self._crowd.lost(self)

    def ask(self) -> None:
        self.waits = True
        self.began = perf_counter()
        self.transport.write(self._crowd.question(self._number))
        self._crowd.asked(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._whole:
            head, found, _ = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            self._whole = len(head) + len(found) + int(length)
        if len(self._buffer) < self._whole:
            return
        now, status = perf_counter(), self._crowd.read(self._buffer)
        self._buffer, self._whole, self.waits = b"", 0, False
        self._crowd.answered(self, Answer(status, now - self.began, now))
