"""Lots: chance that always falls the same way, so that one seed and one instant give one city."""

from collections.abc import Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

T = TypeVar("T")


def draw(*words: object) -> float:
    """A number in [0, 1) that depends on nothing but the words."""
    text = "\0".join(map(str, words))
    return int.from_bytes(blake2b(text.encode(), digest_size=6).digest()) / 2**48


def pick(choices: Sequence[T], *words: object) -> T:
    """One of the choices."""
    return choices[int(draw(*words) * len(choices))]


def shuffled(rows: Sequence[T], *words: object) -> list[T]:
    """The rows in an order that looks random."""
    order = list(rows)
    Random(draw(*words)).shuffle(order)
    return order
