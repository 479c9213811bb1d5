"""Patience: how long a client may take to send a head, or to take an answer.

uvicorn reads heads for any time, answers pings of whom takes no answers, and waits for
ever for who reads an answer too slowly, or not at all. Whoever is too slow, or says too
much, is told why, and then not listened to any more: to cut the connection at once would
take the reason away with it. Who does not listen either is cut off.
"""

from asyncio import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from server.frames import LINGER_S, hang_up

HEAD_S = 10.0  # for the head of a request, and for a body that nobody wants any more
TAKE_S = 20.0  # for whoever is sent something to take it, and so many bytes a second:
TAKE_BYTES_PER_S = 4_096


class Patience(HttpToolsProtocol):
    """HTTP/1.1, with an end to all that a client is waited for."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head: int | None = 0  # bytes of it so far; None while there is a body
        self._late: TimerHandle | None = None
        self._slow: TimerHandle | None = None  # to take what it was sent
        self._over = False

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._in_time()
        self._taken()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._awaiting_taken()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._taken()
        if self.transport.is_closing():
            self._awaiting_taken()

    def send_400_response(self, msg: str) -> None:
        if not self._over:
            super().send_400_response(msg)

    def _awaiting_taken(self) -> None:
        """What is on its way is to be taken in time."""
        left = self.transport.get_write_buffer_size()
        if left and self._slow is None:
            in_s = TAKE_S + left / TAKE_BYTES_PER_S
            self._slow = self.loop.call_later(in_s, self.transport.abort)

    def _taken(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None

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
        hang_up(self.transport)
        self._late = self.loop.call_later(LINGER_S, self.transport.close)
