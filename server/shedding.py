"""Shedding: a flood is refused before it is a request, so that refusing takes no time from answers.

While no execution can begin for those whom nobody knows (`concurrency.py`), a text
without a key is looked at here, on the wire: if its answer is known, or anything about
it is not plain, it goes the usual way; else it is refused with finished bytes. Where
what the network brought is one whole request, as it mostly is, not even its head is
parsed: whoever asks again sends the same one. What is the same for all that come in one
turn of the event loop is found out once; all are counted as any other request, but only
once a second, when the log has one line for them.
"""

import asyncio
from collections import Counter
from functools import lru_cache
from typing import Any

import httptools
import msgspec
import orjson
import structlog

from server.accept import language as preferred
from server.asked import LARGE, Asked
from server.clients import Caller, Client, line, network
from server.concurrency import OVERLOADED, RETRY_S, Place, Priority, overloaded
from server.errors import RequestError
from server.finished import Headers, Response
from server.gate import Gate
from server.live import Operation
from server.logs import REQUEST_ID, request_id
from server.parameters import Parameters
from server.remembered import Remembered, named
from server.visit import Visit

log = structlog.get_logger("server")

EACH_S = 1.0  # between two lines of the log
NETWORKS = 5  # that one of them names
MAX_HEAD = 2_048  # bytes of a head that is worth knowing again,
HEADS = 512  # and how many are
TEXTS = 256  # of which we know what they ask
# With any of these a request is not plain.
UNUSUAL = frozenset(
    b"authorization content-encoding expect origin transfer-encoding upgrade"
    b" x-api-key x-poche-explain".split()
)
PATH, LENGTH = "/graphql", b"content-length"
NEXT, END = b"\r\n", b"\r\n\r\n"
JSON, GRAPHQL = b"application/json", b"application/graphql-response+json"
BODY = orjson.dumps({"errors": [overloaded().formatted]})
HEAD = (  # up to the request's id
    b"vary: Accept, Origin\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n"
    b"retry-after: %d\r\ncontent-length: %d\r\ncontent-type: %%b; charset=utf-8\r\n%b: "
) % (RETRY_S, len(BODY), REQUEST_ID)
HEADED = {media_type: HEAD % media_type for media_type in (JSON, GRAPHQL)}
read = msgspec.json.Decoder(Parameters).decode


class Plain:
    """The head of a POST of JSON, by somebody who has no key, is no page, and takes JSON."""

    __slots__ = ("asked", "head", "length", "request", "spoken")

    def __init__(self, asked: Asked, length: int) -> None:
        headers = asked.headers
        self.asked = asked
        self.length = length  # of its body
        self.head = HEADED[GRAPHQL if headers[b"accept"].startswith(GRAPHQL) else JSON]
        self.request = headers.get(REQUEST_ID, b"")
        self.spoken = preferred(headers.get(b"accept-language", b"").decode("latin-1"))


