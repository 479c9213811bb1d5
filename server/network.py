"""Network: how calls leave this machine, and which addresses they may not reach."""

import ipaddress
import socket
import ssl
from collections.abc import Container, Iterable
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

from cities import City
from server.connections import Connections
from sources.exchange import Answer, Question

CONNECTIONS = 100


class PublicOnly(AbstractResolver):
    """Resolves names, but to public addresses only, whatever the name server says.

    A city's file, or a payload, may name a host; it must not make us ask our own
    neighbours. `trusted` hosts may be anywhere: the sandbox, or a private network
    that a city file allows; they may become others.
    """

    def __init__(self, trusted: Container[str]) -> None:
        self._inner = aiohttp.ThreadedResolver()
        self._trusted = trusted

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if host in self._trusted:
            return found
        public = [one for one in found if ipaddress.ip_address(one["host"]).is_global]
        if not public:
            raise OSError(f"{host} has no public address")
        return public

    async def close(self) -> None:
        await self._inner.close()


class Network(AiohttpTransport):
    """httpx's transport over aiohttp's connections; plain GETs have connections of their own.

    `upstream` and the cities' private networks are hosts that may be anywhere. See decision 0001.
    """

    def __init__(self, upstream: str | None, cities: Iterable[City] = ()) -> None:
        self._upstream = upstream
        self._trusted: set[str] = set()
        self._resolver: PublicOnly | None = None
        self._connections = Connections(self._resolve)
        self.trust(cities)
        # Its own context would be made in vain, which takes 20 ms: the session has one.
        super().__init__(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), client=self._session)

    def trust(self, cities: Iterable[City]) -> None:
        """Ask private addresses for these cities from now on, and no others."""
        private = [b for city in cities for b in city.bindings.values() if b.private_network]
        urls = [self._upstream or "", *(str(b.options.get("url", "")) for b in private)]
        self._trusted.clear()  # the one set that connections are made by
        self._trusted |= {host for url in urls if (host := urlsplit(url).hostname)}

    def _session(self) -> aiohttp.ClientSession:  # made late: it wants a running loop
        connector = aiohttp.TCPConnector(limit=CONNECTIONS, resolver=PublicOnly(self._trusted))
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    def get(self, question: Question) -> AbstractAsyncContextManager[Answer]:
        """A GET without httpx's layers, which cost more than all that they stand upon."""
        return self._connections.get(question.url, question.headers)

    async def aclose(self) -> None:
        self._connections.close()
        await super().aclose()

    async def _resolve(self, host: str, port: int) -> list[ResolveResult]:
        if self._resolver is None:  # made late: it wants a running loop
            self._resolver = PublicOnly(self._trusted)
        return await self._resolver.resolve(host, port, socket.AF_UNSPEC)
