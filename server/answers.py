"""Answers: what a question that stays open is answered each time, and what of that is news."""

from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from graphql import ExecutionResult

Fault = tuple[tuple[Any, ...], str | None]  # where, and its code: words and numbers may vary


class Answer:
    """One execution's result; `sources` are what it rested on.

    With `changes_only` its one field is a list, of which a client is sent the
    entries that differ from what it was sent before.
    """

    def __init__(
        self, result: ExecutionResult, sources: list[dict[str, Any]], *, changes_only: bool = False
    ) -> None:
        self._data = result.data
        self._errors: list[dict[str, Any]] = [
            dict(error.formatted) for error in result.errors or ()
        ]
        self._faults = {_fault(error) for error in self._errors}
        self._sources = sources
        self._changes_only = changes_only
        self._whole: bytes | None = None
        self._news: WeakKeyDictionary[Answer, bytes] = WeakKeyDictionary()

    def differs(self, other: "Answer") -> bool:
        """Whether who has seen the other one should see this one too."""
        return self._data != other._data or self._faults != other._faults

    def whole(self) -> bytes:
        """A GraphQL response."""
        if self._whole is None:
            self._whole = self._body(self._data, self._errors)
        return self._whole

    def since(self, earlier: "Answer | None") -> bytes | None:
        """The response for who was sent `earlier` last; None if there is nothing new in it.

        Many have seen the same one: what is new since then is told apart once for all of them.
        """
        if earlier is None:
            return self.whole()
        if not self.differs(earlier):
            return None
        entries, before = self._entries(), earlier._entries()
        if entries is None or before is None:
            return self.whole()
        if earlier not in self._news:
            new = [at for at, entry in enumerate(entries) if entry != before[at]]
            moved = {path[1] for path, _ in self._faults ^ earlier._faults}
            self._news[earlier] = self._only(entries, sorted({*new, *moved}))
        return self._news[earlier]

    def _entries(self) -> list[Any] | None:
        """The list of which only changes are sent, if there is one."""
        if not self._changes_only or not self._data:
            return None
        [value] = self._data.values()  # a subscription has one root field
        return value if isinstance(value, list) else None

    def _only(self, entries: list[Any], places: Iterable[int]) -> bytes:
        """The same with some entries only, and their errors' paths put right."""
        place = {old: new for new, old in enumerate(places)}
        errors = []
        for error in self._errors:
            field, at, *below = error["path"]
            if at in place:
                errors.append({**error, "path": [field, place[at], *below]})
        field = next(iter(self._data or ()))
        return self._body({field: [entries[at] for at in place]}, errors)

    def _body(self, data: dict[str, Any] | None, errors: list[dict[str, Any]]) -> bytes:
        body: dict[str, Any] = {"errors": errors} if errors else {}
        body["data"] = data
        if self._sources:
            body["extensions"] = {"sources": self._sources}
        return orjson.dumps(body)


def _fault(error: dict[str, Any]) -> Fault:
    return tuple(error.get("path") or ()), (error.get("extensions") or {}).get("code")
