"""Carrier: httpx's transport over aiohttp's connections, for all but plain GETs.

Loaded when it is first wanted: it takes a tenth of a start, and most servers never want it.
"""

import socket
import ssl

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

from server.connections import Resolve

CONNECTIONS = 100


class _Resolver(AbstractResolver):
    """Names as we resolve them, in aiohttp's words."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - none is preferred
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address[0],
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in await self._resolve(host, port)
        ]

    async def close(self) -> None:
        """There is nothing to close."""


def carrier(resolve: Resolve) -> AiohttpTransport:
    """A transport that asks whom `resolve` finds; needs a running loop."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, resolver=_Resolver(resolve))
    session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
    # Its own context would be made in vain, which takes 20 ms: the session has one.
    return AiohttpTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), client=session)
