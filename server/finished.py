"""Finished: what was sent a moment ago, sent again to whoever asks the very same.

Whatever an answer and its headers say is the same until a clock shows the next
second (ages, `max-age`), a source is read again, or a file of clients or documents
is. So within that second the finished bytes are given again, without routing,
parsing or compressing anything; who asks is still counted, charged and logged.
Where our own web server asks (`wire.py`), not even a task is begun for it.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.answered import Answer
from server.clients import line
from server.errors import RequestError
from server.gate import Gate
from server.logs import REQUEST_ID, current_request, request_id
from server.making import Key, Making
from server.rates import RATED
from server.visit import Visit
from sources.cache import Cached

SENT = "poche.sent"  # where a scope has what is being sent, to be told what it is made of
METHODS = ("GET", "HEAD", "POST")
LARGE = 16_384  # bytes of a body that are worth comparing
OVERHEAD = 3_000  # bytes of what is kept besides bodies
# All that an answer depends on besides method, URL and body.
HEADERS = frozenset(
    b"accept accept-encoding accept-language authorization content-encoding content-type"
    b" if-none-match origin x-api-key x-poche-explain x-poche-sources".split()
)
REQUEST, START, BODY = "http.request", "http.response.start", "http.response.body"

Headers = list[tuple[bytes, bytes]]


class Response(NamedTuple):
    """One to be sent: its headers and their values are as they go over the wire."""

    status: int
    head: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class _Kept:
    """One response, and the visit that it was made for."""

    status: int
    headers: Headers  # but for how its client stands:
    rated: bool  # whether it said so
    head: bytes  # the same headers, as they go over the wire
    body: bytes
    visit: Visit
    until: datetime


class Finished:
    """The responses of this moment; `count` is told of each that is given again.

    `otherwise` may have one for what is not among them.
    """

    def __init__(
        self,
        gate: Gate,
        clock: Callable[[], datetime],
        count: Callable[[], None],
        most_bytes: int,
        otherwise: Callable[[Scope, bytes, str], "Response | None"],
    ) -> None:
        self._gate = gate
        self._otherwise = otherwise
        self._clock = clock
        self._count = count
        self._most_bytes = most_bytes
        self._moment: tuple[Any, ...] = ()
        self._kept: dict[Key, _Kept] = {}
        self._bytes = 0
        self.making = Making()

    def at_once(self, scope: Scope, body: bytes, host: str) -> Response | None:
        """What a client at `host` is answered; None if that takes more than to look it up."""
        kept = self._known(key(scope, body))
        if kept is None:
            return self._otherwise(scope, body, host)
        if not self._gate.rates.alone:
            return None
        name = request_id(dict(scope["headers"]).get(REQUEST_ID, b""))
        visit = kept.visit.again(line(host), name.decode())
        try:
            standing = self._gate.admit_alone(visit)
        except RequestError:  # and they are told so the long way
            return None
        head = b"%b%b: %b\r\n" % (kept.head, REQUEST_ID, name)
        if standing and kept.rated:
            head += standing.wired
        self._given(visit, scope)
        return Response(kept.status, head, kept.body)

    async def again(self, key: Key, scope: Scope, send: Send) -> bool:
        """Give it to one more; False if there is none that they may have."""
        kept = self._known(key)
        if kept is None:
            return False
        host = scope["client"][0] if scope.get("client") else ""
        visit = kept.visit.again(line(host), current_request())
        try:
            standing = await self._gate.admit_again(visit)
        except RequestError:
            return False
        headers = [*kept.headers, *standing.raw] if standing and kept.rated else kept.headers
        try:
            await send({"type": START, "status": kept.status, "headers": headers})
            await send({"type": BODY, "body": kept.body})
        finally:
            self._given(visit, scope)
        return True

    def moment(self) -> tuple[Any, ...]:
        """What nothing outlives that is kept: from one to the next all is forgotten."""
        self._now()
        return self._moment

    def keep(self, key: Key, sent: "Sent", since: tuple[Any, ...]) -> None:
        """What was sent, if it is whole and was made of an answer that stands in this moment."""
        now, size = self._now(), OVERHEAD + len(sent.body)
        if sent.made is None or not sent.whole or since != self._moment:
            return
        visit, answer = sent.made
        until = answer.stands_until(now)
        if until <= now or self._bytes + size > self._most_bytes:
            return
        headers = [pair for pair in sent.headers if pair[0] not in RATED]
        rated = len(headers) < len(sent.headers)
        kept = _Kept(sent.status, headers, rated, wired(headers), sent.body, visit, until)
        self._kept[key] = kept
        self._bytes += size

    def _known(self, key: Key) -> _Kept | None:
        now = self._now()
        kept = self._kept.get(key)
        return kept if kept is not None and now < kept.until else None

    def _given(self, visit: Visit, scope: Scope) -> None:
        self._gate.trace(visit, scope)
        self._gate.ended(visit)
        self._count()

    def _now(self) -> datetime:
        """The time; at each new moment, nothing is kept any more."""
        now = self._clock()
        at_s = now.timestamp()
        moment = (floor(at_s), ceil(at_s), Cached.latest, *self._gate.version)
        if moment != self._moment:
            self._moment, self._bytes = moment, 0
            self._kept.clear()
        return now


class Again:
    """Around an application: what was finished is given again, what is made now is kept."""

    def __init__(self, app: ASGIApp, finished: Finished, read_s: float) -> None:
        self._app = app
        self._finished = finished
        self._read_s = read_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body: bytes | None = None
        if scope["type"] == "http" and scope["method"] in METHODS:
            if scope["method"] == "POST":
                receive, body = await self._whole(receive)
            else:
                body = b""
        if body is None:
            await self._app(scope, receive, send)
            return
        asked = key(scope, body)
        if await self._finished.again(asked, scope, send):
            return
        making = self._finished.making
        if await making.awaited(asked) and await self._finished.again(asked, scope, send):
            return
        with making.of(asked):
            since, sent = self._finished.moment(), Sending(send)
            scope[SENT] = sent
            await self._app(scope, receive, sent.send)
            self._finished.keep(asked, sent, since)

    async def _whole(self, receive: Receive) -> tuple[Receive, bytes | None]:
        """How to receive a request from its beginning; and its body, if it is all there and small.

        A slow or a large body is left to those who know what to say to it.
        """
        received: list[Message] = []
        body, more, late = b"", True, False
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


class Sent:
    """A response that was sent; `made` is of which answer, for which visit."""

    def __init__(self) -> None:
        self.made: tuple[Visit, Answer] | None = None
        self.status = 0
        self.headers: Headers = []
        self.body = b""
        self.whole = False


class Sending(Sent):
    """The same, seen on its way out."""

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == START:
            self.status, self.headers = message["status"], list(message["headers"])
        elif message["type"] == BODY and not self.whole:
            self.body, self.whole = message.get("body", b""), not message.get("more_body")
        await self._send(message)


def made_of(scope: Scope, visit: Visit, answer: Answer) -> None:
    """Say what the response to a request is made of, so that it may be given again."""
    sent = scope.get(SENT)
    if sent is not None:
        sent.made = visit, answer


def key(scope: Scope, body: bytes) -> Key:
    """The same for requests that have the same answer."""
    headers = [pair for pair in scope["headers"] if pair[0] in HEADERS]
    return (scope["method"], scope["path"], scope["query_string"], body, *headers)


def wired(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as they go over the wire."""
    return b"".join([b"%b: %b\r\n" % pair for pair in headers])
