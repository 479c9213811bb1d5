"""WebSocket: many operations over one connection, by `graphql-transport-ws` and no other protocol.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. Frames that are
too large are refused by the web server (`serving.py`) before we see them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import msgspec
import orjson
import structlog
from graphql import GraphQLError
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from server.clients import Clients, address
from server.errors import RequestError
from server.limits import over
from server.live import Live, Operation
from server.parameters import Parameters

log = structlog.get_logger("server")

PROTOCOL = "graphql-transport-ws"
MAX_ID = 100  # characters of an operation's id; libraries use numbers or UUIDs
STALL_S = 20.0  # a client that takes nothing for so long has gone
KEY_HEADERS = ("authorization", "x-api-key")
MAX_REASON = 123  # bytes, as RFC 6455 has it

BAD_MESSAGE, UNAUTHORIZED, FORBIDDEN, BAD_PROTOCOL = 4400, 4401, 4403, 4406
INIT_TIMEOUT, DUPLICATE, TOO_MANY_INITS, GOING_AWAY = 4408, 4409, 4429, 1001

INTERNAL = GraphQLError("Something went wrong on our side.", extensions={"code": "INTERNAL"})
Prepare = Callable[[HTTPConnection, Parameters], Awaitable[Operation]]


class _Closing(Exception):
    """The connection ends here: its close code, and why."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Sockets:
    """`/graphql` for those who come by WebSocket."""

    def __init__(self, live: Live, prepare: Prepare, clients: Clients) -> None:
        self._live = live
        self._prepare = prepare
        self._clients = clients

    async def answer(self, socket: WebSocket) -> None:
        session = _Session(socket, self._live, self._prepare)
        try:
            self._live.check(address(socket))
        except RequestError as error:
            text = PlainTextResponse(f"{error}\n", error.status, error.headers)
            await socket.send_denial_response(text)
            return
        with suppress(WebSocketDisconnect), self._live.client(address(socket), session.leave):
            if PROTOCOL not in socket.scope["subprotocols"]:
                await socket.accept()
                await socket.close(BAD_PROTOCOL, f"Only {PROTOCOL} is spoken here")
                return
            await socket.accept(PROTOCOL)
            if not self._welcome(socket):
                await socket.close(FORBIDDEN, "Forbidden")
                return
            await session.run()

    def _welcome(self, socket: WebSocket) -> bool:
        """Whether the page that connects, if it is a page, may: browsers do not ask us first."""
        origin, ours = socket.headers.get("origin"), self._live.settings.cors_origins
        if origin is None or "*" in ours or origin in ours or origin in self._clients.origins:
            return True
        return urlsplit(origin).netloc == socket.headers.get("host")


