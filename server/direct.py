"""Direct: what is asked in the plainest way is answered without an application's layers.

Most of what our own web server is asked is JSON that wants one answer, whole. Layers that
give names, route, compress and let other sites read have next to nothing to do for it, and
took as long as executing it. So the endpoint is called from the wire (`wire.py`): what has
all that it takes in memory is answered there and then, the rest goes on as a task.
"""

from asyncio import Future
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from resolvers.eager import begun
from server.accept import MEDIA_TYPES
from server.asked import LARGE, Asked
from server.compression import MIN_BYTES, preferred, varying
from server.finished import SENT, Finished, Sent
from server.logs import REQUEST_ID, named, request_id
from server.parameters import Whole

PATH = "/graphql"
# Who says one of these wants one answer; what others want is looked at further in.
ACCEPTED = frozenset([b"*/*", *(one.encode() for one in MEDIA_TYPES)])
UNUSUAL = frozenset(b"expect if-none-match origin upgrade x-poche-explain".split())


class Direct:
    """A way around the layers; `sites` is whether any other site may read what is answered."""

    def __init__(
        self,
        answer: Callable[[Request], Awaitable[Response]],
        finished: Finished,
        *,
        sites: bool,
    ) -> None:
        self._answer = answer
        self._finished = finished
        # By what answers vary, as the layers would say.
        self._always = b"Origin" if sites else b""
        self._if_long = b"Origin, Accept-Encoding" if sites else b"Accept-Encoding"

    def takes(self, asked: Asked) -> bool:
        """Whether a request need not go through the layers."""
        scope, headers = asked.scope, asked.headers
        return (
            scope["method"] == "POST"
            and scope["path"] == PATH
            and len(asked.body) <= LARGE
            and len(headers) == len(scope["headers"])  # none comes twice
            and headers.get(b"accept", b"*/*") in ACCEPTED
            and UNUSUAL.isdisjoint(headers)
            and preferred(headers.get(b"accept-encoding", b"")) is None
        )

    def begun(self, asked: Asked, receive: Receive, host: str) -> "Future[Response]":
        """What a client at `host` is answered, done if nothing had to be waited for."""
        scope = asked.scope
        scope["client"] = host, (scope["client"] or ("", 0))[1]
        name = request_id(asked.headers.get(REQUEST_ID, b""))
        return begun(self._answered(Whole(asked, receive), name))

    async def _answered(self, request: Whole, name: bytes) -> Response:
        named(request.scope, name)
        finished, asked = self._finished, request.asked
        with finished.making.of(asked.key):
            sent = request.scope[SENT] = Sent(finished)
            response = await self._answer(request)
            sent.status, sent.body, sent.whole = response.status_code, bytes(response.body), True
            varies = self._if_long if len(sent.body) >= MIN_BYTES else self._always
            sent.headers = varying(response.raw_headers, varies) if varies else response.raw_headers
            finished.keep(asked.key, sent)
        response.raw_headers = [*sent.headers, (REQUEST_ID, name)]
        return response


def later(response: "Future[Response]") -> ASGIApp:
    """An application that sends it, or raises what became of it."""

    async def send_it(scope: Scope, receive: Receive, send: Send) -> None:
        found = await response
        await found(scope, receive, send)

    return send_it
