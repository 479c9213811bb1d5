"""Replicas: the servers that a command asks, each at its own address, not at the balancer's."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated

import httpx
import typer

Addresses = Annotated[
    list[str],
    typer.Argument(
        help="A server, such as http://127.0.0.1:8000; of several replicas, each of them.",
        metavar="URL...",
        show_default=False,
    ),
]


@contextmanager
def clients(addresses: Iterable[str]) -> Iterator[list[httpx.Client]]:
    """Somebody to ask each of them; typer.BadParameter if one is no address.

    `/metrics`, as Prometheus has it, may stand behind, and `http://` may be left out.
    """
    try:
        bases = [_base(one) for one in addresses]
    except httpx.InvalidURL as error:
        raise typer.BadParameter(str(error)) from None
    with ExitStack() as stack:
        yield [stack.enter_context(httpx.Client(base_url=one, timeout=10)) for one in bases]


def _base(address: str) -> httpx.URL:
    whole = address if "://" in address else f"http://{address}"
    base = httpx.URL(whole.rstrip("/").removesuffix("/metrics"))
    if base.scheme not in ("http", "https") or not base.host:
        raise httpx.InvalidURL("it has no host, or is not of the web")
    return base


def named(client: httpx.Client) -> str:
    """The server that it asks, as people write it."""
    return str(client.base_url).rstrip("/")


def metrics(client: httpx.Client) -> str:
    """The text of `/metrics`; httpx.HTTPError."""
    return client.get("/metrics", headers={"Accept": "text/plain"}).raise_for_status().text


def brief(error: Exception) -> str:
    """In one line, what went wrong with asking one."""
    return next(iter(str(error).splitlines()), type(error).__name__)