class _Session:
    """One connection, from its acceptance to its end."""

    def __init__(self, socket: WebSocket, live: Live, prepare: Prepare) -> None:
        self._socket = socket
        self._connection: HTTPConnection = socket
        self._live = live
        self._prepare = prepare
        self._initialised = False
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._limit = asyncio.timeout(live.settings.socket_init_s)
        self._leaving: asyncio.Task[None] | None = None

    def leave(self) -> None:
        """Ask the client to go: its library will connect again, to another server."""
        self._leaving = asyncio.create_task(self._close(GOING_AWAY, "Going away"))

    async def run(self) -> None:
        try:
            async with self._limit:
                while True:
                    await self._take(await self._message())
                    await asyncio.sleep(0)  # many may wait already: others get their turn
        except TimeoutError:  # in the beginning, or while sending
            if self._limit.expired() and not self._initialised:
                await self._close(INIT_TIMEOUT, "Connection initialisation timeout")
        except _Closing as closing:
            await self._close(closing.code, str(closing))
        finally:
            tasks = [*self._operations.values(), *filter(None, [self._leaving])]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _message(self) -> dict[str, Any]:
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1005))
        try:
            message = orjson.loads(received.get("text") or b"")
        except orjson.JSONDecodeError:
            raise _Closing(BAD_MESSAGE, "Messages are JSON, in text frames") from None
        if not isinstance(message, dict):
            raise _Closing(BAD_MESSAGE, "A message is an object")
        return message

    async def _take(self, message: dict[str, Any]) -> None:
        kind, payload = message.get("type"), message.get("payload")
        if kind == "subscribe":
            await self._subscribe(_id(message), payload)
            return
        if kind == "complete":
            task = self._operations.pop(_id(message), None)
            if task is not None:
                task.cancel()
            return
        if payload is not None and not isinstance(payload, dict):
            raise _Closing(BAD_MESSAGE, "`payload` is an object")
        if kind == "connection_init":
            if self._initialised:
                raise _Closing(TOO_MANY_INITS, "Too many initialisation requests")
            self._initialised = True
            self._limit.reschedule(None)
            self._connection = _with_key(self._socket, payload or {})
            await self._send(type="connection_ack")
        elif kind == "ping":
            await self._send(type="pong")
        elif kind != "pong":
            raise _Closing(BAD_MESSAGE, "There is no such type of message")

    async def _subscribe(self, name: str, payload: object) -> None:
        if not self._initialised:
            raise _Closing(UNAUTHORIZED, "Unauthorized")
        if name in self._operations:
            raise _Closing(DUPLICATE, f"Subscriber for {name} already exists")
        try:
            asked = msgspec.convert(payload, Parameters)
        except msgspec.ValidationError:
            raise _Closing(BAD_MESSAGE, "`payload` is not a GraphQL request") from None
        most = self._live.settings.live_per_socket
        if len(self._operations) >= most:
            await self._fail(name, [over("subscriptions", len(self._operations) + 1, most)])
            return
        self._operations[name] = asyncio.create_task(self._serve(name, asked))

    async def _serve(self, name: str, asked: Parameters) -> None:
        """One operation, until it is complete or has failed."""
        with suppress(WebSocketDisconnect):
            try:
                await self._answers(name, asked)
                await self._send(id=name, type="complete")
            except RequestError as error:
                await self._fail(name, error.errors)
            except WebSocketDisconnect:
                raise
            except TimeoutError:
                self._limit.reschedule(asyncio.get_running_loop().time())  # it takes nothing
            except Exception:
                log.exception("bug in a subscription")
                await self._fail(name, [INTERNAL])
            finally:
                if self._operations.get(name) is asyncio.current_task():
                    del self._operations[name]

    async def _answers(self, name: str, asked: Parameters) -> None:
        operation = await self._prepare(self._connection, asked)
        if not operation.is_subscription:
            await self._next(name, await self._live.once(operation))
            return
        with self._live.listener(operation) as listener:
            while (body := await listener.next()) is not None:
                await self._next(name, body)

    async def _next(self, name: str, body: bytes) -> None:
        await self._send(id=name, type="next", payload=orjson.Fragment(body))

    async def _fail(self, name: str, errors: Iterable[GraphQLError]) -> None:
        await self._send(id=name, type="error", payload=[error.formatted for error in errors])

    async def _send(self, **message: Any) -> None:
        """TimeoutError if the client takes nothing any more."""
        if self._socket.application_state is not WebSocketState.CONNECTED:  # we have said goodbye
            raise WebSocketDisconnect(1006)
        async with asyncio.timeout(STALL_S):
            await self._socket.send_text(orjson.dumps(message).decode())

    async def _close(self, code: int, reason: str) -> None:
        short = reason.encode()[:MAX_REASON].decode(errors="ignore")
        with suppress(TimeoutError, WebSocketDisconnect):
            async with asyncio.timeout(STALL_S):
                await self._socket.close(code, short)


def _with_key(socket: WebSocket, payload: dict[str, Any]) -> HTTPConnection:
    """The same, with the key that a browser cannot send as a header."""
    given = {name.lower(): value for name, value in payload.items() if isinstance(value, str)}
    headers = [
        (name.encode(), given[name].encode())
        for name in KEY_HEADERS
        if name in given and name not in socket.headers
    ]
    if not headers:
        return socket
    return HTTPConnection({**socket.scope, "headers": [*socket.scope["headers"], *headers]})


def _id(message: dict[str, Any]) -> str:
    found = message.get("id")
    if not isinstance(found, str) or not 0 < len(found) <= MAX_ID:
        raise _Closing(BAD_MESSAGE, "`id` is a short text")
    return found
