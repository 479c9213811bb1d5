"""Patterns: lists of objects that stay the same, but for what their fields' keys find.

Of such a list the bytes around the gaps are kept, and which objects share a key. An execution
asks for the keys, puts into the gaps what they find, and has written the list.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any

import orjson

from server.compiled.alike import ONLY, Alike, alike

GAP = b"\0"  # which is in no JSON
GROUP = 200  # bytes that a group of objects takes
Field = tuple[str, Callable[[Any], Hashable]]  # where its value goes, and what it reads


class Pattern:
    """One list's: `pieces`, with a None for each gap; and for each field the objects that agree in
    what it reads, whose answers go to where their gaps are in `pieces`.

    TypeError if it reads what cannot be compared.
    """

    __slots__ = ("alike", "fields", "pieces", "size")

    def __init__(
        self, objects: Sequence[Any], frames: Sequence[dict[str, Any]], fields: Sequence[Field]
    ) -> None:
        """Of `objects`, and what is known of each, with something where fields will go."""
        gaps = dict.fromkeys((key for key, _ in fields), orjson.Fragment(GAP))
        texts = orjson.dumps([{**frame, **gaps} for frame in frames]).split(GAP)
        self.pieces: list[Any] = [None] * (2 * len(texts) - 1)
        self.pieces[::2] = texts
        self.fields = [key for key in frames[0] if key in gaps]
        self.alike: dict[str, Alike] = {}
        for key, reads in fields:
            at, step = 1 + 2 * self.fields.index(key), 2 * len(self.fields)
            found = alike(reads, objects, range(at, len(self.pieces), step))
            if ONLY in found.reads:
                raise TypeError(key)
            self.alike[key] = found._replace(objects=())  # which are not to stay for it
        groups = sum(len(found.reads) for found in self.alike.values())
        self.size = sum(map(len, texts)) + GROUP * groups + 50 * len(self.pieces)


class Rope:
    """A list as one execution writes it: what its pattern has, and what was found for the gaps."""

    __slots__ = ("_gaps", "_objects", "_out", "_pattern")

    def __init__(self, pattern: Pattern, objects: Sequence[Any]) -> None:
        self._pattern = pattern
        self._objects = objects
        self._out = pattern.pieces.copy()
        self._gaps: list[tuple[str, Gaps]] = []

    def alike(self, key: str) -> Alike:
        """The objects that agree in what a field reads, whose answers go into gaps."""
        found = self._pattern.alike[key]
        gaps = Gaps(self._out, found.targets)
        self._gaps.append((key, gaps))
        return Alike(found.reads, found.rows, gaps, self._objects)

    def gaps(self) -> Iterator[tuple[int, str, "Hole", Any]]:
        """What is in each gap: the object's index, the field's key, and who filled it with what.

        Not in those that were filled as one.
        """
        each = len(self._pattern.fields)
        for key, gaps in self._gaps:
            for hole in gaps.holes:
                for place in hole.places:
                    yield place // 2 // each, key, hole, self._out[place]

    def fragment(self) -> orjson.Fragment:
        """The list, as it is written."""
        try:
            return orjson.Fragment(b"".join(self._out))
        except TypeError:  # not all that was found was bytes
            out = [one if one.__class__ is bytes else dumps(one) for one in self._out]
            return orjson.Fragment(b"".join(out))


class Gaps:
    """The gaps of one field: of each group of objects those that are filled with the same."""

    __slots__ = ("_out", "_places", "holes")

    def __init__(self, out: list[Any], places: Iterable[list[int]]) -> None:
        self._out = out
        self._places = places
        self.holes: list[Hole] = []

    def fill(self, found: Iterable[bytes]) -> None:
        """All of them, each group's with what was found for it."""
        out = self._out
        for places, one in zip(self._places, found, strict=True):
            for place in places:
                out[place] = one

    def __iter__(self) -> Iterator[list[Any]]:
        """Those of each group, to be filled by itself."""
        if not self.holes:
            self.holes = [Hole(self._out, places) for places in self._places]
        return iter([[hole] for hole in self.holes])


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
