"""Exchange: one question over the network and the answer to it, whoever carries them.

The door asks in these words. Two carriers know them: httpx, for whatever there is, and a
shorter way for plain GETs, which most questions are (decision 0001).
"""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urljoin

import httpx

from cities import Binding

REDIRECTS = frozenset({301, 302, 303, 307, 308})
# An origin, then a path without dots to follow, and parameters, in which nothing is to be escaped.
TEXT = r"(?:[A-Za-z0-9_.,:;=@!$&'()*+~{more}-]++|%[0-9A-F]{{2}})*+"
PLAIN = re.compile(
    rf"(https?://[a-z0-9.:-]++)(?:/(?!\.){TEXT.format(more='')})*+(?:\?{TEXT.format(more='/?')})?"
)


class Question(NamedTuple):
    """What is asked; `host` is whom, also where the URL is that of the sandbox instead."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    host: str
    binding: Binding

    def moved(self, answer: "Answer") -> "Question | None":
        """The same, asked where a redirect leads to; None if the answer is none.

        As browsers do it: a POST becomes a GET, unless it is told to stay one.
        """
        location = answer.headers.get("location")
        if answer.status not in REDIRECTS or location is None:
            return None
        moved = self._replace(url=str(httpx.URL(urljoin(self.url, location))))
        return moved if answer.status in (307, 308) else moved._replace(method="GET", body=None)

    @property
    def told(self) -> tuple[str, Mapping[str, str]]:
        """What it is called in a trace, and whom it asks; never what for: a URL may have a key."""
        return _told(self.method, self.host, self.binding.source)

    def with_headers(self, more: Mapping[str, str]) -> "Question":
        """The same, and these said, too."""
        return self._replace(headers={**self.headers, **more}) if more else self


class Answer(NamedTuple):
    """What came back: headers by names of any case, and the body as it comes, still compressed."""

    status: int
    reason: str
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


@lru_cache(maxsize=1_024)
def _told(method: str, host: str, source: str) -> tuple[str, Mapping[str, str]]:
    about = {"http.request.method": method, "server.address": host, "poche.source": source}
    return f"{method} {source}", about


Exchange = Callable[[Question], AbstractAsyncContextManager[Answer]]


class Unconnected(Exception):
    """The question did not get there; any other failure may have any type."""


def over_httpx(client: httpx.AsyncClient) -> Exchange:
    """By a client of httpx; the table that asks is the request's extension `binding`."""

    @asynccontextmanager
    async def exchange(question: Question) -> AsyncIterator[Answer]:
        timeout = httpx.Timeout(question.binding.timeout_s).as_dict()
        request = httpx.Request(
            question.method,
            question.url,
            headers=question.headers,
            content=question.body,
            extensions={"timeout": timeout, "binding": question.binding},
        )
        try:
            response = await client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unconnected(str(error)) from error
        try:
            yield Answer(
                response.status_code, response.reason_phrase, response.headers, _chunks(response)
            )
        finally:
            await response.aclose()

    return exchange


async def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    if response.is_stream_consumed:  # a replayed answer is whole already
        yield response.content
        return
    async for chunk in response.aiter_raw():
        yield chunk


class Address(NamedTuple):
    """Where something is asked: everything in its URL is escaped that has to be."""

    url: str
    scheme: str
    host: str
    port: int | None  # None: the scheme's own

    def at_home(self, home: "Address") -> bool:
        """Whether it is the same host, and no less private on the way."""
        same = (self.host, self.port) == (home.host, home.port)
        return same and self.scheme in ("https", home.scheme)


def parsed(url: str) -> Address:
    """An address; httpx.InvalidURL. What httpx would leave as it is does not take its 50 µs."""
    plain = PLAIN.fullmatch(url)
    if plain is not None:
        origin = escaped(plain[1])
        if origin.url == plain[1]:
            return Address(url, *origin[1:])
    return escaped(url)


@lru_cache(maxsize=1_024)
def escaped(url: str) -> Address:
    """The same, for what comes again and again, such as the address in a city file."""
    found = httpx.URL(url)
    return Address(str(found), found.scheme, found.host, found.port)
