"""Shedding: a flood is refused before it is a request, so that refusing takes no time from answers.

While no execution can begin for those whom nobody knows (`concurrency.py`), a text
without a key is looked at here, on the wire: if its answer is known, or anything about
it is not plain, it goes the usual way; else it is refused with finished bytes. Where
what the network brought is one whole request, as it mostly is, not even its head is
parsed (`plain.py`), and of who asks the same again but for its variables nothing else is
read (`refused.py`). What is the same for all that come in one turn of the event loop is
found out once; all are counted as any other request, but only once a second, when the log
has one line for them.
"""

import asyncio
from collections import Counter
from typing import Any

import orjson
import structlog

from server.asked import Asked
from server.clients import Caller, Client, line, network
from server.concurrency import OVERLOADED, RETRY_S, Place, Priority, overloaded
from server.errors import RequestError
from server.gate import Gate
from server.live import Operation
from server.logs import REQUEST_ID, request_id
from server.parameters import Parameters
from server.plain import GRAPHQL, HEADS, JSON, Plain, before_variables, begun, is_plain, read
from server.remembered import Remembered, named
from server.visit import Visit
from server.wired import Response

log = structlog.get_logger("server")

EACH_S = 1.0  # between two lines of the log
NETWORKS = 5  # that one of them names
TEXTS = 256  # of which we know what they ask
NEXT = b"\r\n"
BODY = orjson.dumps({"errors": [overloaded().formatted]})
HEAD = (  # up to the request's id
    b"vary: Accept, Origin\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n"
    b"retry-after: %d\r\ncontent-length: %d\r\ncontent-type: %%b; charset=utf-8\r\n%b: "
) % (RETRY_S, len(BODY), REQUEST_ID)
HEADED = {media_type: HEAD % media_type for media_type in (JSON, GRAPHQL)}


class Same:
    """What requests have in common that ask the same of us, but for its variables."""

    __slots__ = ("at", "begins", "known", "plain", "version")

    def __init__(
        self, plain: Plain, begins: bytes, known: tuple[bytes, str | None], version: int
    ) -> None:
        self.plain = plain
        self.begins = begins  # of their bodies
        self.at = len(plain.head) + len(begins)  # where variables begin
        self.known = known
        self.version = version  # of the documents that it is known by

    def says(self, data: bytes) -> bool:
        """Whether these bytes begin like that."""
        plain = self.plain
        return (
            len(data) == plain.size
            and data.startswith(plain.head)
            and data.startswith(self.begins, len(plain.head))
        )


