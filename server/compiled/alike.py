"""Alike: objects that agree in what a field reads of them, and so share the key that it ends in."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple

ONLY = object()  # what is read of an object that shares its key with no other


class Alike(NamedTuple):
    """Objects in groups. Of each group: what is read, where its first one is, where answers go."""

    reads: Sequence[Hashable]
    rows: Sequence[int]
    targets: Iterable[list[Any]]
    objects: Sequence[Any]  # all of them


def alike(
    reads: Callable[[Any], Hashable], objects: Sequence[Any], targets: Sequence[Any]
) -> Alike:
    """The groups of objects each of which has a target of its own."""
    found: dict[Hashable, tuple[Hashable, int, list[Any]]] = {}
    for row, (one, target) in enumerate(zip(objects, targets, strict=True)):
        read = reads(one)
        try:
            group = found.get(read)
        except TypeError:  # it reads a list, say, by which nothing is told apart
            found[object()] = ONLY, row, [target]
            continue
        if group is None:
            found[read] = read, row, [target]
        else:
            group[2].append(target)
    groups = found.values()
    return Alike(
        reads=[read for read, _, _ in groups],
        rows=[row for _, row, _ in groups],
        targets=[its for _, _, its in groups],
        objects=objects,
    )
