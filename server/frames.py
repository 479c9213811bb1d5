"""Frames: how much may come over one WebSocket, and what a connection's end is to say.

Network reads are taken piece by piece, so that a bound holds within one, too.
"""

from asyncio import Transport
from collections.abc import Iterator
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MAX_FRAMES = 1_000  # that a WebSocket client may send at once, and
FRAMES_PER_S = 50  # how many it may send after that
PIECE = 4_096  # bytes taken at a time; a network read has 256 KiB, which is 40,000 frames
LINGER_S = 2.0
POLICY_VIOLATION = 1008


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """WebSocket, its frames bounded in number, be they pings or parts of messages."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._left = float(MAX_FRAMES)
        self._as_of = self.loop.time()
        self._over = False

    def data_received(self, data: bytes) -> None:
        for piece in pieces(data):
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
        hang_up(self.transport)
        self.close_timer = self.loop.call_later(LINGER_S, self.transport.close)


def pieces(data: bytes) -> Iterator[bytes]:
    """What one network read brought, a piece at a time."""
    if len(data) <= PIECE:
        yield data
        return
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]


def hang_up(transport: Transport) -> None:
    """Say that nothing more will come, where one can (not over TLS)."""
    if transport.can_write_eof():
        transport.write_eof()
