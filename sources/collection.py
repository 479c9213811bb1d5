"""Collection: everything one source says at one moment, immutable, with its indexes.

A reader that holds a collection sees one moment whole, however long it takes;
the next one is built beside it and swapped in. Indexes are made when first
asked for and live as long as the snapshot. What was large goes piece by piece:
to free 30,000 events at once takes 50 ms, in which nobody is answered.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from cities import Binding

LARGE = 5_000  # things, more of which are not let go at once
PIECE = 250  # but so many

T = TypeVar("T")
X = TypeVar("X")


@dataclass(frozen=True, eq=False)
class Collection(Generic[T]):
    """`items` in the source's order, as they were at `fetched_at`."""

    binding: Binding
    items: tuple[T, ...]
    dropped: int
    fetched_at: datetime
    _indexes: dict[Any, Any] = field(default_factory=dict, repr=False)

    def derived(self, make: Callable[..., X], *others: object) -> X:
        """What `make` makes of this collection, made once; `make` must be a lasting function.

        And of `others`, made again when they are not the same as the last time.
        """
        made = self._indexes.get(make)
        if made is None or made[0] != others:
            made = self._indexes[make] = others, make(self, *others)
        found: X = made[1]
        return found

    def by(self, key: Callable[[T], Hashable]) -> Mapping[Any, T]:
        """Items by a key that is theirs alone; of several the first wins."""
        if (key, "one") not in self._indexes:
            self._indexes[key, "one"] = {key(item): item for item in reversed(self.items)}
        found: Mapping[Any, T] = self._indexes[key, "one"]
        return found

    def grouped(self, key: Callable[[T], Hashable]) -> Mapping[Any, Sequence[T]]:
        """Items by a key that several share, each group in the source's order."""
        if (key, "all") not in self._indexes:
            groups: defaultdict[Any, list[T]] = defaultdict(list)
            for item in self.items:
                groups[key(item)].append(item)
            groups.default_factory = None  # from now on there are no others
            self._indexes[key, "all"] = groups
        found: Mapping[Any, Sequence[T]] = self._indexes[key, "all"]
        return found

    def only(self, wanted: Callable[[T], bool]) -> "Collection[T]":
        """What is wanted of it, with indexes of its own: for `derived`, which keeps it."""
        return replace(self, items=tuple(filter(wanted, self.items)), _indexes={})

    def joined(self, other: "Collection[T]") -> "Collection[T]":
        """With a second list of the same things: made once, while both of them last."""
        made = self._indexes.get("joined")
        if made is None or made[0] is not other:
            items, dropped = self.items + other.items, self.dropped + other.dropped
            since = min(self.fetched_at, other.fetched_at)
            made = (other, Collection(self.binding, items, dropped, since))
            self._indexes["joined"] = made
        found: Collection[T] = made[1]
        return found

    def __del__(self) -> None:
        if len(self.items) > LARGE:
            going = list(self.items)
            object.__setattr__(self, "items", ())
            let_go(going)


def let_go(going: list[Any]) -> None:
    """Forget what is in a list, which nobody else uses, a few at a time; others go first."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # in a thread others have their turn between any two steps
        while going:
            del going[-PIECE:]
    else:
        del going[-PIECE:]
        if going:
            loop.call_soon(let_go, going)
