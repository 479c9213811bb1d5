"""Vocabulary: a set of words, in which one is found by its beginning, or in spite of a typo.

That one word is another but for one letter shows in what is left of both when a letter is
dropped. So the words are kept under the hashes of all such remains; a look at one word's own
takes microseconds, where a comparison with each of 40,000 words takes 4 ms.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from rapidfuzz import process
from rapidfuzz.distance import OSA

from sources.arrays import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHORTEST, LONGEST = 4, 30  # letters of a word in which typos are looked for
CERTAIN = 3  # letters at its beginning that are right, where there are two
LONG = 8  # letters of a word that may have two typos
MOST_TRIED = 2_000  # words with one beginning

# Modulo 2^64, where any odd number has an inverse.
BASE = 0x9E37_79B9_7F4A_7C15


class Vocabulary:
    """Words, each known by its place in their alphabetical order."""

    def __init__(self, known: Iterable[str]) -> None:
        self.words: Sequence[str] = sorted(set(known))
        some = [at for at, word in enumerate(self.words) if SHORTEST - 1 <= len(word) <= LONGEST]
        hashes, owners = _remains([self.words[at] for at in some])
        order = np.argsort(hashes)
        self._hashes = hashes[order]
        self._owners: NDArray[np.int64] = np.array(some, np.int64)[owners[order]]

    def __len__(self) -> int:
        return len(self.words)

    def find(self, word: str) -> int | None:
        """Exactly this word."""
        at = bisect_left(self.words, word)
        return at if at < len(self.words) and self.words[at] == word else None

    def beginning(self, start: str) -> range:
        """The words that begin so."""
        low = bisect_left(self.words, start)
        return range(low, bisect_left(self.words, start + "\U0010ffff", low))

    def like(self, word: str, *, unfinished: bool = False) -> Iterator[tuple[int, int]]:
        """The words that it may be meant for, with the number of its typos: one, or two.

        A letter too many, too few, wrong, or two in the wrong order. Two typos only in long
        words, and after a beginning that is right; as one in an `unfinished` word, of which
        more is to come.
        """
        if not SHORTEST <= len(word) <= LONGEST:
            return
        seen: set[int] = set()
        hashes = np.unique(_remains([word])[0])
        lows = np.searchsorted(self._hashes, hashes, "left").tolist()
        highs = np.searchsorted(self._hashes, hashes, "right").tolist()
        for low, high in zip(lows, highs, strict=True):
            seen.update(self._owners[low:high].tolist())
        for number in seen:
            typos = OSA.distance(word, self.words[number], score_cutoff=1)
            if typos == 1:
                yield number, typos
        most = 2 if len(word) >= LONG else 1
        if most == 1 and not unfinished:
            return
        alike = self.beginning(word[:CERTAIN])[:MOST_TRIED]
        some = self.words[alike.start : alike.stop]
        if unfinished:
            some = [one[: len(word)] for one in some]
        for _, typos, at in process.extract_iter(
            word, some, scorer=OSA.distance, score_cutoff=most
        ):
            if typos and alike[at] not in seen:
                yield alike[at], int(typos)


@cache
def _factors() -> tuple[NDArray[np.uint64], np.uint64]:
    """Powers of BASE, for each place that a letter may have; and its inverse."""
    powers = [pow(BASE, at, 1 << 64) for at in range(LONGEST + 1)]
    return np.array(powers, np.uint64), np.uint64(pow(BASE, -1, 1 << 64))


def _remains(words: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes of words and of what is left of each without one of its letters; and whose they are.

    A word's hash is the sum of its letters, each times BASE to the power of its place: so what
    follows a letter that is dropped has one factor too many.
    """
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    ends = np.cumsum(lengths)
    starts = ends - lengths
    letters = np.frombuffer("".join(words).encode("utf-32-le"), np.uint32).astype(np.uint64)
    owners = np.repeat(np.arange(len(words)), lengths)
    places = np.arange(len(letters)) - starts[owners]
    powers, one_less = _factors()
    worth = letters * powers[places]
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(worth)])
    whole = sums[ends] - sums[starts]
    before = sums[:-1] - sums[starts][owners]
    less = before + (whole[owners] - before - worth) * one_less
    return np.concatenate([whole, less]), np.concatenate([np.arange(len(words)), owners])
