"""Compression: answers in the coding that their client likes best, brotli or gzip.

What is small goes as it is, and so does what is made little by little (AS_IT_IS):
nothing may wait there. Headers are copied, never changed: an answer that is kept
must be the same for the next client.

Other bytes have another ETag (RFC 9110, 8.8.3.3): its own with the coding's mark,
which says who made them, since another version of a compressor makes other bytes.
The application knows nothing of it: it is asked about its own tags.
"""

import asyncio
import re
import zlib
from collections.abc import Iterable
from functools import lru_cache, partial

import brotli
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MIN_BYTES = 1_000
LARGE = 1 << 19  # bytes from which compressing is done beside the event loop: some 7 ms
CODINGS = ("br", "gzip")  # the first one where a client likes them alike
MARKS: dict[str, bytes] = {
    "br": b"-br" + brotli.__version__.encode(),
    "gzip": b"-gzip" + zlib.ZLIB_RUNTIME_VERSION.encode(),
}
MARKED = re.compile(rb'-(?:br|gzip)[\w.+-]*"')
AS_IT_IS = (b"text/event-stream", b"multipart/mixed", b"image/png", b"font/", b"application/zip")
NO_MATTER = (204, 206, 304)  # statuses of answers without a body, or with a part of one
START, BODY = "http.response.start", "http.response.body"
Headers = Iterable[tuple[bytes, bytes]]


class Compression:
    """Around an application: compresses what it answers over HTTP."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        coding = preferred(_given(scope, b"accept-encoding"))
        known = _given(scope, b"if-none-match")
        if MARKED.search(known):
            others = [pair for pair in scope["headers"] if pair[0] != b"if-none-match"]
            ours = MARKED.sub(b'"', known)
            scope = {**scope, "headers": [*others, (b"if-none-match", ours)]}
        answer = _Answer(send, coding, known)
        await self._app(scope, receive, answer.send)


@lru_cache(maxsize=256)
def preferred(accept: bytes) -> str | None:
    """The coding that an Accept-Encoding likes best; None where it is to go as it is."""
    liked: dict[str, float] = {}
    for part in accept.decode("latin-1").lower().split(","):
        name, _, weight = (piece.strip() for piece in part.partition(";"))
        try:
            liked[name] = float(weight.removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
    best = max(CODINGS, key=lambda coding: liked.get(coding, liked.get("*", 0)))
    quality = liked.get(best, liked.get("*", 0))
    return best if quality > 0 and quality >= liked.get("identity", 0) else None


class _Answer:
    """One answer on its way out. Its head waits for how its body begins, which decides."""

    __slots__ = ("_coder", "_coding", "_head", "_known", "_send")

    def __init__(self, send: Send, coding: str | None, known: bytes) -> None:
        self._send = send
        self._coding = coding
        self._known = known  # the ETags of what the client has
        self._head: Message | None = None
        self._coder: _Coder | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == START:
            if _matters(message):
                self._head = message
                return
            message = self._as_known(message)
        elif self._head is not None:
            head, self._head = self._head, None
            head, message = await self._begun(head, message)
            await self._send(head)
        elif self._coder is not None:
            message = await self._coder.coded(message)
        await self._send(message)

    async def _begun(self, head: Message, first: Message) -> tuple[Message, Message]:
        """The head, and the first of its body, or all of it, as they go out."""
        more = first.get("more_body", False)
        if first["type"] != BODY or (not more and len(first.get("body", b"")) < MIN_BYTES):
            return head, first
        headers = varying(head["headers"], b"Accept-Encoding")
        if self._coding is not None:
            self._coder = _Coder(self._coding)
            first = await self._coder.coded(first)
            headers = [
                (name, _marked(value, self._coding) if name == b"etag" else value)
                for name, value in headers
                if name != b"content-length"
            ]
            headers.append((b"content-encoding", self._coding.encode()))
            if not more:
                headers.append((b"content-length", b"%d" % len(first["body"])))
        return {**head, "headers": headers}, first

    def _as_known(self, head: Message) -> Message:
        """304 names what the client has as the client does."""
        if head["status"] != 304 or not self._known:
            return head
        headers = [
            (name, self._named(value) if name == b"etag" else value)
            for name, value in head["headers"]
        ]
        return {**head, "headers": headers}

    def _named(self, tag: bytes) -> bytes:
        """What the client has: the same in the coding that it likes, in another, as it is."""
        codings = sorted(CODINGS, key=lambda coding: coding != self._coding)
        marked = [_marked(tag, coding) for coding in codings]
        likely = [*marked, tag] if self._coding else [tag, *marked]
        return next((one for one in likely if one in self._known), tag)


class _Coder:
    """Compresses the body of one answer, so that each chunk can be read when it arrives."""

    def __init__(self, coding: str) -> None:
        if coding == "br":
            compressor = brotli.Compressor(quality=4)
            self._take, self._flush, self._end = (
                compressor.process,
                compressor.flush,
                compressor.finish,
            )
        else:
            zipper = zlib.compressobj(5, zlib.DEFLATED, zlib.MAX_WBITS | 16)
            self._take, self._end = zipper.compress, zipper.flush
            self._flush = partial(zipper.flush, zlib.Z_SYNC_FLUSH)

    async def coded(self, message: Message) -> Message:
        """The same message, compressed."""
        if message["type"] != BODY:
            return message
        body, more = message.get("body", b""), message.get("more_body", False)
        if len(body) < LARGE:
            return {**message, "body": self._coded(body, more)}
        return {**message, "body": await asyncio.to_thread(self._coded, body, more)}

    def _coded(self, body: bytes, more: bool) -> bytes:
        coded: bytes = self._take(body) + (self._flush() if more else self._end())
        return coded


def _matters(head: Message) -> bool:
    """Whether that is something to compress, if it is long enough."""
    if head["status"] in NO_MATTER:
        return False
    for name, value in head["headers"]:
        if name == b"content-encoding" or (name == b"content-type" and value.startswith(AS_IT_IS)):
            return False
    return True


def varying(headers: Headers, by: bytes) -> list[tuple[bytes, bytes]]:
    """The same headers, saying that the answer depends on one of the request's."""
    vary = b", ".join([*[value for name, value in headers if name == b"vary"], by])
    return [*[pair for pair in headers if pair[0] != b"vary"], (b"vary", vary)]


def _marked(tag: bytes, coding: str) -> bytes:
    return tag.removesuffix(b'"') + MARKS[coding] + b'"'


def _given(scope: Scope, wanted: bytes) -> bytes:
    """A request's header, however many lines it came in."""
    return b",".join([value for name, value in scope["headers"] if name == wanted])
