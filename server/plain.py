"""Plain: one request that is told apart by its bytes, since whoever asks again sends the same head.

Most of a flood are POSTs of JSON by somebody who has no key, is no page, and takes JSON. Of
these nothing but the body is another one each time, and of the body the variables.
"""

from functools import lru_cache

import httptools
import msgspec

from server.accept import language as preferred
from server.asked import LARGE, Asked
from server.logs import REQUEST_ID
from server.parameters import Parameters
from server.wired import Headers

MAX_HEAD = 2_048  # bytes of a head that is worth knowing again,
HEADS = 512  # and how many are
# With any of these a request is not plain.
UNUSUAL = frozenset(
    b"authorization content-encoding expect origin transfer-encoding upgrade"
    b" x-api-key x-poche-explain".split()
)
PATH, LENGTH, END = "/graphql", b"content-length", b"\r\n\r\n"
JSON, GRAPHQL = b"application/json", b"application/graphql-response+json"
VARIABLES, PROBED, PROBE = b'"variables"', {"probe": 0}, b'{"probe":0}}'
read = msgspec.json.Decoder(Parameters).decode


class Plain:
    """The head of a plain request; `size` is that of all of it, `media_type` what it takes."""

    __slots__ = ("asked", "head", "media_type", "request", "size", "spoken")

    def __init__(self, asked: Asked, head: bytes = b"", length: int = 0) -> None:
        headers = asked.headers
        self.asked = asked
        self.head = head
        self.size = len(head) + length
        self.media_type = GRAPHQL if headers[b"accept"].startswith(GRAPHQL) else JSON
        self.request = headers.get(REQUEST_ID, b"")
        self.spoken = preferred(headers.get(b"accept-language", b"").decode("latin-1"))


def begun(data: bytes) -> Plain | None:
    """The head of what is one whole plain request; None of anything else."""
    end = data.find(END, 0, MAX_HEAD) + len(END)
    if end < len(END) or len(data) > LARGE:
        return None
    plain = _headed(data[:end])
    return plain if plain is not None and plain.size == len(data) else None


def before_variables(body: bytes, given: Parameters) -> bytes | None:
    """What a body, which was read, begins with, if all that follows are its variables."""
    begins = body[: body.find(b"{", body.rfind(VARIABLES))]
    if given.variables is None or given.variables == PROBED:
        return None
    try:
        probed = read(begins + PROBE)  # it goes on where others do, and says what it said
    except (ValueError, TypeError, RecursionError):
        return None
    return begins if probed == msgspec.structs.replace(given, variables=PROBED) else None


def is_plain(asked: Asked) -> bool:
    """Whether it is a POST of JSON, by somebody who has no key, is no page, and takes JSON."""
    scope, headers = asked.scope, asked.headers
    return (
        scope["method"] == "POST"
        and scope["path"] == PATH
        and headers.get(b"content-type", b"").lower() == JSON
        and headers.get(b"accept", b"").startswith((JSON, GRAPHQL))
        and UNUSUAL.isdisjoint(headers)
    )


class _Head:
    """Takes down what a parser finds in a head."""

    def __init__(self) -> None:
        self.url = b""
        self.headers: Headers = []

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))


@lru_cache(maxsize=HEADS)
def _headed(raw: bytes) -> Plain | None:
    """What such a head begins, if that is plain and says how long its body is; parsed once."""
    head = _Head()
    parser = httptools.HttpRequestParser(head)
    try:
        parser.feed_data(raw)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return None
    scope = {
        "method": parser.get_method().decode("ascii"),
        "path": head.url.decode("latin-1"),
        "query_string": b"",
        "headers": head.headers,
    }
    asked = Asked(scope, b"")
    kept_open = parser.get_http_version() == "1.1" and parser.should_keep_alive()
    twice = len(asked.headers) < len(head.headers)
    length = asked.headers.get(LENGTH, b"")
    plain = kept_open and not twice and length.isdigit() and is_plain(asked)
    return Plain(asked, raw, int(length)) if plain else None
