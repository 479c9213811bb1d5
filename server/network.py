"""Network: how calls leave this machine, and which addresses they may not reach."""

import asyncio
import ipaddress
import socket
from collections.abc import Container, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from urllib.parse import urlsplit

import httpx

from cities import City
from server.connections import Address, Connections
from sources.exchange import Answer, Question


class PublicOnly:
    """Resolves names, but to public addresses only, whatever the name server says.

    A city's file, or a payload, may name a host; it must not make us ask our own
    neighbours. `trusted` hosts may be anywhere: the sandbox, or a private network
    that a city file allows; they may become others.
    """

    def __init__(self, trusted: Container[str]) -> None:
        self._trusted = trusted

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        """Where a host may be asked; OSError if nowhere."""
        found = await self._looked_up(host, port)
        if host in self._trusted:
            return found
        public = [one for one in found if ipaddress.ip_address(one[4][0]).is_global]
        if not public:
            raise OSError(f"{host} has no public address")
        return public

    async def _looked_up(self, host: str, port: int) -> Sequence[Address]:
        loop = asyncio.get_running_loop()
        return await loop.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )


class Network(httpx.AsyncBaseTransport):
    """Plain GETs over connections of our own, all else over httpx's; see decision 0001.

    `upstream` and the cities' private networks are hosts that may be anywhere.
    """

    def __init__(self, upstream: str | None, cities: Iterable[City] = ()) -> None:
        self._upstream = upstream
        self._trusted: set[str] = set()
        self._resolve = PublicOnly(self._trusted)
        self._connections = Connections(self._resolve)
        self._carrier: httpx.AsyncBaseTransport | None = None
        self.trust(cities)

    def trust(self, cities: Iterable[City]) -> None:
        """Ask private addresses for these cities from now on, and no others."""
        private = [b for city in cities for b in city.bindings.values() if b.private_network]
        urls = [self._upstream or "", *(str(b.options.get("url", "")) for b in private)]
        self._trusted.clear()  # the one set that connections are made by
        self._trusted |= {host for url in urls if (host := urlsplit(url).hostname)}

    def get(self, question: Question) -> AbstractAsyncContextManager[Answer]:
        """A GET without httpx's layers, which cost more than all that they stand upon."""
        return self._connections.get(question.url, question.headers)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._carrier is None:  # by several at a time, perhaps: who comes first makes it
            loaded = await asyncio.to_thread(import_module, "server.carrier")
            self._carrier = self._carrier or loaded.carrier(self._resolve)
        return await self._carrier.handle_async_request(request)

    async def aclose(self) -> None:
        self._connections.close()
        if self._carrier is not None:
            await self._carrier.aclose()
