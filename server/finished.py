"""Finished: what was sent a moment ago, sent again to whoever asks the very same.

Whatever an answer and its headers say is the same until a clock shows the next
second (ages, `max-age`), a source is read again, or a file of clients or documents
is. So within that second the finished bytes are given again, without routing,
parsing or compressing anything; who asks is still counted, charged and logged.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.clients import line
from server.errors import RequestError
from server.gate import Gate
from server.rates import RATED
from server.visit import Visit
from sources.cache import Cached

ANSWERED = "poche.answered"  # where a scope says what was answered, if it may be again
METHODS = ("GET", "HEAD", "POST")
LARGE = 16_384  # bytes of a body that are worth comparing
OVERHEAD = 3_000  # bytes of what is kept besides bodies
# All that an answer depends on besides method, URL and body.
HEADERS = frozenset(
    b"accept accept-encoding accept-language authorization content-encoding content-type cookie "
    b"if-none-match origin x-api-key x-poche-explain x-poche-sources".split()
)
REQUEST, START, BODY = "http.request", "http.response.start", "http.response.body"

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    """One response, and the visit that it was made for."""

    status: int
    headers: list[tuple[bytes, bytes]]  # but for how its client stands:
    rated: bool  # whether it said so
    body: bytes
    visit: Visit
    until: datetime


class Finished:
    """Around an application; `count` is told of each answer that is given again."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        gate: Gate,
        clock: Callable[[], datetime],
        count: Callable[[], None],
        most_bytes: int,
        read_s: float,
    ) -> None:
        self._app = app
        self._gate = gate
        self._clock = clock
        self._count = count
        self._most_bytes = most_bytes
        self._read_s = read_s
        self._moment: tuple[int, ...] = ()
        self._kept: dict[Key, _Kept] = {}
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body: bytes | None = None
        if scope["type"] == "http" and scope["method"] in METHODS:
            receive, body = (
                (receive, b"") if scope["method"] != "POST" else await self._whole(receive)
            )
        if body is None:
            await self._app(scope, receive, send)
            return
        headers = [pair for pair in scope["headers"] if pair[0] in HEADERS]
        key = (scope["method"], scope["path"], scope["query_string"], body, *headers)
        now = self._now()
        kept = self._kept.get(key)
        if kept is not None and now < kept.until and await self._again(kept, scope, send):
            return
        moment, sent = self._moment, _Sent(send)
        await self._app(scope, receive, sent.send)
        now = self._now()
        if ANSWERED in scope and moment == self._moment:
            visit, answer = scope[ANSWERED]
            self._keep(key, sent, visit, answer.stands_until(now), now)

    def _now(self) -> datetime:
        """The time; at each new moment, nothing is kept any more."""
        now = self._clock()
        at_s = now.timestamp()
        moment = (floor(at_s), ceil(at_s), Cached.latest, *self._gate.version)
        if moment != self._moment:
            self._moment, self._bytes = moment, 0
            self._kept.clear()
        return now

    async def _whole(self, receive: Receive) -> tuple[Receive, bytes | None]:
        """How to receive a request from its beginning; and its body, if it is all there and small.

        A slow or a large body is left to those who know what to say to it.
        """
        received: list[Message] = []
        body, more = b"", True
        late = False
        try:
            async with asyncio.timeout(self._read_s):
                while more and len(body) <= LARGE:
                    received.append(await receive())
                    body += received[-1].get("body", b"")
                    more = received[-1].get("more_body", False)
        except TimeoutError:
            late = True
        complete = not more and len(body) <= LARGE and received[-1]["type"] == REQUEST

        async def again() -> Message:
            if received:
                return received.pop(0)
            if late:  # and that is for whoever reads the body to say
                raise TimeoutError
            return await receive()

        return again, body if complete else None

    async def _again(self, kept: _Kept, scope: Scope, send: Send) -> bool:
        """Give it to one more; False if they may not have it: they are told so the long way."""
        visit = kept.visit.again(line(scope["client"][0]) if scope.get("client") else "")
        try:
            standing = await self._gate.admit_again(visit)
        except RequestError:
            return False
        headers = [*kept.headers, *standing.raw] if standing and kept.rated else kept.headers
        try:
            await send({"type": START, "status": kept.status, "headers": headers})
            await send({"type": BODY, "body": kept.body})
        finally:
            self._gate.ended(visit)
            self._count()
        return True

    def _keep(self, key: Key, sent: "_Sent", visit: Visit, until: datetime, now: datetime) -> None:
        size = OVERHEAD + len(sent.body)
        if not sent.whole or until <= now or self._bytes + size > self._most_bytes:
            return
        headers = [pair for pair in sent.headers if pair[0] not in RATED]
        rated = len(headers) < len(sent.headers)
        self._kept[key] = _Kept(sent.status, headers, rated, sent.body, visit, until)
        self._bytes += size


class _Sent:
    """A response, seen on its way out."""

    def __init__(self, send: Send) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.whole = False
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == START:
            self.status, self.headers = message["status"], list(message["headers"])
        elif message["type"] == BODY and not self.whole:
            self.body, self.whole = message.get("body", b""), not message.get("more_body")
        await self._send(message)
