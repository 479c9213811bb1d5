"""Asked: one request that is all there, and what everybody looks for in it, looked for once."""

from typing import Any

from starlette.types import Scope
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

# All that an answer depends on besides method, URL and body.
HEADERS = frozenset(
    b"accept accept-encoding accept-language authorization content-encoding content-type"
    b" if-none-match origin x-api-key x-poche-explain x-poche-sources".split()
)
FORWARDED = b"x-forwarded-for"
LARGE = 16_384  # bytes of a body that are worth comparing

Key = tuple[Any, ...]


class Asked:
    """A request: its scope and its body; `headers` has the last of each name.

    `key` is the same for requests that have the same answer, `said` is all of it but the body;
    `hops` is what proxies say of where it comes from.
    """

    __slots__ = ("body", "headers", "hops", "key", "said", "scope")

    def __init__(self, scope: Scope, body: bytes) -> None:
        self.scope = scope
        self.body = body
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.hops = ""
        if FORWARDED in self.headers:
            hops = [value for name, value in scope["headers"] if name == FORWARDED]
            self.hops = b", ".join(hops).decode("latin-1")
        self.said = said(scope)
        self.key = (body, self.said)

    def host(self, client: tuple[str, int] | None, app: Any) -> str:
        """Where the client of a connection is, as uvicorn tells the application."""
        host = client[0] if client else ""
        if not self.hops or not isinstance(app, ProxyHeadersMiddleware):
            return host
        proxies = app.trusted_hosts
        return (host in proxies and proxies.get_trusted_client_address(self.hops)[0]) or host

    def with_body(self, body: bytes) -> "Asked":
        """The same request with another body."""
        other = object.__new__(Asked)
        other.scope, other.headers, other.hops = self.scope, self.headers, self.hops
        other.body, other.said, other.key = body, self.said, (body, self.said)
        return other


def key(scope: Scope, body: bytes) -> Key:
    """The same for requests that have the same answer."""
    return body, said(scope)


def said(scope: Scope) -> Key:
    headers = [pair for pair in scope["headers"] if pair[0] in HEADERS]
    return (scope["method"], scope["path"], scope["query_string"], *headers)
