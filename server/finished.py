"""Finished: what was sent a moment ago, sent again to whoever asks the very same.

Whatever an answer and its headers say is the same until a clock shows the next
second (ages, `max-age`), a source of its own is read again, or a file of cities,
clients or documents is. So within that second the finished bytes are given again,
without routing, parsing or compressing anything; who asks is still counted, charged
and logged. Where our own web server asks (`wire.py`), not even a task is begun for it,
and the very same bytes are not read twice.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, floor

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.answered import Answer
from server.asked import LARGE, Asked, Key, key
from server.clients import line
from server.errors import RequestError
from server.gate import Gate
from server.logs import REQUEST_ID, request_id, request_of
from server.making import Making
from server.rates import RATED
from server.visit import Visit
from server.wired import Headers, Response, wired
from sources.cache import Cached

SENT = "poche.sent"  # where a scope has what is being sent, to be told what it is made of
METHODS = ("GET", "HEAD", "POST")
OVERHEAD = 3_000  # bytes of what is kept besides bodies
REQUEST, START, BODY = "http.request", "http.response.start", "http.response.body"


@dataclass(slots=True)
class _Kept:
    """One response, the visit that it was made for, and the answer that it is made of."""

    status: int
    headers: Headers
    body: bytes
    visit: Visit
    answer: Answer
    until: datetime  # when it may be another one,
    latest: int  # or once something has been read since
    head: bytes = b""  # the headers but for how its client stands, as they go over the wire,
    rated: bool = False  # and whether it said so: found out for the first who is given it

    def heads(self) -> None:
        plain = [pair for pair in self.headers if pair[0] not in RATED]
        self.rated = len(plain) < len(self.headers)
        self.headers, self.head = plain, wired(plain)


class Finished:
    """The responses of this moment; `count` is told of each that is given again.

    `read` has requests that were answered so, by the bytes that they came as.
    """

    def __init__(
        self,
        gate: Gate,
        clock: Callable[[], datetime],
        count: Callable[[], None],
        most_bytes: int,
    ) -> None:
        self.making = Making()
        self.read: dict[bytes, Asked] = {}
        self.lengths: set[int] = set()  # of those bytes
        self._gate = gate
        self._clock = clock
        self._count = count
        self._most_bytes = most_bytes
        self._kept: dict[Key, _Kept] = {}
        self._bytes = 0
        self._moment = (0, 0, 0)
        self._begin = self._end = datetime.min.replace(tzinfo=UTC)  # of its second

    def at_once(self, asked: Asked, host: str) -> Response | None:
        """What a client at `host` is answered; None if that takes more than to look it up."""
        kept = self._known(asked.key)
        if kept is None or not self._gate.rates.alone:
            return None
        name = request_id(asked.headers.get(REQUEST_ID, b""))
        visit = kept.visit.again(line(host), name.decode())
        try:
            standing = self._gate.admit_alone(visit)
        except RequestError:  # and they are told so the long way
            return None
        head = b"%b%b: %b\r\n" % (kept.head, REQUEST_ID, name)
        if standing and kept.rated:
            head += standing.wired
        if self._gate.tracing is not None:
            self._gate.trace(visit, asked.scope, asked.headers)
        self._given(visit)
        return Response(kept.status, head, kept.body)

    async def again(self, key: Key, scope: Scope, send: Send) -> bool:
        """Give it to one more; False if there is none that they may have."""
        kept = self._known(key)
        if kept is None:
            return False
        host = scope["client"][0] if scope.get("client") else ""
        visit = kept.visit.again(line(host), request_of(scope))
        try:
            standing = await self._gate.admit_again(visit)
        except RequestError:
            return False
        headers = [*kept.headers, *standing.raw] if standing and kept.rated else kept.headers
        try:
            await send({"type": START, "status": kept.status, "headers": headers})
            await send({"type": BODY, "body": kept.body})
        finally:
            self._gate.trace(visit, scope)
            self._given(visit)
        return True

    def came_as(self, data: bytes, asked: Asked) -> None:
        """A request that was answered at once came as just these bytes."""
        size = OVERHEAD + 2 * len(data)
        if len(data) <= LARGE and self._bytes + size <= self._most_bytes:
            self.read[data] = asked
            self.lengths.add(len(data))
            self._bytes += size

    @property
    def version(self) -> int:
        """What nothing outlives that is begun."""
        return self._gate.version

    @property
    def moment(self) -> tuple[int, ...]:
        """What nothing outlives that is kept: from one to the next all is forgotten.

        As it was when somebody last looked: what is made in a later one is not kept.
        """
        return self._moment

    def keep(self, key: Key, sent: "Sent") -> None:
        """What was sent, if it is whole and was made in this moment, of an answer that stands."""
        now, size = self._now(), OVERHEAD + 3 * len(sent.body)
        if sent.made is None or not sent.whole:
            return
        if sent.since != self._gate.version or sent.moment != self._moment:
            return
        visit, answer = sent.made
        until = answer.stands_until(now)
        if until <= now or self._bytes + size > self._most_bytes:
            return
        self._kept[key] = _Kept(
            sent.status, sent.headers, sent.body, visit, answer, until, Cached.latest
        )
        self._bytes += size

    def _known(self, key: Key) -> _Kept | None:
        now = self._now()
        kept = self._kept.get(key)
        if kept is None:
            return None
        if kept.latest != Cached.latest:
            kept.until, kept.latest = kept.answer.stands_until(now), Cached.latest
        if now >= kept.until:
            return None
        if not kept.head:
            kept.heads()
        return kept

    def _given(self, visit: Visit) -> None:
        self._gate.ended(visit)
        self._count()

    def _now(self) -> datetime:
        """The time; at each new moment, nothing is kept any more."""
        now = self._clock()
        if not self._begin < now < self._end or self._gate.version != self._moment[-1]:
            at_s = now.timestamp()
            moment = floor(at_s), ceil(at_s), self._gate.version
            if moment != self._moment:
                self._moment, self._bytes = moment, 0
                self._begin, self._end = (datetime.fromtimestamp(s, UTC) for s in moment[:2])
                self._kept.clear()
                self.read.clear()
                self.lengths.clear()
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
        asked, making = key(scope, body), self._finished.making
        if await self._finished.again(asked, scope, send):
            return
        if await making.wait(asked) and await self._finished.again(asked, scope, send):
            return
        with making.of(asked):
            sent = scope[SENT] = Sending(self._finished, send)
            await self._app(scope, receive, sent.send)
            self._finished.keep(asked, sent)

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
    """A response that was sent; `made` is for which visit, of which answer, `moment` when."""

    def __init__(self, finished: Finished) -> None:
        self.since = finished.version
        self.made: tuple[Visit, Answer] | None = None
        self.moment: tuple[int, ...] = ()
        self.status = 0
        self.headers: Headers = []
        self.body = b""
        self.whole = False
        self._finished = finished

    def made_of(self, visit: Visit, answer: Answer) -> None:
        self.made, self.moment = (visit, answer), self._finished.moment


class Sending(Sent):
    """The same, seen on its way out."""

    def __init__(self, finished: Finished, send: Send) -> None:
        super().__init__(finished)
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
        sent.made_of(visit, answer)
