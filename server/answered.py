"""Answered: one execution's answer, finished but for what each request has its own of."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from graphql import ExecutionResult

from resolvers import Loaders
from resolvers.provenance import told
from server import caching
from server.compiled.run import Written
from server.footing import FAR, Footing

OVERHEAD = 2_000  # bytes of an answer besides its data


class Answer:
    """What was executed at one moment, and by what one can tell whether that is still so.

    `data` is JSON. Nothing that it was made of is kept alive by it.
    """

    def __init__(self, result: ExecutionResult, context: Loaders, footing: Footing) -> None:
        self.data = result.json if isinstance(result, Written) else orjson.dumps(result.data)
        self.errors = tuple(result.errors or ())
        self.touched = footing.touched
        self.spoken = context.spoken
        self._footing = footing
        self._bases = None if self.errors else footing.bases
        self._since, self._until = context.now, context.until
        self._kept: dict[bool, bytes] = {}
        self._tags: dict[tuple[bool, str], str] = {}

    @property
    def size(self) -> int:
        """Bytes that it takes at most, roughly: its data is there alone, and in a body."""
        return OVERHEAD + 2 * len(self.data)

    @property
    def holding(self) -> caching.Holding:
        """How long it holds, for whoever keeps it."""
        holding = self._footing.holding
        return holding._replace(changes=self._until.timestamp()) if self._until else holding

    def lasts(self, now: datetime) -> bool:
        """Whether it may be looked at again later: errors may not, nor what is of this moment."""
        return self._bases is not None and (self._until is None or now < self._until)

    def stands(self, now: datetime) -> bool:
        """Whether it is what an execution would find now, without waiting for any source.

        Whoever asks that uses all of its sources, as an execution would.
        """
        return (
            self._bases is not None
            and self._since <= now
            and (self._until is None or now < self._until)
            and all(basis.stands(now) for basis in self._bases)
        )

    def stands_until(self, now: datetime) -> datetime:
        """Until when it stands for certain if nothing is read again; now, if that is not known."""
        if self._bases is None or now < self._since:
            return now
        return min(self._footing.stands_until(now), self._until or FAR)

    def body(self, *, sources: bool, now: datetime, **more: Any) -> bytes:
        """The response, as it is now; `sources` with their ages, and `more` of extensions."""
        return self._body(self._footing.told(now) if sources else b"[]", more)

    def kept_body(self, *, sources: bool) -> bytes:
        """The response, as it may be kept: the same for as long as it stands."""
        if sources not in self._kept:
            found = orjson.dumps(told(self._footing.grounds)) if sources else b"[]"
            self._kept[sources] = self._body(found, {})
        return self._kept[sources]

    def tag(self, media_type: str, *, sources: bool) -> str:
        """The ETag of what may be kept."""
        if (sources, media_type) not in self._tags:
            body = self.kept_body(sources=sources)
            self._tags[sources, media_type] = caching.tag(body, media_type)
        return self._tags[sources, media_type]

    def _body(self, sources: bytes, more: Mapping[str, Any]) -> bytes:
        """Put together once: to write it anew would copy the data of a large answer twice."""
        errors, end = b"", b"}"
        if self.errors:
            errors = b'"errors":%b,' % orjson.dumps([error.formatted for error in self.errors])
        extensions = [b'"sources":' + sources] if sources != b"[]" else []
        if more:
            extensions.append(orjson.dumps(more)[1:-1])
        if extensions:
            end = b',"extensions":{%b}}' % b",".join(extensions)
        return b"".join((b"{", errors, b'"data":', self.data, end))
