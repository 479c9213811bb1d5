"""Streams: answers over a response that does not end, as events or in Apollo's multipart.

graphql-sse in distinct connections mode,
https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md, and
https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from functools import lru_cache
from typing import NamedTuple, cast

import orjson
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Send

from server.accept import options, quality
from server.errors import RequestError
from server.live import Listener, Live, Operation

HEARTBEAT_S = 12.0  # proxies close what is silent for long; 15 s is said to be safe
STALL_S = 20.0  # a client that takes nothing for so long has gone
NOT_NOW = (401, 403, 429, 503)
HEADERS = {
    "Cache-Control": "no-store",
    "Vary": "Accept",
    "X-Accel-Buffering": "no",  # nginx holds answers back to send them whole
    "X-Content-Type-Options": "nosniff",
}


class Framing(NamedTuple):
    """How a protocol writes an answer, and what comes before, between and after them."""

    media_type: str
    opening: bytes
    before: bytes
    after: bytes
    heartbeat: bytes
    closing: bytes

    def framed(self, body: bytes) -> bytes:
        return self.before + body + self.after


SSE = Framing(
    media_type="text/event-stream; charset=utf-8",
    opening=b":\n\n",
    before=b"event: next\ndata: ",
    after=b"\n\n",
    heartbeat=b":\n\n",
    closing=b"event: complete\ndata:\n\n",
)
PART = b"\r\nContent-Type: application/json\r\n\r\n"
BOUNDARY = b"\r\n--graphql"  # sent with the part before it, which clients only then take as whole
MULTIPART = Framing(
    media_type='multipart/mixed; boundary="graphql"; subscriptionSpec=1.0',
    opening=BOUNDARY,
    before=PART + b'{"payload":',
    after=b"}" + BOUNDARY,
    heartbeat=PART + b"{}" + BOUNDARY,
    closing=b"--\r\n",
)


@lru_cache(maxsize=256)
def wanted(accept: str) -> Framing | None:
    """The protocol that a client names; none is meant by `*/*`."""
    if quality(accept, "text/event-stream", exactly=True) > 0:
        return SSE
    if any("subscriptionspec=1.0" in said for said in options(accept, "multipart/mixed")):
        return MULTIPART
    return None


def refused(framing: Framing, error: RequestError) -> Response:
    """An operation that never executes: an event, unless it matters who asks, or how often."""
    whole = framing.opening + framing.framed(_errors(error)) + framing.closing
    status = error.status if error.status in NOT_NOW else 200
    return Response(whole, status, {**HEADERS, **error.headers}, framing.media_type)


class Patient(StreamingResponse):
    """A response that may take long; not with who takes nothing of it."""

    async def stream_response(self, send: Send) -> None:
        async def patient(message: Message) -> None:
            async with asyncio.timeout(STALL_S):
                await send(message)

        parts = cast("AsyncGenerator[bytes, None]", self.body_iterator)
        with suppress(TimeoutError):
            async with aclosing(parts):
                await super().stream_response(patient)


class Stream(Patient):
    """The answers to one operation, for as long as the client stays."""

    def __init__(self, framing: Framing, live: Live, operation: Operation) -> None:
        super().__init__(_parts(framing, live, operation), 200, HEADERS, framing.media_type)
        self._live = live
        self._address = operation.address

    def leave(self) -> None:
        """It will: its question ends."""

    async def stream_response(self, send: Send) -> None:
        with self._live.client(self._address, self.leave):
            await super().stream_response(send)


async def _parts(framing: Framing, live: Live, operation: Operation) -> AsyncGenerator[bytes, None]:
    yield framing.opening
    try:
        if not operation.is_subscription:
            yield framing.framed(await live.once(operation))
        else:
            with live.listener(operation) as listener:
                while (body := await _within(HEARTBEAT_S, listener)) is not None:
                    yield framing.framed(body) if body else framing.heartbeat
    except RequestError as error:
        yield framing.framed(_errors(error))
    yield framing.closing


async def _within(seconds: float, listener: Listener) -> bytes | None:
    """What is new, or nothing if that takes long; None when nothing will come any more."""
    try:
        async with asyncio.timeout(seconds):
            return await listener.next()
    except TimeoutError:
        return b""


def _errors(error: RequestError) -> bytes:
    return orjson.dumps({"errors": [one.formatted for one in error.errors]})
