"""Encoded: what a selection writes of an object that stays the same, kept as bytes.

A source's snapshot holds objects that do not change. Where nothing is selected of one but
what it is made of (nothing that is worked out, or waited for), each execution would write
the same; so it is encoded once, for each selection and object, and goes when the object
does, with its snapshot. To be met once is not enough for that. Objects that are made anew
for each request are never met again: selections of such are found out, and left alone.
"""

from collections.abc import Callable
from typing import Any
from weakref import WeakSet, ref

import orjson

MOST_BYTES = 32 << 20  # of all that is kept
OVERHEAD = 300  # bytes for each object besides what is written of it
ENTRY = 100  # bytes of a dict, for each thing in it, which are mostly the object's own
SEEN = 10_000  # objects of one selection that are known to have been met
REST = 10_000  # executions for which nothing is kept of a selection of short-lived objects

Write = Callable[[Any], dict[str, Any]]
Written = Any  # a dict, or a fragment of the same
Kept = tuple[Callable[[int], "Written | None"], Callable[[Any], "Written"]]


class Encoded:
    """All that is kept for the programs of one schema."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.bytes = 0
        self.executions = 0  # so far
        self._most_bytes = most_bytes
        self._selections: WeakSet[_Selection] = WeakSet()

    def selection(self, write: Write) -> Kept:
        """Who knows what is kept of an object, by its `id`; and who writes what is not."""
        return self._kept(_Selection(self, write))

    def frame(self, write: Write) -> Kept:
        """The same of dicts, to be copied: what is waited for is still to be added."""
        return self._kept(_Frame(self, write))

    def _kept(self, selection: "_Selection") -> Kept:
        self._selections.add(selection)
        return selection.known.get, selection.written

    def room(self, size: int) -> bool:
        """Whether there is any; if need be all is forgotten, as what is asked is soon back."""
        if self.bytes + size > self._most_bytes:
            for one in tuple(self._selections):
                one.forget()
        return self.bytes + size <= self._most_bytes


class _Object(ref[Any]):
    """One that something is kept of."""

    __slots__ = ("at", "execution", "size")
    at: int
    execution: int
    size: int


class _Selection:
    """What is kept of one; as an object may go when the module has gone, all it takes is here."""

    at_once = 2  # executions that an object does not outlive if it was made for one of them
    enough = 50  # of those, and others would be, too

    def __init__(self, encoded: Encoded, write: Write) -> None:
        self.known: dict[int, Written] = {}
        self._encoded = encoded
        self._write = write
        self._objects: dict[int, _Object] = {}
        self._seen: set[int] = set()
        self._short_lived = 0
        self._rests_until = 0

    def written(self, value: Any) -> Written:
        """What is written of an object; Bail if it is not as its type says."""
        found, at = self._write(value), id(value)
        if self._encoded.executions < self._rests_until:
            return found
        if self._short_lived >= self.enough:
            self._short_lived, self._rests_until = 0, self._encoded.executions + REST
        if at not in self._seen:
            if len(self._seen) >= SEEN:
                self._seen.clear()
            self._seen.add(at)
            return found
        kept, size = self._form(found)
        if not self._encoded.room(size):
            return found
        try:
            one = self._objects[at] = _Object(value, self._gone)
        except TypeError:  # of a class whose objects do not tell when they go
            return found
        one.at, one.size, one.execution = at, size, self._encoded.executions
        self._encoded.bytes += size
        self.known[at] = kept
        return kept

    def _form(self, found: dict[str, Any]) -> tuple[Written, int]:
        """What is kept of what was written, and its size."""
        data = orjson.dumps(found)
        return orjson.Fragment(data), OVERHEAD + len(data)

    def _gone(self, one: Any) -> None:
        """An object is no more; what is in its place from now on is another one."""
        if self._objects.pop(one.at, None) is None:
            return
        self.known.pop(one.at, None)
        self._encoded.bytes -= one.size
        self._short_lived += self._encoded.executions - one.execution <= self.at_once

    def forget(self) -> None:
        gone, self._objects = self._objects, {}  # as others may go meanwhile, in other threads
        self.known.clear()
        self._encoded.bytes -= sum(one.size for one in list(gone.values()))

    def __del__(self) -> None:  # with the plan, which makes room
        self.forget()


class _Frame(_Selection):
    def _form(self, found: dict[str, Any]) -> tuple[Written, int]:
        return found, OVERHEAD + ENTRY * len(found)
