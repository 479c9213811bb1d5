"""Network: how calls leave this machine, and which addresses they may not reach."""

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

from cities import City

CONNECTIONS = 100


class PublicOnly(AbstractResolver):
    """Resolves names, but to public addresses only, whatever the name server says.

    A city's file, or a payload, may name a host; it must not make us ask our own
    neighbours. `trusted` hosts may be anywhere: the sandbox, or a private network
    that a city file allows.
    """

    def __init__(self, trusted: Iterable[str]) -> None:
        self._inner = aiohttp.ThreadedResolver()
        self._trusted = frozenset(trusted)

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


def transport(upstream: str | None, cities: Iterable[City]) -> httpx.AsyncBaseTransport:
    """httpx's transport over aiohttp's connections; see decision 0001."""
    private = [b for city in cities for b in city.bindings.values() if b.private_network]
    urls = [upstream or "", *(str(binding.options.get("url", "")) for binding in private)]
    trusted = {host for url in urls if (host := urlsplit(url).hostname)}

    def session() -> aiohttp.ClientSession:  # made late: it wants a running loop
        resolver = PublicOnly(trusted)
        connector = aiohttp.TCPConnector(limit=CONNECTIONS, resolver=resolver)
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    return AiohttpTransport(client=session)
