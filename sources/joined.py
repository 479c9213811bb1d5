"""Joined: what a city's collections make together, such as one map, kept while they last."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from sources.collection import Collection

MOST_THINGS = 500_000  # in all that is kept
LARGE = 2_000  # things: more are joined beside the event loop


class Whole(Protocol):
    """What is made of layers."""

    def __len__(self) -> int: ...


L = TypeVar("L")
W = TypeVar("W", bound=Whole)
Parts = tuple[Any, ...]


class Joined(Generic[L, W]):
    """The wholes that were asked for last, each made again when a part of it is new.

    `layer` makes of a collection what goes into the whole, once for each edition of it, and of
    what else `given` says; `make` gets all layers, and the whole that was made of the editions
    before, if there was one.
    """

    def __init__(
        self,
        layer: Callable[..., L],
        make: Callable[[Sequence[L], W | None], W],
        most: int = MOST_THINGS,
        given: Callable[[Collection[Any]], Parts] = lambda _: (),
    ) -> None:
        self._layer, self._make, self._most, self._given = layer, make, most, given
        self._made: dict[tuple[str, ...], tuple[Parts, W]] = {}
        self._making = asyncio.Lock()

    def of(self, collections: Sequence[Collection[Any]], *more: L) -> W:
        """The whole of these collections, which are of one city, and of more layers, which last."""
        found = self._find(collections, more)
        if found is None:
            found = self._kept(collections, more, self._joined(collections, more))
        return found

    async def beside(self, collections: Sequence[Collection[Any]], *more: L) -> W:
        """The same, for what takes its time: what is large is made in a thread, one at a time."""
        if sum(len(collection.items) for collection in collections) < LARGE:
            return self.of(collections, *more)
        found = self._find(collections, more)
        if found is None:
            async with self._making:
                found = self._find(collections, more)  # somebody else may have waited for it, too
                if found is None:
                    made = await asyncio.to_thread(self._joined, collections, more)
                    found = self._kept(collections, more, made)
        return found

    async def prepare(self, collection: Collection[Any]) -> None:
        """Make the layer of one, before those that it is to be joined with have been read."""
        if len(collection.items) < LARGE:
            self._laid(collection)
        else:
            await asyncio.to_thread(self._laid, collection)

    def _laid(self, collection: Collection[Any]) -> L:
        return collection.derived(self._layer, *self._given(collection))

    def _find(self, collections: Sequence[Collection[Any]], more: Sequence[L]) -> W | None:
        """What was made of exactly these editions."""
        name = _name(collections)
        if name not in self._made:
            return None
        parts, whole = self._made[name]
        now = (*collections, *more)
        if len(parts) != len(now) or any(a is not b for a, b in zip(parts, now, strict=True)):
            return None
        self._made[name] = self._made.pop(name)  # the one asked for last comes last
        return whole

    def _joined(self, collections: Sequence[Collection[Any]], more: Sequence[L]) -> W:
        _, last = self._made.get(_name(collections), (None, None))
        layers = [self._laid(collection) for collection in collections]
        return self._make([*layers, *more], last)

    def _kept(self, collections: Sequence[Collection[Any]], more: Sequence[L], whole: W) -> W:
        name = _name(collections)
        self._made.pop(name, None)
        self._made[name] = ((*collections, *more), whole)
        held = sum(len(one) for _, one in self._made.values())
        for oldest in list(self._made)[:-1]:
            if held <= self._most:
                break
            held -= len(self._made.pop(oldest)[1])
        return whole


def _name(collections: Sequence[Collection[Any]]) -> tuple[str, ...]:
    return tuple(collection.binding.source for collection in collections)
