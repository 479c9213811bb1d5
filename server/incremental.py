"""Incremental delivery: what a client can do without at first comes later, in parts.

Two formats of https://github.com/graphql/graphql-spec/pull/1110, both as `multipart/mixed`:
the one of 2023 (`incrementalSpec=v0.2`, or nothing more said), and what Apollo's clients ask for
as `deferSpec=20220824`, in which `@stream` is answered at once.
"""

from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from graphql import (
    GraphQLError,
    InitialIncrementalExecutionResult,
    SubsequentIncrementalExecutionResult,
)
from starlette.types import Receive, Scope, Send

from resolvers import Loaders
from resolvers.provenance import rested_on
from server.accept import options
from server.errors import mask
from server.interpreted import InParts
from server.streams import BOUNDARY, HEADERS, PART, Framing, Patient
from server.visit import Visit

Payload = InitialIncrementalExecutionResult | SubsequentIncrementalExecutionResult


def _framing(spec: str) -> Framing:
    return Framing(
        media_type=f'multipart/mixed; boundary="graphql"; {spec}',
        opening=BOUNDARY,
        before=PART,
        after=BOUNDARY,
        heartbeat=b"",
        closing=b"--\r\n",
    )


class Format(NamedTuple):
    """How parts are written; in the `old` one each says where it belongs, and none what is due."""

    framing: Framing
    old: bool = False


CURRENT = Format(_framing("incrementalSpec=v0.2"))
OLD = Format(_framing("deferSpec=20220824"), old=True)
SPECS = {(): CURRENT, ("incrementalspec=v0.2",): CURRENT, ("deferspec=20220824",): OLD}


@lru_cache(maxsize=256)
def wanted(accept: str) -> Format | None:
    """The format that a client names first; none is meant by `*/*`, and none by others' names."""
    for said in options(accept, "multipart/mixed"):
        known = SPECS.get(tuple(one for one in said if "spec=" in one))
        if known is not None:
            return known
    return None


class Begun(NamedTuple):
    """An answer in parts, the first of which is there."""

    results: InParts
    context: Loaders
    visit: Visit
    until: AsyncExitStack  # the last is sent: what is held so long


class Incremental(Patient):
    """The response that sends them."""

    def __init__(
        self, form: Format, begun: Begun, *, sources: bool, headers: dict[str, str]
    ) -> None:
        self._begun = begun
        self._old = form.old
        self._told: list[dict[str, Any]] | None = [] if sources else None
        self._due: dict[str, dict[str, Any]] = {}  # by id: where, and the label
        self._errors: list[GraphQLError] = []
        headers = {**headers, **HEADERS}
        del headers["Content-Type"]
        super().__init__(self._parts(form.framing), 200, headers, form.framing.media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._begun.until:
            try:
                await super().__call__(scope, receive, send)
            finally:
                self._begun.visit.answered(self._begun.context.touched, *self._errors)

    async def _parts(self, framing: Framing) -> AsyncGenerator[bytes, None]:
        first, later = self._begun.results
        try:
            yield framing.opening + framing.framed(self._body(first))
            async for result in later:
                yield framing.framed(self._body(result))
            yield framing.closing
        finally:  # of who has gone; otherwise nothing is left to wait for
            self._begun.context.abandon()
            await later.aclose()

    def _body(self, result: Payload) -> bytes:
        for error in _errors(result):
            mask(error)
            self._errors.append(error)
        body: dict[str, Any] = dict(result.formatted)
        if self._old:
            body = self._as_in_2022(body)
        if self._told is not None:
            found = rested_on(self._begun.context)
            if found != self._told:  # clients keep the last that they are told
                self._told = found
                body["extensions"] = {"sources": found}
        return orjson.dumps(body)

    def _as_in_2022(self, body: dict[str, Any]) -> dict[str, Any]:
        """The same, each part with its path and label in place of an id."""
        for due in body.pop("pending", ()):
            self._due[due["id"]] = due
        parts = [
            {**self._where(part.pop("id"), part.pop("subPath", ())), **part}
            for part in body.pop("incremental", ())
        ]
        for done in body.pop("completed", ()):
            if "errors" in done:  # nothing came
                parts.append({**self._where(done["id"]), "data": None, "errors": done["errors"]})
            del self._due[done["id"]]
        return {**body, "incremental": parts} if parts else body

    def _where(self, due_id: str, below: Iterable[str | int] = ()) -> dict[str, Any]:
        due = self._due[due_id]
        label = {"label": due["label"]} if "label" in due else {}
        return {"path": [*due["path"], *below], **label}


def _errors(result: Payload) -> Iterable[GraphQLError]:
    if isinstance(result, InitialIncrementalExecutionResult):
        yield from result.errors or ()
        return
    for part in (*(result.incremental or ()), *(result.completed or ())):
        yield from part.errors or ()
