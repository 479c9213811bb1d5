"""Patterns: lists of objects that stay the same, but for what their fields' keys find.

Of such a list the bytes around the gaps are kept, and which objects share a key. An execution
asks for the keys, puts into the gaps what they find, and has written the list.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

import orjson

GAP = b"\0"  # which is in no JSON
GROUP = 200  # bytes that a group of objects takes
Field = tuple[str, Callable[[Any], Hashable]]  # where its value goes, and what it reads


class Pattern:
    """One list's: `pieces`, with a None for each gap, and `groups`, for each field.

    A group are objects that agree in what the field reads: that, the first one's index, and
    where in `pieces` their gaps are. TypeError if it reads what cannot be compared.
    """

    __slots__ = ("fields", "groups", "pieces", "size")

    def __init__(
        self, objects: Sequence[Any], frames: Sequence[dict[str, Any]], fields: Sequence[Field]
    ) -> None:
        """Of `objects`, and what is known of each, with something where fields will go."""
        gaps = dict.fromkeys((key for key, _ in fields), orjson.Fragment(GAP))
        texts = orjson.dumps([{**frame, **gaps} for frame in frames]).split(GAP)
        self.pieces: list[Any] = [None] * (2 * len(texts) - 1)
        self.pieces[::2] = texts
        order = [key for key in frames[0] if key in gaps]
        self.fields = order
        self.groups: dict[str, list[tuple[Hashable, int, list[int]]]] = {}
        for key, reads in fields:
            found: dict[Hashable, tuple[Hashable, int, list[int]]] = {}
            for row, one in enumerate(objects):
                read, place = reads(one), 1 + 2 * (row * len(order) + order.index(key))
                found.setdefault(read, (read, row, []))[2].append(place)
            self.groups[key] = list(found.values())
        groups = sum(map(len, self.groups.values()))
        self.size = sum(map(len, texts)) + GROUP * groups + 50 * len(self.pieces)


class Rope:
    """A list as one execution writes it: what its pattern has, and what was found for the gaps."""

    __slots__ = ("_holes", "_objects", "_out", "_pattern")

    def __init__(self, pattern: Pattern, objects: Sequence[Any]) -> None:
        self._pattern = pattern
        self._objects = objects
        self._out = pattern.pieces.copy()
        self._holes: list[tuple[str, Hole]] = []

    def groups(self, key: str) -> Iterator[tuple[Hashable, Any, list[Any]]]:
        """Of a field: what is read of objects that agree, the first of them, and their gaps."""
        for read, first, places in self._pattern.groups[key]:
            hole = Hole(self._out, places)
            self._holes.append((key, hole))
            yield read, self._objects[first], [hole]

    def gaps(self) -> Iterator[tuple[int, str, "Hole", Any]]:
        """What is in each gap: the object's index, the field's key, and who filled it with what."""
        each = len(self._pattern.fields)
        for key, hole in self._holes:
            for place in hole.places:
                yield place // 2 // each, key, hole, self._out[place]

    def fragment(self) -> orjson.Fragment:
        """The list, as it is written."""
        try:
            return orjson.Fragment(b"".join(self._out))
        except TypeError:  # not all that was found was bytes
            out = [one if one.__class__ is bytes else dumps(one) for one in self._out]
            return orjson.Fragment(b"".join(out))


class Hole:
    """The gaps of objects that share a key, which are filled as one: a dict, to who fills it."""

    __slots__ = ("_out", "places")

    def __init__(self, out: list[Any], places: list[int]) -> None:
        self._out = out
        self.places = places

    def __setitem__(self, _: str, value: Any) -> None:
        if value.__class__ is orjson.Fragment:
            value = orjson.dumps(value)  # once, however many gaps there are
        for place in self.places:
            self._out[place] = value


def dumps(value: Any) -> bytes:
    """The JSON of what a program has written."""
    return orjson.dumps(value, default=_fragment)


def _fragment(value: Any) -> orjson.Fragment:
    if not isinstance(value, Rope):
        raise TypeError(type(value))
    return value.fragment()
