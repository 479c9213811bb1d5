"""Wire: what may come over one connection, and what is answered there and then.

uvicorn reads heads of any size, and requests as fast as they come. Here all that has
a bound; how long it may take, `patience.py` says.

A request that was just answered to somebody else (`finished.py`) is answered here:
a task and an application would take as long as all the rest. Where it comes as the very
same bytes, between two others, it is not even parsed: they would say the same again. Nor is
one that is refused since there is no room (`shedding.py`).
"""

from asyncio import Future, Transport
from functools import partial
from math import inf
from typing import Any

from starlette.responses import Response as Answer
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from server.asked import Asked
from server.descriptors import FULL
from server.direct import Direct, later
from server.finished import Finished
from server.frames import pieces
from server.patience import Patience
from server.refused import Refused, refused
from server.shedding import Shedding
from server.wired import Response, in_one_piece, ours, wired

MAX_HEAD = 65_536  # bytes; the URL has a bound of its own
MAX_HEADERS = 100
MAX_WAITING = 16  # requests sent before the one before them is answered


class HttpProtocol(Patience):
    """HTTP/1.1, its heads bounded in bytes, number of headers and time, its answers in time."""

    def __init__(
        self,
        *args: Any,
        finished: Finished,
        shedding: Shedding,
        direct: Direct,
        most: float = inf,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._most = most
        self._finished = finished
        self._shedding = shedding
        self._direct = direct
        self._reading = False
        self._next: RequestResponseCycle | None = None  # a request that may be all there soon
        self._begun = self._at_once = 0  # requests that one read brought, and answers to them
        self._again: Asked | None = None  # the last that was answered to somebody else before
        self._first: Asked | None = None  # or that others, who ask the same, may wait for
        self._made: Future[Answer] | None = None  # what the client is waiting for
        self._held: tuple[bytes, Asked] | None = None  # or, unparsed, what is made for another
        self._answered_at = -inf  # to what came as known bytes
        self._refused: Refused | None = None  # as long as nothing else happens here,
        self._before: Refused | None = None  # and when that was so

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._most:
            transport.write(FULL)
            transport.close()
        else:
            self._hurry()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.cycle = None  # type: ignore[assignment]  # it holds this protocol, and an answer
        self._held = self._refused = self._before = None
        if self._made is not None:
            self._made.cancel()

    def shutdown(self) -> None:
        self._parse_held()  # which is answered yet
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        if self._refused is not None:
            if self._refused.again(data):
                return
            self._answered_at, self._refused = self._refused.at_s, None
        if self._held is not None:  # which is to be answered before
            self._parse_held()
        between = self._between
        if not between or not self._given(data):
            self._parse(data, between=between)

    def _parse_held(self) -> None:
        if self._held is not None:
            (data, _), self._held = self._held, None
            self._parse(data, between=True)

    def _parse(self, data: bytes, *, between: bool) -> None:
        self._reading, self._begun, self._at_once = True, 0, 0
        self._again = self._first = None
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
        if between and self._begun == 1:
            if self._again is not None:
                self._finished.came_as(data, self._again)
            elif self._first is not None:
                self._finished.making.came_as(data, self._first)
        self._begin()

    @property
    def _between(self) -> bool:
        """Whether the next byte begins a request, and all before it are answered."""
        return (
            self._head == 0
            and (self.cycle is None or self.cycle.response_complete)
            and not self._over
            and not self.transport.is_closing()
        )

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begun += 1
        self._head = self._head or 1  # it may begin where another one ends

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

    def timeout_keep_alive_handler(self) -> None:
        at_s = self._answered_at if self._refused is None else self._refused.at_s
        left = at_s + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            again = self.timeout_keep_alive_handler
            self.timeout_keep_alive_task = self.loop.call_later(left, again)
            return
        super().timeout_keep_alive_handler()
        self._awaiting_taken()

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

    def _given(self, data: bytes) -> bool:
        """Whether what has no cycle, since it was read before or is refused, is answered so."""
        asked = self._finished.read.get(data)
        coming = self._finished.making.read.get(data) if asked is None else None
        if asked is None and coming is None and not self._shedding.shut:
            return False
        first, last = self._ours
        if self.flow.write_paused or last:
            return False
        before = self._before if self.timeout_keep_alive_task is not None else None
        if asked is coming is None and before is not None and before.again(data):
            self._in_time()
            self._refused = before
            return True
        if coming is not None and self._finished.making.then(coming.key, self._made_for_held):
            self._in_time()
            self._held, self._answered_at = (data, coming), self.loop.time()
            return True
        answer = None
        if asked is not None:
            answer = self._finished.at_once(asked, asked.host(self.client, self.app))
        if answer is None and self._shedding.shut:
            answer = self._shedding.unparsed(data, self.client, self.app)
            if answer is not None:
                known = self._before, self._finished, self._shedding
                self._before = self._refused = refused(data, self, *known)
        return answer is not None and self._send_unparsed(data, answer, first)

    def _made_for_held(self) -> None:
        """What it waits for unparsed has been made for another, or takes too long."""
        if self._held is None or self.transport.is_closing():
            return
        (data, asked), answer, (first, last) = self._held, None, self._ours
        if not self.flow.write_paused and not last:
            answer = self._finished.at_once(asked, asked.host(self.client, self.app))
        if answer is None:
            self._parse_held()
        else:
            self._held = None
            self._send_unparsed(data, answer, first)

    def _send_unparsed(self, data: bytes, answer: Response, first: bytes) -> bool:
        self._in_time()
        self.transport.write(in_one_piece(answer, first, bodiless=data.startswith(b"HEAD ")))
        if self.timeout_keep_alive_task is None:
            self.on_response_complete()
        else:  # goes on: a new one for each answer would take as long as the log
            self._answered_at = self.loop.time()
            self.server_state.total_requests += 1
        return True

    def _answered(self, cycle: RequestResponseCycle) -> bool:
        """Whether the request, which is all there, is answered here, at once or soon."""
        scope: Any = cycle.scope
        asked = Asked(scope, bytes(cycle.body) if scope["method"] == "POST" else b"")
        if self._at_once == MAX_WAITING or not self._taken_on(cycle, asked):
            return False
        self._next = None
        self._at_once += 1
        return True

    def _taken_on(self, cycle: RequestResponseCycle, asked: Asked, *, waits: bool = True) -> bool:
        """The same; it `waits` for somebody else who is being answered the same."""
        if self.flow.write_paused or not cycle.keep_alive or self._ours[1]:
            return False
        host = asked.host(self.client, self.app)
        answer = self._finished.at_once(asked, host)
        if answer is not None and b"upgrade" not in asked.headers:
            self._again = asked
        direct = answer is None and self._direct.takes(asked)
        if direct and waits:
            go_on = partial(self._made_for_another, cycle, asked)
            if self._finished.making.then(asked.key, go_on):
                return True
        if answer is None:
            answer = self._shedding.at_once(asked, host)
        if answer is not None:
            self._send(cycle, answer, asked)
        elif direct:
            receive: Any = cycle.receive
            self._sent_when_made(cycle, asked, self._direct.begun(asked, receive, host))
        else:
            return False
        return True

    def _made_for_another(self, cycle: RequestResponseCycle, asked: Asked) -> None:
        if not self.transport.is_closing() and not self._taken_on(cycle, asked, waits=False):
            super()._start_asgi_task(cycle, self.app)

    def _sent_when_made(
        self, cycle: RequestResponseCycle, asked: Asked, made: "Future[Answer]"
    ) -> None:
        """Now, or as soon as what it takes is there."""
        if not made.done():
            self._made, self._first = made, asked
            made.add_done_callback(partial(self._sent_when_made, cycle, asked))
            return
        self._made = None
        failed = made.cancelled() or made.exception() is not None
        if self.transport.is_closing():
            return
        if failed or not cycle.keep_alive or self._ours[1]:
            super()._start_asgi_task(cycle, later(made))  # type: ignore[arg-type]
        else:
            found = made.result()
            head = wired(found.raw_headers)
            self._send(cycle, Response(found.status_code, head, bytes(found.body)), asked)

    def _send(self, cycle: RequestResponseCycle, answer: Response, asked: Asked) -> None:
        bodiless = asked.scope["method"] == "HEAD"
        self.transport.write(in_one_piece(answer, self._ours[0], bodiless=bodiless))
        cycle.response_started = cycle.response_complete = True
        cycle.on_response()

    @property
    def _ours(self) -> tuple[bytes, bool]:
        """The headers that all answers have, and whether they are the last of a connection."""
        return ours(tuple(self.server_state.default_headers))