class Shedding:
    """Refuses at the door what would be refused further in."""

    def __init__(self, gate: Gate, remembered: Remembered) -> None:
        self._gate = gate
        self._remembered = remembered
        self._left: int | None = None  # places for those who come in this turn of the loop
        # What a text and the name of its operation ask; None if that is not refused.
        self._texts: dict[tuple[str, str | None], tuple[bytes, str | None] | None] = {}
        self._begins: dict[bytes, bytes] = {}  # of bodies that ask them: one of each for all
        self._same: dict[Plain, Same | None] = {}  # that was refused with these heads
        self._version = 0  # of the documents
        self._networks: Counter[str] = Counter()  # of those that nobody was told of yet
        self._telling: asyncio.TimerHandle | None = None
        self._place: Place | None = None  # of nobody in particular
        client = gate.clients.anonymous  # whose texts are not looked at one by one:
        if client is not None and client.mode != "safelist" and not client.log_unknown:
            self._place = Place(gate.concurrency, Priority.ANONYMOUS, Caller(client, ""))

    @property
    def shut(self) -> bool:
        """Whether somebody was refused within this second: the next may be, unparsed."""
        return self._telling is not None

    def unparsed(self, data: bytes, client: tuple[str, int] | None, app: Any) -> Response | None:
        """What a client is told, if these bytes are one plain request; None if it is let in."""
        plain = None if self._room() > 0 else begun(data)
        if plain is None:
            return None
        return self._told(plain, data[len(plain.head) :], plain.asked.host(client, app))

    def same(self, data: bytes) -> Same | None:
        """What others have in common with these bytes, which were refused unparsed.

        None if that is not known, or nobody has sent such a head before: it may be the last.
        """
        plain = begun(data)
        if plain is None:
            return None
        found = self._same.get(plain)
        if found is None or not self.still(found, data):
            seen = plain in self._same
            if len(self._same) >= HEADS:
                self._same.clear()
            found = self._same[plain] = self._found(plain, data) if seen else None
        return found

    def still(self, same: Same, data: bytes) -> bool:
        """Whether these bytes have that in common with others, as far as we still know."""
        return same.version == self._version and same.says(data)

    def _found(self, plain: Plain, data: bytes) -> Same | None:
        body = data[len(plain.head) :]
        given = read(body)
        known = self._texts.get((given.query or "", given.operation_name or None))
        begins = before_variables(body, given) if known else None
        if known is None or begins is None:
            return None
        if len(self._begins) >= TEXTS:
            self._begins.clear()
        return Same(plain, self._begins.setdefault(begins, begins), known, self._version)

    def again(self, same: Same, data: bytes, host: str, net: str) -> Response | None:
        """What a client at `host` is told, if these bytes are the same; None if that takes more."""
        plain, place = same.plain, self._place
        if (
            self._room() > 0
            or not self.still(same, data)
            or not data.endswith(b"}")
            or place is None
        ):
            return None
        try:
            variables = orjson.loads(data[same.at : -1])
            if type(variables) is not dict or self._answered(same.known, variables, plain, place):
                return None
        except (ValueError, TypeError):
            return None
        return self._refused(plain, host, net, place)

    def at_once(self, asked: Asked, host: str) -> Response | None:
        """What a client at `host` is told; None if that is not for us to say."""
        left = self._room()
        if left > 0:
            self._left = left - 1  # it has yet to find its place
            return None
        return self._told(Plain(asked), asked.body, host) if is_plain(asked) else None

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
            if self._version != self._gate.documents.version:
                self._version = self._gate.documents.version
                self._forget()
        return self._left

    def _turn(self) -> None:
        self._left = None

    def _forget(self) -> None:
        self._texts.clear()
        self._begins.clear()
        self._same.clear()

    def _told(self, plain: Plain, body: bytes, host: str) -> Response | None:
        place = self._place
        if place is None:
            return None
        try:
            if self._has_better(read(body), plain, place):
                return None
        except (ValueError, TypeError, RecursionError, RequestError):  # which is said further in
            return None
        return self._refused(plain, host, network(line(host)), place)

    def _refused(self, plain: Plain, host: str, net: str, place: Place) -> Response:
        name = request_id(plain.request)
        if not self._traced(place, host, name, plain.asked):
            self._networks[net] += 1
            if self._telling is None:
                self._telling = asyncio.get_running_loop().call_later(EACH_S, self._tell)
        return Response(503, HEADED[plain.media_type] + name + NEXT, BODY)

    def _has_better(self, given: Parameters, plain: Plain, place: Place) -> bool:
        """Whether it has an answer already, or a better claim to one; RequestError."""
        if not given.query or given.document_id or given.doc_id or given.id:
            return True
        if given.extensions and "persistedQuery" in given.extensions:
            return True
        text = given.query, given.operation_name or None
        if text not in self._texts:
            if not self._gate.documents.planned(given, place.caller.client):
                return False
            if len(self._texts) >= TEXTS:
                self._forget()
            self._texts[text] = self._named(*text, place.caller.client)
        known = self._texts[text]
        if known is None:
            return True
        return self._answered(known, given.variables or {}, plain, place)

    def _answered(
        self, known: tuple[bytes, str | None], variables: dict[str, Any], plain: Plain, place: Place
    ) -> bool:
        """Whether it is known what that comes to, or is being found out."""
        sorted_ = orjson.dumps(variables, option=orjson.OPT_SORT_KEYS)
        key = (*known, sorted_, plain.spoken)
        return self._remembered.has(key, place.caller.client.deadline_s, place)

    def _named(
        self, text: str, name: str | None, client: Client
    ) -> tuple[bytes, str | None] | None:
        """What a text asks; None if it is published, or open to live updates. RequestError."""
        document = self._gate.documents.sent(text, client)
        operation = Operation(document.plan, name, {})
        return None if document.published or operation.is_subscription else named(operation)

    def _traced(self, place: Place, host: str, name: bytes, asked: Asked) -> bool:
        """Whether it is told of by itself, since it is the turn of one."""
        tracing = self._gate.tracing
        if tracing is None or not tracing.due(asked.headers):
            return False
        visit = Visit(Caller(place.caller.client, line(host)), request=name.decode())
        visit.span = tracing.request(asked.scope["headers"], visit)
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
