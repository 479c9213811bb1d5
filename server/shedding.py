"""Shedding: a flood is refused before it is a request, so that refusing takes no time from answers.

While no execution can begin for those whom nobody knows (`concurrency.py`), a text
without a key is looked at here, on the wire: if its answer is remembered, or anything
about it is not plain, it goes the usual way; else it is refused with finished bytes,
at a fifth of what the usual way takes. It is counted and logged as any other.
"""

import asyncio
from collections.abc import Mapping

import msgspec
import orjson
from starlette.types import Scope

from resolvers.loaders import language
from server.accept import language as preferred
from server.clients import Caller, line
from server.concurrency import RETRY_S, Place, Priority
from server.errors import RequestError
from server.finished import Response
from server.gate import Gate
from server.live import Operation
from server.logs import REQUEST_ID, request_id
from server.parameters import Parameters
from server.references import reference
from server.remembered import Remembered
from server.visit import Visit

# With any of these a request is not plain.
UNUSUAL = frozenset(b"authorization content-encoding origin x-api-key x-poche-explain".split())
HEAD = b"vary: Accept, Origin\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n"
JSON, GRAPHQL = b"application/json", b"application/graphql-response+json"


class Shedding:
    """Refuses at the door what would be refused further in."""

    def __init__(self, gate: Gate, remembered: Remembered) -> None:
        self._gate = gate
        self._remembered = remembered
        self._let_in = 0  # since the last turn of the loop: they have yet to find their places

    def at_once(self, scope: Scope, body: bytes, host: str) -> Response | None:
        """What a client at `host` is told; None if that is not for us to say."""
        if self._let_in < self._gate.concurrency.room(Priority.ANONYMOUS):
            if not self._let_in:
                asyncio.get_running_loop().call_soon(self._turn)
            self._let_in += 1
            return None
        client, headers = self._gate.clients.anonymous, dict(scope["headers"])
        if client is None or client.mode == "safelist" or client.log_unknown:
            return None
        if not _plain(scope, headers):
            return None
        place = Place(self._gate.concurrency, Priority.ANONYMOUS, Caller(client, line(host)))
        spoken = language.set(preferred(headers.get(b"accept-language", b"").decode("latin-1")))
        try:
            if self._has_better(msgspec.convert(orjson.loads(body), Parameters), place):
                return None
        except (
            ValueError,
            RequestError,
        ):  # something is wrong with it, and that is said further in
            return None
        finally:
            language.reset(spoken)
        name, refusal = request_id(headers.get(REQUEST_ID, b"")), place.refused()
        visit = Visit(place.caller, request=name.decode())
        visit.refused(*refusal.errors)
        self._gate.trace(visit, scope)
        self._gate.ended(visit)
        media_type = GRAPHQL if headers[b"accept"].startswith(GRAPHQL) else JSON
        head = b"%bretry-after: %d\r\ncontent-type: %b; charset=utf-8\r\n%b: %b\r\n" % (
            HEAD,
            RETRY_S,
            media_type,
            REQUEST_ID,
            name,
        )
        found = orjson.dumps({"errors": [error.formatted for error in refusal.errors]})
        return Response(503, head + b"content-length: %d\r\n" % len(found), found)

    def _turn(self) -> None:
        self._let_in = 0

    def _has_better(self, asked: Parameters, place: Place) -> bool:
        """Whether it has an answer already, or a better claim to one; RequestError."""
        client, documents = place.caller.client, self._gate.documents
        if not asked.query or reference(asked) is not None:
            return True
        if not documents.planned(asked, client):
            return False
        document = documents.sent(asked.query, client)
        if document.published:
            return True
        operation = Operation(document.plan, asked.operation_name or None, asked.variables or {})
        return operation.is_subscription or self._remembered.knows(
            operation, client.deadline_s, place
        )


def _plain(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Whether it is a POST of JSON, by somebody who has no key, is no page, and takes JSON."""
    return (
        scope["method"] == "POST"
        and scope["path"] == "/graphql"
        and headers.get(b"content-type", b"").lower() == JSON
        and headers.get(b"accept", b"").startswith((JSON, GRAPHQL))
        and UNUSUAL.isdisjoint(headers)
    )