class Shedding:
    """Refuses at the door what would be refused further in."""

    def __init__(self, gate: Gate, remembered: Remembered) -> None:
        self.shut = False  # nobody was let in of late: a request may be refused unparsed
        self._gate = gate
        self._remembered = remembered
        self._left: int | None = None  # places for those who come in this turn of the loop
        # What a text and the name of its operation ask; None if that is not refused.
        self._texts: dict[tuple[str, str | None], tuple[bytes, str | None] | None] = {}
        self._version = 0  # of the documents
        self._networks: Counter[str] = Counter()  # of those that nobody was told of yet
        self._telling: asyncio.TimerHandle | None = None
        self._place: Place | None = None  # of nobody in particular
        client = gate.clients.anonymous  # whose texts are not looked at one by one:
        if client is not None and client.mode != "safelist" and not client.log_unknown:
            self._place = Place(gate.concurrency, Priority.ANONYMOUS, Caller(client, ""))

    def unparsed(self, data: bytes, client: tuple[str, int] | None, app: Any) -> Response | None:
        """What a client is told, if these bytes are one plain request; None if it is let in."""
        if self._room() > 0:
            self.shut = False
            return None
        end = data.find(END, 0, MAX_HEAD) + len(END)
        if end < len(END) or len(data) > LARGE:
            return None
        plain = _headed(data[:end])
        if plain is None or plain.length != len(data) - end:
            return None
        return self._told(plain, data[end:], plain.asked.host(client, app))

    def at_once(self, asked: Asked, host: str) -> Response | None:
        """What a client at `host` is told; None if that is not for us to say."""
        left = self._room()
        if left > 0:
            self._left = left - 1  # it has yet to find its place
            return None
        self.shut = True
        return self._told(Plain(asked, 0), asked.body, host) if _plain(asked) else None

    def close(self) -> None:
        """Tell what nobody was told yet."""
        if self._telling is not None:
            self._telling.cancel()
            self._tell()

    def _room(self) -> int:
        """How many more may be let in, of those that come in this turn of the loop."""
        if self._left is None:
            self._left = self._gate.concurrency.room(Priority.ANONYMOUS)
            asyncio.get_running_loop().call_soon(self._turn)
        return self._left

    def _turn(self) -> None:
        self._left = None

    def _told(self, plain: Plain, body: bytes, host: str) -> Response | None:
        place = self._place
        if place is None:
            return None
        try:
            if self._has_better(read(body), plain.spoken, place):
                return None
        except (ValueError, TypeError, RecursionError, RequestError):  # which is said further in
            return None
        name = request_id(plain.request)
        if self._gate.tracing is None or not self._traced(place, host, name, plain.asked):
            self._networks[network(line(host))] += 1
            if self._telling is None:
                self._telling = asyncio.get_running_loop().call_later(EACH_S, self._tell)
        return Response(503, plain.head + name + NEXT, BODY)

    def _has_better(self, given: Parameters, spoken: str, place: Place) -> bool:
        """Whether it has an answer already, or a better claim to one; RequestError."""
        if not given.query or given.document_id or given.doc_id or given.id:
            return True
        if given.extensions and "persistedQuery" in given.extensions:
            return True
        if self._version != self._gate.documents.version:
            self._version = self._gate.documents.version
            self._texts.clear()
        text = given.query, given.operation_name or None
        if text not in self._texts:
            if not self._gate.documents.planned(given, place.caller.client):
                return False
            if len(self._texts) >= TEXTS:
                self._texts.clear()
            self._texts[text] = self._named(*text, place.caller.client)
        known = self._texts[text]
        if known is None:
            return True
        variables = orjson.dumps(given.variables or {}, option=orjson.OPT_SORT_KEYS)
        deadline_s = place.caller.client.deadline_s
        return self._remembered.has((*known, variables, spoken), deadline_s, place)

    def _named(
        self, text: str, name: str | None, client: Client
    ) -> tuple[bytes, str | None] | None:
        """What a text asks; None if it is published, or open to live updates. RequestError."""
        document = self._gate.documents.sent(text, client)
        operation = Operation(document.plan, name, {})
        return None if document.published or operation.is_subscription else named(operation)

    def _traced(self, place: Place, host: str, name: bytes, asked: Asked) -> bool:
        """Whether it is told of by itself, since it is the turn of one."""
        visit = Visit(Caller(place.caller.client, line(host)), request=name.decode())
        self._gate.trace(visit, asked.scope, asked.headers)
        if visit.span is None:
            return False
        self._gate.concurrency.refused[Priority.ANONYMOUS] += 1
        visit.refused(overloaded())
        self._gate.ended(visit)
        return True

    def _tell(self) -> None:
        """Tell the metrics and the log of all since the last time."""
        self._telling = None
        networks, self._networks = self._networks, Counter()
        requests = networks.total()
        self._gate.concurrency.refused[Priority.ANONYMOUS] += requests
        if self._place is not None:
            self._gate.metrics.refuse(self._place.caller.client.name, OVERLOADED, requests)
        log.warning(
            "refused",
            code=OVERLOADED,
            requests=requests,
            networks=dict(networks.most_common(NETWORKS)),
        )


def _plain(asked: Asked) -> bool:
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
    plain = kept_open and not twice and length.isdigit() and _plain(asked)
    return Plain(asked, int(length)) if plain else None
