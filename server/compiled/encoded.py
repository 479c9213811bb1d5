"""Encoded: what a selection writes of an object that stays the same, kept as bytes.

A source's snapshot holds objects that do not change. Where nothing is selected of one but
what it is made of (nothing that is worked out, or waited for), each execution would write
the same; so it is encoded once, for each selection and object, and goes when the object
does, with its snapshot. So is a list of just such objects, whoever made it. To be met
once is not enough for that. Objects that are made anew for each request are never met
again: selections of such are found out, and left alone.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, Protocol
from weakref import WeakSet, ref

import orjson

from server.compiled.patterns import Field, Pattern, Rope

MOST_BYTES = 32 << 20  # of all that is kept
OVERHEAD = 300  # bytes for each object besides what is written of it
ENTRY = 100  # bytes of a dict, for each thing in it, which are mostly the object's own
SEEN = 10_000  # objects of one selection that are known to have been met
REST = 10_000  # executions for which nothing is kept of a selection of short-lived objects
FEW = SEEN // 100  # of those that are known to have been met, if no more are met again
PAUSE = 1_000  # executions for which nothing is kept then

LISTS = {list, tuple}

Together = tuple[tuple[int, ...], tuple[int, ...]]  # objects, and how many are in which list
Which = tuple[int, ...] | Together
Written = Any  # a dict, or a fragment of the same
Write = Callable[[Sequence[Any]], list[Written]]
Wrote = Callable[[Any], Written]
Again = Callable[[Sequence[Any]], Any]
Every = Callable[[Sequence[Any], bool], Sequence[bytes] | None]
Kept = tuple[Callable[[int], Written | None], Wrote, Write, Again, Every]


class Keeps(Protocol):
    """Who keeps something, and counts its bytes."""

    def forget(self) -> None:
        """Keep nothing of it any longer."""


class Encoded:
    """All that is kept for the programs of one schema; what is met once is not, if `patient`."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.bytes = 0
        self.patient = True
        self.executions = 0  # so far
        self._most_bytes = most_bytes
        self._keepers: WeakSet[Keeps] = WeakSet()

    def selection(self, write: Write) -> "Kept":
        """Who knows what is kept of an object, by its `id`; who writes what is not; who does both
        for each object of a list; who knows what is kept of a list; and who of several."""
        return self._kept(_Selection(self, write))

    def frame(self, write: Write, fields: Sequence[Field]) -> "Kept":
        """The same of dicts, each of them to itself: other fields are still to be added.

        Lists are ropes, with gaps for what is found for these fields' keys.
        """
        return self._kept(_Frame(self, write, fields))

    def _kept(self, selection: "_Selection") -> "Kept":
        self.add(selection)
        return (
            selection.known.get, selection.written, selection.each,
            selection.again, selection.every,
        )  # fmt: skip

    def add(self, keeper: Keeps) -> None:
        """Share the room with somebody else."""
        self._keepers.add(keeper)

    def room(self, size: int) -> bool:
        """Whether there is any; if need be all is forgotten, as what is asked is soon back."""
        if self.bytes + size > self._most_bytes:
            for one in tuple(self._keepers):
                one.forget()
        return self.bytes + size <= self._most_bytes


class _List:
    """A list that something is kept of, which goes with the first of its objects that does."""

    __slots__ = ("form", "ids", "size", "which")

    def __init__(self, which: Which, ids: tuple[int, ...], form: Any, size: int) -> None:
        self.which = which
        self.ids = ids  # of its objects
        self.form = form
        self.size = size


