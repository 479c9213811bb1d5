"""Wire: what may come over one connection before there is a request, or between two messages.

uvicorn reads heads of any size for any time, requests and WebSocket frames as
fast as they come, and answers pings of whom takes no answers. Here all that has
a bound. Whoever passes it is told why, and then not listened to any more: to cut
the connection at once would take the reason away with it.
"""

from asyncio import TimerHandle, Transport
from collections.abc import Iterator
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

HEAD_S = 10.0  # for the head of a request, and for a body that nobody wants any more
MAX_HEAD = 65_536  # bytes; the URL has a bound of its own
MAX_HEADERS = 100
MAX_WAITING = 16  # requests sent before the one before them is answered
MAX_FRAMES = 1_000  # that a WebSocket client may send at once, and
FRAMES_PER_S = 50  # how many it may send after that
PIECE = 4_096  # bytes taken at a time; a network read has 256 KiB, which is 40,000 frames
LINGER_S = 2.0
POLICY_VIOLATION = 1008


class HttpProtocol(HttpToolsProtocol):
    """HTTP/1.1, its heads bounded in bytes, number of headers and time."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head: int | None = 0  # bytes of it so far; None while there is a body
        self._late: TimerHandle | None = None
        self._over = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._hurry()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._in_time()

    def data_received(self, data: bytes) -> None:
        for piece in _pieces(data):
            if self._over or self.transport.is_closing():
                return
            if self.transport.get_protocol() is not self:  # it is a WebSocket now
                return
            if self._head is not None:
                self._head += len(piece)
                self._hurry()
                if self._head > MAX_HEAD:
                    self._refuse(431)
                    return
            super().data_received(piece)
            if len(self.pipeline) > MAX_WAITING:
                self.transport.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self.headers) >= MAX_HEADERS:
            self._refuse(431)
            raise ValueError(MAX_HEADERS)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._head = None
        self._in_time()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._head = 0
        self._in_time()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._head is None:
            self._hurry()

    def send_400_response(self, msg: str) -> None:
        if not self._over:
            super().send_400_response(msg)

    def _hurry(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(HEAD_S, self._refuse, 408)

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _refuse(self, status: int) -> None:
        self._in_time()
        if not self._head:  # nothing was asked, or that was answered
            self.transport.close()
            return
        self._over = True
        said = b"content-length: 0\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + said)
        _hang_up(self.transport)
        self._late = self.loop.call_later(LINGER_S, self.transport.close)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """WebSocket, its frames bounded in number, be they pings or parts of messages."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._left = float(MAX_FRAMES)
        self._as_of = self.loop.time()
        self._over = False

    def data_received(self, data: bytes) -> None:
        for piece in _pieces(data):
            if self._over or self.transport.is_closing():
                return
            super().data_received(piece)

    def handle_events(self) -> None:
        now = self.loop.time()
        earned = (now - self._as_of) * FRAMES_PER_S
        self._left = min(MAX_FRAMES, self._left + earned) - len(self.conn.events)
        self._as_of = now
        if self._left < 0 and not self.close_sent:
            self.conn.fail(POLICY_VIOLATION, "Too many messages")
            self.handle_parser_exception()
        else:
            super().handle_events()

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:  # it takes nothing, so why does it ask
            self.transport.abort()

    def handle_parser_exception(self) -> None:
        closing = self.conn.close_sent
        if self.close_sent or closing is None:  # said already, or no WebSocket yet
            self.transport.close()
            return
        self._over = True
        self.queue.put_nowait(
            {"type": "websocket.disconnect", "code": closing.code, "reason": closing.reason}
        )
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = self.disconnected = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        _hang_up(self.transport)
        self.close_timer = self.loop.call_later(LINGER_S, self.transport.close)


def _pieces(data: bytes) -> Iterator[bytes]:
    if len(data) <= PIECE:
        yield data
        return
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]


def _hang_up(transport: Transport) -> None:
    """Say that nothing more will come, where one can (not over TLS)."""
    if transport.can_write_eof():
        transport.write_eof()
