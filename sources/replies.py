"""Replies: how much of what comes from outside is let in, and what its headers may ask for."""

import asyncio
import ipaddress
import zlib
from collections.abc import AsyncIterable, Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from cities import Binding
from sources.errors import Changed, Unavailable

DAY_S = 86_400.0
STEP = 1 << 20  # bytes that are inflated at once
# How one asks, by the header that said what a payload is to be recognised by.
CONDITIONS = {"etag": "if-none-match", "last-modified": "if-modified-since"}
# What an upstream gave to recognise a payload by, per URL, as the headers to ask with.
Validators = Mapping[str, Mapping[str, str]]


class NotModified(Exception):
    """The upstream says that what we read last time still holds."""


@lru_cache(maxsize=1_024)
def is_private(host: str) -> bool:
    """Whether a literal address, or the name `localhost`, is not of the public internet."""
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until an upstream wants to be asked again, if it says so; a day at most."""
    text = headers.get("retry-after", "").strip()
    try:
        if text.isdecimal():
            return min(float(text), DAY_S)
        return min(max(0.0, (parsedate_to_datetime(text) - now).total_seconds()), DAY_S)
    except (ValueError, TypeError, OverflowError):
        return None


async def bounded(chunks: AsyncIterable[bytes], encoding: str, binding: Binding) -> bytes:
    """The decompressed body; Changed as soon as it is larger than the binding allows.

    Decompressed here, in bounded steps: a bomb is never inflated to its full size.
    """
    left, encoding = binding.max_bytes, encoding.strip().lower()
    if encoding not in ("identity", "", "gzip", "deflate"):
        raise Changed(f"an encoding that was not asked for: {encoding[:40]}", binding)
    inflate = zlib.decompressobj(47) if encoding in ("gzip", "deflate") else None
    parts: list[bytes] = []
    try:
        async for chunk in chunks:
            for part in (chunk,) if inflate is None else _inflated(inflate, chunk):
                left -= len(part)
                if left < 0:
                    raise Changed(f"larger than {binding.max_bytes} bytes", binding)
                parts.append(part)
                if len(part) >= STEP:
                    await asyncio.sleep(0)  # others have their turn between two steps
    except zlib.error as error:
        raise Changed(f"not {encoding}: {error}", binding) from error
    if inflate is not None and not inflate.eof:
        raise Unavailable("cut off in the middle", binding)
    return b"".join(parts)


def _inflated(inflate: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    """What a chunk inflates to, a bounded step at a time."""
    while chunk:
        yield inflate.decompress(chunk, STEP)
        chunk = inflate.unconsumed_tail
