"""Vocabulary: a set of words, in which one is found by its beginning, or in spite of a typo.

That one word is another but for one letter shows in what is left of both when a letter is
dropped. So the words are kept under the hashes of all such remains; a look at one word's own
takes microseconds, where a comparison with each of 40,000 words takes 4 ms.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

SHORTEST, LONGEST = 4, 30  # letters of a word in which typos are looked for
CERTAIN = 3  # letters at its beginning that are right, where there are two
LONG = 8  # letters of a word that may have two typos
MOST_TRIED = 2_000  # words with one beginning


class Vocabulary:
    """Words, each known by its place in their alphabetical order."""

    def __init__(self, known: Iterable[str]) -> None:
        self.words: Sequence[str] = sorted(set(known))
        remains, owners = array("q"), array("i")
        for number, word in enumerate(self.words):
            if SHORTEST - 1 <= len(word) <= LONGEST:
                some = _remains(word)
                remains.extend(some)
                owners.extend([number] * len(some))
        hashes: NDArray[np.int64] = np.asarray(remains)
        order = np.argsort(hashes)
        self._hashes = hashes[order]
        self._owners: NDArray[np.int32] = np.asarray(owners)[order]

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
        hashes = np.array(sorted(set(_remains(word))), np.int64)
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


def _remains(word: str) -> list[int]:
    """Hashes of a word, and of what is left of it without each of its letters."""
    return [hash(word), *(hash(word[:at] + word[at + 1 :]) for at in range(len(word)))]