class _Object(ref[Any]):
    """One that something is kept of."""

    __slots__ = ("at", "execution", "lists", "size")
    at: int
    execution: int
    lists: set[_List]
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
        self._lists: dict[Which, _List] = {}
        self._seen: set[int] = set()  # ids, and of lists the hashes of those
        self._again = 0  # objects that were met again since `_seen` was empty
        self._short_lived = 0
        self._rests_until = 0

    def written(self, value: Any) -> Written:
        """What is written of an object; Bail if it is not as its type says."""
        [found] = self._write((value,))
        return self._taken(value, found)

    def each(self, objects: Sequence[Any]) -> list[Written]:
        """What is kept, or else written, of each of them; most are known, or all of them new."""
        if not self.known and self._rests():
            return self._write(objects)
        found = [*map(self.known.get, map(id, objects))]
        new = [one for one, kept in zip(objects, found, strict=True) if kept is None]
        if new:
            left = map(self._taken, new, self._write(new))
            found = [next(left) if kept is None else kept for kept in found]
        return found

    def _taken(self, value: Any, found: dict[str, Any]) -> Written:
        """What was written of an object, as it is kept if the object is met again."""
        return self._keep(value, found) if not self._rests() and self._met(id(value)) else found

    def _rests(self) -> bool:
        """Whether nothing more is kept for now."""
        executions = self._encoded.executions
        if self._short_lived >= self.enough:
            self._short_lived, self._rests_until = 0, executions + REST
        return executions < self._rests_until

    def _keep(self, value: Any, found: dict[str, Any]) -> Written:
        """The same, as it is kept if it can be."""
        at = id(value)
        if at in self.known:  # it is in a list more than once
            return self.known[at]
        self._again += 1
        kept, size = self._form(found)
        if not self._encoded.room(size):
            return found
        try:
            one = self._objects[at] = _Object(value, self._gone)
        except TypeError:  # of a class whose objects do not tell when they go
            return found
        one.at, one.size, one.lists = at, size, set()
        one.execution = self._encoded.executions
        self._encoded.bytes += size
        self.known[at] = kept
        return kept

    def again(self, objects: Sequence[Any]) -> Any:
        """What is written of a list of just these objects; None if that is not known."""
        if not self.known or not objects:
            return None
        which = tuple(map(id, objects))
        known = self._lists.get(which) or self._list(which, objects)
        return None if known is None else known.form

    def _list(self, which: tuple[int, ...], objects: Sequence[Any]) -> _List | None:
        """One that is met again, if something is kept of all its objects."""
        forms = [self.known.get(one) for one in which]
        if None in forms or not self._met(hash(which)):
            return None
        form, size = self._list_form(objects, forms)
        return None if form is None else self._keep_list(_List(which, which, form, size))

    def every(self, values: Sequence[Any], lists: bool) -> Sequence[bytes] | None:
        """What is written of each of some objects, or `lists` of such, that were met together;
        None if that is not known."""
        if not self.known or (lists and not LISTS.issuperset(map(type, values))):
            return None
        ids = tuple(map(id, chain.from_iterable(values) if lists else values))
        which = ids, tuple(map(len, values)) if lists else ()
        known = self._lists.get(which) or self._every(which, values)
        return None if known is None else known.form

    def _every(self, which: Together, values: Sequence[Any]) -> _List | None:
        """Those that are met together again, if something is kept of each object."""
        ids, lists = which
        if not ids or not self.known.keys() >= {*ids} or not self._met(hash(which)):
            return None
        known = (
            [self.known[id(one)] for one in value] if lists else self.known[id(value)]
            for value in values
        )
        form = [*map(orjson.dumps, known)]
        return self._keep_list(_List(which, ids, form, sum(map(len, form))))

    def _keep_list(self, found: _List) -> _List | None:
        """Know it from now on, if there is room."""
        found.size += ENTRY * len(found.ids)
        if not self._encoded.room(found.size) or not self.known:
            return None
        self._lists[found.which] = found
        for one in found.ids:
            self._objects[one].lists.add(found)
        self._encoded.bytes += found.size
        return found

    def _met(self, what: int) -> bool:
        """Whether that was met before; from now on it was."""
        if not self._encoded.patient or what in self._seen:
            return True
        self._seen.add(what)
        if len(self._seen) >= SEEN:
            self._forget_seen()
        return False

    def _forget_seen(self) -> None:
        if self._again <= FEW:
            self._rests_until = self._encoded.executions + PAUSE
        self._seen.clear()
        self._again = 0

    def _form(self, found: dict[str, Any]) -> tuple[Written, int]:
        """What is kept of what was written, and its size."""
        data = orjson.dumps(found)
        return orjson.Fragment(data), OVERHEAD + len(data)

    def _list_form(self, _: Sequence[Any], forms: list[Any]) -> tuple[Any, int]:
        """What is kept of a list, and its size; None if that cannot be told."""
        data = orjson.dumps(forms)
        return orjson.Fragment(data), OVERHEAD + len(data)

    def _gone(self, one: _Object) -> None:
        """An object is no more; what is in its place from now on is another one."""
        if self._objects.pop(one.at, None) is None:
            return
        self.known.pop(one.at, None)
        self._encoded.bytes -= one.size
        self._short_lived += self._encoded.executions - one.execution <= self.at_once
        for known in one.lists:
            if self._lists.pop(known.which, None) is not None:
                self._encoded.bytes -= known.size
                for other in filter(None, map(self._objects.get, known.ids)):
                    other.lists.discard(known)

    def forget(self) -> None:
        gone, self._objects = self._objects, {}  # as others may go meanwhile, in other threads
        lists, self._lists = self._lists, {}
        self.known.clear()
        self._encoded.bytes -= sum(one.size for one in list(gone.values()))
        self._encoded.bytes -= sum(one.size for one in lists.values())

    def __del__(self) -> None:  # with the plan, which makes room
        self.forget()


class _Frame(_Selection):
    """What is kept of one of which some fields differ each time."""

    def __init__(self, encoded: Encoded, write: Write, fields: Sequence[Field]) -> None:
        super().__init__(encoded, write)
        self._fields = fields

    def written(self, value: Any) -> Written:
        known = self.known.get(id(value))
        return super().written(value) if known is None else known.copy()

    def _keep(self, value: Any, found: dict[str, Any]) -> Written:
        super()._keep(value, found.copy())
        return found

    def again(self, objects: Sequence[Any]) -> Rope | None:
        pattern = super().again(objects)
        return None if pattern is None else Rope(pattern, objects)

    def _form(self, found: dict[str, Any]) -> tuple[Written, int]:
        return found, OVERHEAD + ENTRY * len(found)

    def _list_form(self, objects: Sequence[Any], forms: list[Any]) -> tuple[Any, int]:
        try:
            pattern = Pattern(objects, forms, self._fields)
        except TypeError:  # what is read of them tells nothing apart
            return None, 0
        return pattern, pattern.size
