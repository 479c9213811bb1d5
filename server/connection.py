"""Connection: one question after the other, and what comes back of each, parsed by httptools.

HTTP/1.1. What is left of an answer when nobody wants it ends the connection: the next question
must not hear it.
"""

import asyncio
from collections import deque
from typing import Self, cast

import httptools
from multidict import CIMultiDict

from sources.exchange import Answer, Unconnected

MOST_HEAD = 1 << 16  # bytes of an answer's head
MOST_WAITING = 1 << 20  # bytes of a body that nobody has taken yet


class Connection(asyncio.Protocol):
    """One of them: a question goes out, and its answer is taken in as far as somebody takes it.

    It is itself the chunks of that answer's body.
    """

    def __init__(self) -> None:
        self.left_at = 0.0
        self._transport: asyncio.Transport
        self._lost: Exception | None = None
        self._answered: asyncio.Future[None] | None = None
        self._news: asyncio.Future[None] | None = None
        self._parser = httptools.HttpResponseParser(self)  # one message after the other
        self._pieces: deque[bytes] = deque()  # of a body; none are left when a question goes out
        self._begin()

    def _begin(self) -> None:
        self._headers: CIMultiDict[str] = CIMultiDict()
        self._status = 0
        self._reason = b""
        self._head = 0  # bytes of it so far; -1 when it is over
        self._waiting = 0
        self._paused = False
        self._whole = True  # nothing is to come
        self._to_the_end = False  # the body is over when the connection is
        self._kept_open = True

    @property
    def reusable(self) -> bool:
        return self._lost is None and self._whole and self._kept_open and not self._pieces

    def close(self) -> None:
        self._transport.abort()

    async def ask(self, request: bytes) -> Answer:
        """The answer's head; its body comes in chunks. Unconnected if it is lost before."""
        if self._lost is not None:
            raise Unconnected(str(self._lost))
        self._begin()
        self._whole = False
        self._transport.write(request)
        self._answered = asyncio.get_running_loop().create_future()
        await self._answered
        reason = self._reason.decode("latin-1")
        return Answer(self._status, reason, self._headers, self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while not self._pieces:
            if self._whole:
                raise StopAsyncIteration
            if self._lost is not None:
                raise self._lost
            self._news = asyncio.get_running_loop().create_future()
            await self._news
        piece = self._pieces.popleft()
        self._waiting -= len(piece)
        if self._paused and self._waiting <= MOST_WAITING and self._lost is None:
            self._paused = False
            self._transport.resume_reading()
        return piece

    # What asyncio tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._whole:  # nobody asked
            self._lose(ConnectionError("more than was asked for"))
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._lose(ValueError(f"no HTTP: {error}"))
            return
        if self._head >= 0:
            self._head += len(data)
            if self._head > MOST_HEAD:
                self._lose(ValueError("a head without an end"))

    def connection_lost(self, error: Exception | None) -> None:
        if self._to_the_end and error is None:
            self._whole = True
        if self._lost is None:
            self._lost = error or ConnectionError("closed by the other side")
        self._tell()

    # What httptools tells.

    def on_message_begin(self) -> None:
        if self._head < 0:
            raise ValueError("more than was asked for")

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.add(name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        if self._status < 200:  # only a hint of what is to come
            return
        self._head = -1
        self._kept_open = self._parser.should_keep_alive()
        chunked = "chunked" in self._headers.get("transfer-encoding", "").lower()
        bodiless = self._status in (204, 304)
        self._to_the_end = not (chunked or bodiless or "content-length" in self._headers)
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(None)

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._waiting += len(piece)
        if self._waiting > MOST_WAITING and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._tell_of_news()

    def on_message_complete(self) -> None:
        if self._head >= 0:
            self._headers.clear()
            self._reason = b""
            return
        self._whole = True
        self._tell_of_news()

    def _lose(self, error: Exception) -> None:
        self._lost = error
        self._transport.abort()
        self._tell()

    def _tell(self) -> None:
        lost = self._lost
        if lost is not None and self._answered is not None and not self._answered.done():
            unheard = isinstance(lost, OSError)
            self._answered.set_exception(Unconnected(str(lost)) if unheard else lost)
        self._tell_of_news()

    def _tell_of_news(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
