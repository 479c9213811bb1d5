"""Exchange: one question over the network and the answer to it, whoever carries them.

The door asks in these words. Two carriers know them: httpx, for whatever there is, and a
shorter way for plain GETs, which most questions are (decision 0001).
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urljoin

import httpx

from cities import Binding

REDIRECTS = frozenset({301, 302, 303, 307, 308})


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


class Answer(NamedTuple):
    """What came back: headers by names of any case, and the body as it comes, still compressed."""

    status: int
    reason: str
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


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


@lru_cache(maxsize=1_024)  # a source asks for the same again and again, and it takes 30 µs
def parsed(url: str) -> httpx.URL:
    """An address, with everything in it escaped that has to be; httpx.InvalidURL."""
    return httpx.URL(url)
