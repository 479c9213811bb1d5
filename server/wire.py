"""Wire: what may come and go over one connection, and how long that may take.

uvicorn reads heads of any size for any time, requests and WebSocket frames as
fast as they come, answers pings of whom takes no answers, and waits for ever for
who reads an answer too slowly, or not at all. Here all that has a bound. Whoever
passes it is told why, and then not listened to any more: to cut the connection at
once would take the reason away with it. Who does not listen either is cut off.

A request that was just answered to somebody else (`finished.py`) is answered here:
a task and an application would take as long as all the rest.
"""

from asyncio import Future, TimerHandle, Transport
from functools import lru_cache, partial
from math import inf
from typing import Any

from starlette.responses import Response as Answer
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from server.descriptors import FULL
from server.direct import Direct, later
from server.finished import Finished, Response, wired
from server.frames import LINGER_S, hang_up, pieces

HEAD_S = 10.0  # for the head of a request, and for a body that nobody wants any more
MAX_HEAD = 65_536  # bytes; the URL has a bound of its own
MAX_HEADERS = 100
MAX_WAITING = 16  # requests sent before the one before them is answered
TAKE_S = 20.0  # for whoever is sent something to take it, and so many bytes a second:
TAKE_BYTES_PER_S = 4_096
FORWARDED, CLOSE = b"x-forwarded-for", b"connection: close\r\n"


class HttpProtocol(HttpToolsProtocol):
    """HTTP/1.1, its heads bounded in bytes, number of headers and time, its answers in time."""

    def __init__(
        self, *args: Any, finished: Finished, direct: Direct, most: float = inf, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._most = most
        self._finished = finished
        self._direct = direct
        self._head: int | None = 0  # bytes of it so far; None while there is a body
        self._late: TimerHandle | None = None
        self._slow: TimerHandle | None = None  # to take what it was sent
        self._over = False
        self._reading = False
        self._next: RequestResponseCycle | None = None  # a request that may be all there soon
        self._at_once = 0  # answers to what one read brought
        self._made: Future[Answer] | None = None  # what the client is waiting for

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._most:
            transport.write(FULL)
            transport.close()
        else:
            self._hurry()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._in_time()
        self._taken()
        if self._made is not None:
            self._made.cancel()

    def data_received(self, data: bytes) -> None:
        self._reading, self._at_once = True, 0
        for piece in pieces(data):
            if self._over or self.transport.is_closing():
                break
            if self.transport.get_protocol() is not self:  # it is a WebSocket now
                break
            if self._head is not None:
                self._head += len(piece)
                if self._head > MAX_HEAD:
                    self._refuse(431)
                    break
            super().data_received(piece)
            if self._head:  # and there is more of it to come
                self._hurry()
            if len(self.pipeline) > MAX_WAITING:
                self.transport.close()
        self._reading = False
        self._begin()

    def on_headers_complete(self) -> None:
        if len(self.headers) > MAX_HEADERS:
            self._refuse(431)
            raise ValueError(MAX_HEADERS)
        self._head = None
        self._in_time()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._head = 0
        self._in_time()
        super().on_message_complete()
        if self._next is not None and not self._answered(self._next):
            self._begin()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._head is None:
            self._hurry()
        if self.transport.is_closing():
            self._awaiting_taken()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._awaiting_taken()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._taken()
        if self.transport.is_closing():
            self._awaiting_taken()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._awaiting_taken()

    def send_400_response(self, msg: str) -> None:
        if not self._over:
            super().send_400_response(msg)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if self._reading and cycle.more_body and app is self.app:
            self._next = cycle
        else:
            super()._start_asgi_task(cycle, app)

    def _begin(self) -> None:
        """Have the application answer what is not answered yet."""
        cycle, self._next = self._next, None
        if cycle is not None and not self._over and not self.transport.is_closing():
            super()._start_asgi_task(cycle, self.app)

    def _answered(self, cycle: RequestResponseCycle) -> bool:
        """Whether the request, which is all there, was answered at once."""
        scope: Any = cycle.scope
        body = bytes(cycle.body) if scope["method"] == "POST" else b""
        if self.flow.write_paused or not cycle.keep_alive or self._at_once == MAX_WAITING:
            return False
        if CLOSE in self._ours:
            return False
        host = self._host(scope)
        answer = self._finished.at_once(scope, body, host)
        if answer is None:
            made = self._direct.begun(scope, body, cycle.receive, host)  # type: ignore[arg-type]
            if made is None:
                return False
            self._next = None
            self._sent_when_made(cycle, made)
        else:
            self._next = None
            self._send(cycle, answer)
        self._at_once += 1
        return True

    def _sent_when_made(self, cycle: RequestResponseCycle, made: "Future[Answer]") -> None:
        """Now, or as soon as what it takes is there."""
        if not made.done():
            self._made = made
            made.add_done_callback(partial(self._sent_when_made, cycle))
            return
        self._made = None
        failed = made.cancelled() or made.exception() is not None
        if self.transport.is_closing():
            return
        if failed or not cycle.keep_alive or CLOSE in self._ours:
            super()._start_asgi_task(cycle, later(made))  # type: ignore[arg-type]
        else:
            found = made.result()
            head = wired(found.raw_headers)
            self._send(cycle, Response(found.status_code, head, bytes(found.body)))

    def _send(self, cycle: RequestResponseCycle, answer: Response) -> None:
        """All of an answer, in one piece."""
        body = b"" if cycle.scope["method"] == "HEAD" else answer.body
        parts = (STATUS_LINE[answer.status], self._ours, answer.head, b"\r\n", body)
        self.transport.write(b"".join(parts))
        cycle.response_started = cycle.response_complete = True
        cycle.on_response()

    @property
    def _ours(self) -> bytes:
        """The headers that all answers have."""
        return _wired(tuple(self.server_state.default_headers))

    def _host(self, scope: Any) -> str:
        """Where the client is, as uvicorn tells the application."""
        host = self.client[0] if self.client else ""
        forwarded = [value for name, value in scope["headers"] if name == FORWARDED]
        if not forwarded or not isinstance(self.app, ProxyHeadersMiddleware):
            return host
        proxies = self.app.trusted_hosts
        if host not in proxies:
            return host
        hops = b", ".join(forwarded).decode("latin-1")
        return proxies.get_trusted_client_address(hops)[0] or host

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


_wired = lru_cache(maxsize=4)(wired)  # of headers that are the same for all, for a second
