"""Directory: everything that has a name, found by what people type.

Three texts say what a thing is: its name, what things of its kind are called, and
what stands beside the name: its commune, or the two ends of a line. So `piscine rezé`
finds the pool of Rezé, whatever it is called. Every word that is typed gives each text
a mark between 0 and 1, and each thing the best of its three. Words that few things have
count for more; words that nothing has, not at all.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from math import cos, log, radians
from typing import TYPE_CHECKING, Any

from rapidfuzz import fuzz

from sources.arrays import np
from sources.grid import METRES_PER_DEGREE
from sources.leaving import Leaving
from sources.names import fold
from sources.naming import Names
from sources.vocabulary import Vocabulary
from sources.words import LITTLE, SHORT, lengthened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Marks = NDArray[np.float32]
    Numbers = NDArray[np.int32]

MOST_WORDS = 8  # of what is typed: more are not read
BEGUN, TYPO = 0.8, 1.6  # a word that goes on, at least; what a typo in one of one letter costs
KIND, BESIDE, LITTLE_ONE = 0.8, 0.65, 0.2  # what a word counts there, where 1 is in the name
ENOUGH = 0.7  # of the best thing's marks, for another to be shown
ALIKE, NEAR, KNOWN = 0.2, 0.2, 0.2  # what counts besides: the whole name, the way, the kind
NEAR_M = 1_000.0  # at this distance half as much as at none
PIECE = 10_000  # words that are looked up at once, while others wait
LOOKED_AT = 100  # things whose whole names are compared

# Which kinds are looked for by name above all others, and which hardly ever.
FOREMOST = frozenset({"commune", "route", "stop"})
HINDMOST = frozenset(
    {
        "bike_parking",
        "bike_pump",
        "compost",
        "defibrillator",
        "fountain",
        "recycling_point",
        "toilets",
    }
)


class Directory:
    """The names of several lists as one. Where none is new, what was made of them is kept."""

    def __init__(self, layers: Sequence[Names], last: Directory | None = None) -> None:
        self.layers = layers
        self._things = list(chain.from_iterable(layer.things for layer in layers))
        nothing = np.empty(0, np.float32)
        self._lats: Marks = np.concatenate([nothing, *(layer.lats for layer in layers)])
        self._lons: Marks = np.concatenate([nothing, *(layer.lons for layer in layers)])
        self._leaving = Leaving([layer.ends for layer in layers])
        self._index: _Index = (
            last._index if last is not None and _alike(layers, last.layers) else _Index(layers)
        )

    def __len__(self) -> int:
        return len(self._things)

    def changes_at(self, now: datetime) -> datetime | None:
        """When the next of its things is over; None if none ever is."""
        return self._leaving.changes_at(now)

    def find(
        self,
        text: str,
        first: int,
        now: datetime,
        kinds: frozenset[str] | None = None,
        near: tuple[float, float] | None = None,
    ) -> list[Any]:
        """The things that fit a text best, of these kinds only; of like ones the nearest first.

        Its last word may be the beginning of one. Empty if it has no words, or nothing has them.
        """
        index, typed = self._index, typed_words(text)
        marks = index.marks(typed)
        if kinds is not None:
            marks = marks * np.array([kind in kinds for kind in index.kinds], bool)[index.codes]
        if self._leaving:
            marks = marks * self._leaving.staying(now, np.arange(len(marks)))
        best = float(marks.max(initial=0))
        if not best:
            return []
        found = np.flatnonzero(marks >= ENOUGH * best)
        sure = marks[found] / best + KNOWN * index.known[found]
        if near is not None:
            sure += NEAR * self._nearness(found, *near)
        asked = lengthened(typed)
        letters, lengths = len(" ".join(asked)), index.lengths[found]
        alike: NDArray[Any] = np.minimum(lengths, letters) / np.maximum(lengths, letters)
        some = _most(sure + ALIKE * alike**3, first + LOOKED_AT)
        ranked = [
            (
                -round(mark + ALIKE * index.alikeness(asked, number), 3),
                index.names[number],
                str(self._things[number].id),
                number,
            )
            for number, mark in zip(found[some].tolist(), sure[some].tolist(), strict=True)
        ]
        return [self._things[number] for *_, number in sorted(ranked)[:first]]

    def _nearness(self, found: NDArray[np.intp], lat: float, lon: float) -> Marks:
        """From 1, here, to 0, far away or nobody knows where."""
        east = (self._lons[found] - np.float32(lon)) * np.float32(cos(radians(lat)))
        north = self._lats[found] - np.float32(lat)
        metres = np.sqrt(east * east + north * north) * np.float32(METRES_PER_DEGREE)
        nearness: Marks = np.float32(NEAR_M) / (np.float32(NEAR_M) + metres)
        return nearness


class _Index:
    """The words of many things, known by their places in the one list of all layers.

    Behind the things come the few texts that many of them share: what their kinds are called,
    and what stands beside their names. Long lists of numbers grow as arrays: to make an array
    of a whole list keeps everybody waiting, in whatever thread it is done.
    """

    def __init__(self, layers: Sequence[Names]) -> None:
        kinds: dict[str, int] = {}
        every = [kind for layer in layers for kind in layer.kinds]
        self.codes: Numbers = np.array([kinds.setdefault(k, len(kinds)) for k in every], np.int32)
        self.kinds = list(kinds)
        known = [1.0 if k in FOREMOST else 0.0 if k in HINDMOST else 0.5 for k in kinds]
        self.known: Marks = np.array(known, np.float32)[self.codes]
        texts = [text for layer in layers for text in layer.texts]
        self.names = [text.name for text in texts]
        self.lengths: Marks = np.array([max(1, len(name)) for name in self.names], np.float32)
        shared: dict[str, int] = {}
        called, beside = array("i"), array("i")
        for text in texts:
            called.append(shared.setdefault(text.kind, len(shared)))
            beside.append(shared.setdefault(text.beside, len(shared)))
        self._called: Numbers = np.asarray(called)
        self._beside: Numbers = np.asarray(beside)
        written: list[str] = []
        distinct: set[str] = set()
        many = array("i")
        for line in chain((f"{text.name} {text.together}" for text in texts), shared):
            words_of_it = line.split()
            written += words_of_it
            many.append(len(words_of_it))
            distinct.update(words_of_it)
        self._vocabulary = Vocabulary(distinct)
        numbers = {word: number for number, word in enumerate(self._vocabulary.words)}
        spelled = array("q")
        for first in range(0, len(written), PIECE):
            spelled.extend(map(numbers.__getitem__, written[first : first + PIECE]))
        self._texts = len(many)
        # Each word with a text that has it, as one number: sorted, and what is there twice once.
        having = np.asarray(spelled) * self._texts + np.arange(self._texts).repeat(many)
        having.sort()
        having = having[np.diff(having, prepend=-1) > 0]
        self._having: Numbers = (having % self._texts).astype(np.int32)
        every_word = np.arange(len(numbers) + 1)
        self._starts: list[int] = np.searchsorted(having, every_word * self._texts).tolist()
        letters = np.array([len(word) for word in self._vocabulary.words], np.float32)
        self._letters: Marks = np.repeat(letters, np.diff(self._starts))
        self._shared = [frozenset(text.split()) for text in shared]

    def marks(self, typed: Sequence[str]) -> Marks:
        """How well each thing fits the words typed, the last of which may go on; 0: not at all."""
        total: Marks = np.zeros(len(self.names), np.float32)
        only_little = all(word in LITTLE for word in typed)
        for at, word in sorted(enumerate(typed), key=lambda one: one[1] in LITTLE):
            marks = self._marks(word, last=at == len(typed) - 1)
            if word in LITTLE and not only_little:  # it tells things apart that fit anyway
                marks *= LITTLE_ONE
                whole = self._named(word)  # and the line D from all others
                marks[whole] = self._weight(len(whole))
                marks *= total > 0
            else:
                marks *= self._weight(int(np.count_nonzero(marks > 0)))
            total += marks
        return total

    def alikeness(self, asked: Sequence[str], number: int) -> float:
        """From 1, its whole name, to 0; much for a name that begins so, little for one that has it.

        What only its kind is called is no part of the name: as in `parking commerce`.
        """
        name, kind = self.names[number], self._shared[self._called[number]]
        own = " ".join(word for word in asked if word not in kind or word in name)
        ratio = fuzz.ratio(own, name) / 100
        begins = own and name.startswith(own)
        return float((1 + ratio) / 2 if begins else ratio**3)

    def _weight(self, having: int) -> np.float32:
        """What a word counts for: 1 if everything has it, nearly 2 if only one thing does."""
        every = len(self.names)
        return np.float32(1 + log(every / having) / log(every + 1) if having else 0)

    def _marks(self, word: str, last: bool) -> Marks:
        """How well one word fits each thing: in its name, or in what it shares with others."""
        of_text = self._marks_of_texts(word, last)
        marks, few = of_text[: len(self.names)], of_text[len(self.names) :]
        if few.any():
            np.maximum(marks, (few * np.float32(KIND))[self._called], out=marks)
            np.maximum(marks, (few * np.float32(BESIDE))[self._beside], out=marks)
        return marks

    def _marks_of_texts(self, word: str, last: bool) -> Marks:
        """How well one word fits each text: from the worst likeness to the best."""
        marks: Marks = np.zeros(self._texts, np.float32)
        if word not in LITTLE:
            alike = self._vocabulary.like(word, unfinished=last)
            for number, typos in sorted(alike, key=lambda one: -one[1]):
                marks[self._of(number)] = 1 - TYPO * typos / len(word)
        if last or len(word) > 2:
            begun = self._vocabulary.beginning(word)
            low, high = self._starts[begun.start], self._starts[begun.stop]
            done = np.float32(len(word) * (1 - BEGUN) * (1 if last else 0.5))
            marks[self._having[low:high]] = np.float32(BEGUN) + done / self._letters[low:high]
        for whole in SHORT.get(word, word).split():
            marks[self._of(self._vocabulary.find(whole))] = 1
        return marks

    def _named(self, word: str) -> Numbers:
        """The things that are called so and nothing else."""
        having = self._of(self._vocabulary.find(word))
        having = having[having < len(self.names)]
        named: Numbers = having[self.lengths[having] == len(word)]
        return named

    def _of(self, number: int | None) -> Numbers:
        """The texts that have a word of the vocabulary."""
        if number is None:
            return self._having[:0]
        return self._having[self._starts[number] : self._starts[number + 1]]


def _most(marks: NDArray[Any], many: int) -> NDArray[np.intp]:
    """Where the highest marks are, in no order."""
    if len(marks) <= many:
        return np.arange(len(marks))
    return np.argpartition(marks, len(marks) - many)[-many:]


def typed_words(text: str) -> list[str]:
    """The words of what somebody types: the last is as it came, as it may go on."""
    typed = fold(text).split()
    done = dict.fromkeys(word for word in lengthened(typed[:-1]) if word not in typed[-1:])
    return [*list(done)[: MOST_WORDS - 1], *typed[-1:]]


def _alike(layers: Sequence[Names], others: Sequence[Names]) -> bool:
    return len(layers) == len(others) and all(map(Names.same_as, layers, others))
