"""Prepared: a question that comes again with other variables is looked up, not found out again.

Who asks, what their headers want, which document it is, what that costs and names: all of it
is the same for the same headers and the same words, until a file of cities, clients or documents
is read again, or a key ends with its day. Whether a client may ask so often, and whether there is
room for it, is another thing each time, and asked each time.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from resolvers.loaders import language
from server.asked import Asked
from server.clients import Caller
from server.errors import RequestError
from server.gate import Gate
from server.live import Operation
from server.parameters import Parameters, Whole, from_json
from server.visit import Visit

MOST, MOST_BYTES = 1_000, 500_000  # questions, and bytes of them: as much as there are plans


class Question(NamedTuple):
    """One that was asked, and may be asked again with other variables.

    `priced` is whether these make no difference to what it costs and names.
    """

    visit: Visit
    operation: Operation
    media_type: str
    language: str
    priced: bool
    variables: Mapping[str, Any]

    def again(self, visit: Visit) -> Operation:
        """What is asked this time, by the same client, perhaps from elsewhere."""
        first = self.visit
        visit.caller = Caller(first.caller.client, visit.caller.address)
        visit.document, visit.type, visit.operation = first.document, first.type, first.operation
        visit.cost, visit.uses = first.cost, first.uses
        return Operation(self.operation.plan, self.operation.name, self.variables)


class Prepared:
    """The questions of late."""

    def __init__(self, gate: Gate, clock: Callable[[], datetime], max_body: int) -> None:
        self._gate = gate
        self._clock = clock
        self._max_body = max_body
        self._since: tuple[int, date] | None = None
        self._known: dict[Any, Question] = {}
        self._bytes = 0

    def find(self, request: Whole) -> Question | None:
        """What was asked before in the same words, if a request is whole and all right so far."""
        if len(request.asked.body) > self._max_body:
            return None
        try:
            asked = request.parameters = from_json(request.asked.body)
        except RequestError:  # which is said further in
            return None
        request.since = self._now()
        known = self._known.get(_key(request.asked, asked)) if _plain(asked) else None
        return known and Question(*known[:-1], asked.variables or {})  # quicker than `_replace`

    def note(self, request: Whole, visit: Visit, operation: Operation, media_type: str) -> None:
        """This was found out about a request that was let in."""
        asked, document, plan = request.parameters, visit.document, operation.plan
        if asked is None or not _plain(asked) or request.since != self._now():
            return
        if document is None or not (document.published or document.id is None):
            return  # what clients register may be forgotten
        size = len(request.asked.body)
        if len(self._known) >= MOST or self._bytes + size > MOST_BYTES:
            self._forget()
        self._bytes += size
        priced = visit.operation in plan.estimates and not plan.telling.get(visit.operation)
        question = Question(visit, operation, media_type, language.get(), priced, {})
        self._known[_key(request.asked, asked)] = question

    def _now(self) -> tuple[int, date]:
        """What nothing outlives that is known here."""
        since = self._gate.version, self._clock().date()
        if since != self._since:
            self._since = since
            self._forget()
        return since

    def _forget(self) -> None:
        self._known.clear()
        self._bytes = 0


def _plain(asked: Parameters) -> bool:
    """Whether it names its document in no way but one of the two that are looked at here."""
    return not (asked.extensions or asked.doc_id or asked.id)


def _key(asked: Asked, given: Parameters) -> Any:
    return asked.said, given.query, given.document_id, given.operation_name
