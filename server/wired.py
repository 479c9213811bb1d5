"""Wired: a response as it goes over the wire, in one piece."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

LAST_ANSWER = (b"connection", b"close")

Headers = list[tuple[bytes, bytes]]


class Response(NamedTuple):
    """One to be sent: its headers and their values are as they go over the wire."""

    status: int
    head: bytes
    body: bytes


def wired(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as they go over the wire."""
    return b"".join([b"%b: %b\r\n" % pair for pair in headers])


@lru_cache(maxsize=4)  # they are the same for a second
def ours(headers: tuple[tuple[bytes, bytes], ...]) -> tuple[bytes, bool]:
    """The headers that all answers have, and whether they say that a connection ends."""
    return wired(headers), LAST_ANSWER in headers


def in_one_piece(answer: Response, ours: bytes, *, bodiless: bool = False) -> bytes:
    """All of an answer."""
    body = b"" if bodiless else answer.body
    return b"".join((STATUS_LINE[answer.status], ours, answer.head, b"\r\n", body))
