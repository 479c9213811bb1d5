"""Connections: plain GETs over connections that are kept open, one question at a time on each.

What a general client does besides (cookies, redirects, decompression, sessions, tracing) is
not wanted here, and took most of the time of a call: see decision 0001.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
from base64 import b64encode
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from aiohappyeyeballs import start_connection

from server.connection import Connection
from sources.exchange import Answer, Unconnected

MOST = 100  # questions at one time
IDLE_S = 15.0  # an unused one is kept for: servers close theirs after little more
EYEBALLS_S = 0.25  # before another of a host's addresses is tried as well (RFC 8305)
ORIGIN = re.compile(r"https?://[^/?#]+")
NOT_IN_A_LINE = re.compile(r"[\r\n\0]")

Address = tuple[int, int, int, str, tuple[Any, ...]]  # as getaddrinfo has it
Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]  # of a host's name, and a port


class Host(NamedTuple):
    """Whom connections lead to."""

    tls: bool
    name: str
    port: int


class Connections:
    """All that are open, by host. `resolve` finds a name's addresses, if they may be asked."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._idle: dict[Host, list[Connection]] = {}
        self._places = asyncio.Semaphore(MOST)
        self._tls: ssl.SSLContext | None = None
        self._closing: asyncio.TimerHandle | None = None
        self._closed = False

    def get(self, url: str, headers: Mapping[str, str]) -> "Asked":
        """Ask; Unconnected where another try may help. What is left of a body is not waited for."""
        return Asked(self, *_written(url, headers))

    async def take(self, asked: "Asked") -> Answer:
        """Ask on a connection that nobody else has, until it is left."""
        host, request = asked.host, asked.request
        await self._places.acquire()
        connection = asked.connection = self._find_idle(host)
        try:
            if connection is not None:
                try:
                    return await connection.ask(request)
                except Unconnected:  # its server may have closed it just then
                    connection = None
            connection = asked.connection = await self._open(host)
            return await connection.ask(request)
        except BaseException:
            self.leave(host, connection)
            raise

    def leave(self, host: Host, connection: Connection | None) -> None:
        """Keep it for the next, if nothing is left on it."""
        self._places.release()
        if connection is None:
            return
        if self._closed or not connection.reusable:
            connection.close()
            return
        connection.left_at = asyncio.get_running_loop().time()
        self._idle.setdefault(host, []).append(connection)
        if self._closing is None:
            self._closing = asyncio.get_running_loop().call_later(IDLE_S, self._tidy)

    def close(self) -> None:
        """For the end of the process: what is busy still is closed when it is not."""
        self._closed = True
        for connection in [one for some in self._idle.values() for one in some]:
            connection.close()
        self._idle.clear()
        if self._closing is not None:
            self._closing.cancel()

    def _find_idle(self, host: Host) -> Connection | None:
        """The one that was used last, if any is open still."""
        idle = self._idle.get(host)
        while idle:
            connection = idle.pop()
            if connection.reusable:
                return connection
            connection.close()
        return None

    def _tidy(self) -> None:
        """Close what was not used for long."""
        loop, self._closing = asyncio.get_running_loop(), None
        since = loop.time() - IDLE_S
        for host, idle in list(self._idle.items()):
            for connection in idle:
                if connection.left_at <= since:
                    connection.close()
            self._idle[host] = [one for one in idle if one.reusable]
            if not self._idle[host]:
                del self._idle[host]
        if self._idle:
            self._closing = loop.call_later(IDLE_S, self._tidy)

    async def _open(self, host: Host) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            tls = await self._context() if host.tls else None
            found = await self._addresses(host)
            taken = await start_connection(found, happy_eyeballs_delay=EYEBALLS_S, interleave=1)
            _, connection = await loop.create_connection(
                Connection, sock=taken, ssl=tls, server_hostname=host.name if tls else None
            )
        except OSError as error:
            raise Unconnected(str(error)) from error
        return connection

    async def _addresses(self, host: Host) -> Sequence[Address]:
        with suppress(ValueError):  # whoever asks has looked at what is an address already
            version = ipaddress.ip_address(host.name).version
            family = socket.AF_INET if version == 4 else socket.AF_INET6
            where = (host.name, host.port) if version == 4 else (host.name, host.port, 0, 0)
            return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", where)]
        return await self._resolve(host.name, host.port)

    async def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            tls = await asyncio.to_thread(ssl.create_default_context)  # it takes 20 ms
            tls.set_alpn_protocols(["http/1.1"])
            self._tls = tls
        return self._tls


class Asked:
    """A question: entered, it is asked, and has its connection to itself until it is left.

    No generator, as each costs the event loop an entry in its books.
    """

    __slots__ = ("_connections", "connection", "host", "request")

    def __init__(self, connections: Connections, host: Host, request: bytes) -> None:
        self._connections = connections
        self.host = host
        self.request = request
        self.connection: Connection | None = None

    def __aenter__(self) -> Coroutine[Any, Any, Answer]:
        return self._connections.take(self)

    async def __aexit__(self, *error: object) -> None:
        self._connections.leave(self.host, self.connection)


def _written(url: str, headers: Mapping[str, str]) -> tuple[Host, bytes]:
    """Whom to ask, and the whole request; ValueError for what would be more than one."""
    found = ORIGIN.match(url)
    if found is None:
        raise ValueError(f"not an address to ask: {url[:100]!r}")
    target = url[found.end() :].partition("#")[0]
    if not target.startswith("/"):
        target = f"/{target}"
    if not (target.isascii() and target.isprintable()) or " " in target:
        raise ValueError("a line within a line")
    host, head = _head(found[0], tuple(headers.items()))
    return host, b"GET %b HTTP/1.1\r\n%b" % (target.encode(), head)


@lru_cache(maxsize=256)  # a source is asked under the same headers again and again
def _head(origin: str, said: tuple[tuple[str, str], ...]) -> tuple[Host, bytes]:
    """A host by the beginning of an address, and all that is sent but the first line."""
    host, own = _origin(origin)
    lines = [*own, *(f"{name}: {value}" for name, value in {"accept": "*/*", **dict(said)}.items())]
    if NOT_IN_A_LINE.search("".join(lines)):
        raise ValueError("a line within a line")
    return host, "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


def _origin(url: str) -> tuple[Host, list[str]]:
    """The same, and the headers that name it."""
    split = urlsplit(url)
    tls, name = split.scheme == "https", split.hostname or ""
    headers = [f"host: {split.netloc.rpartition('@')[2]}"]
    if split.username is not None:
        account = f"{unquote(split.username)}:{unquote(split.password or '')}"
        headers.append(f"authorization: Basic {b64encode(account.encode()).decode()}")
    return Host(tls, name, split.port or (443 if tls else 80)), headers
