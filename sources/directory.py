"""Directory: everything that has a name, found by what people type.

Three texts say what a thing is: its name, what things of its kind are called, and
what stands beside the name: its commune, or the two ends of a line. So `piscine rezé`
finds the pool of Rezé, whatever it is called. Each text is kept once, under its words;
every word that is typed gives each text a mark between 0 and 1, and each thing the best
of its three. Words that few things have count for more; words that nothing has, not at all.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain
from math import cos, log, radians
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from cities import City
from schema.cities import Commune
from schema.places import Place
from schema.routes import Mode, Route
from sources.collection import Collection
from sources.grid import METRES_PER_DEGREE
from sources.kinds import LABELS, RIDES, SAID
from sources.leaving import Leaving, leaving
from sources.names import fold
from sources.vocabulary import Vocabulary
from sources.words import LITTLE, SHORT, lengthened, words

MOST_WORDS = 10  # of what is typed: more are not read
BEGUN, TYPO = 0.8, 1.6  # a word that goes on, at least; what a typo in one of one letter costs
KIND, BESIDE, LITTLE_ONE = 0.9, 0.65, 0.2  # what a word counts there, where 1 is in the name
ENOUGH = 0.7  # of the best thing's marks, for another to be shown
ALIKE, NEAR, KNOWN = 0.3, 0.25, 0.1  # what counts besides: the whole name, the way, the kind
NEAR_M = 1_000.0  # at this distance half as much as at none
LOOKED_AT = 100  # things whose whole names are compared

# Which kinds are looked for by name above all others, and which hardly ever.
FOREMOST = frozenset({"commune", "route", "stop"})
HINDMOST = frozenset(
    {"bike_parking", "bike_pump", "compost", "defibrillator", "fountain", "recycling_point"}
    | {"toilets"}
)

NONE: Mapping[str, str] = MappingProxyType({})

Marks = NDArray[np.float32]
Numbers = NDArray[np.int32]


class Texts(NamedTuple):
    """What is written about a thing, in words that compare."""

    name: str
    kind: str
    beside: str


class Names:
    """The things of one list that people look for by name; `Collection.derived` makes them."""

    def __init__(
        self, things: Sequence[Any], source: str = "", labels: Mapping[str, str] = NONE
    ) -> None:
        self.things = [thing for thing in things if _sought(thing)]
        self.kinds = [kind_of(thing) for thing in self.things]
        self.texts = [
            _texts(thing, kind, labels.get(kind, ""), source)
            for thing, kind in zip(self.things, self.kinds, strict=True)
        ]
        at = [getattr(thing, "position", None) for thing in self.things]
        self.lats = np.array([np.nan if one is None else one.lat for one in at], float)
        self.lons = np.array([np.nan if one is None else one.lon for one in at], float)
        self.ends = leaving(self.things)

    @classmethod
    def of(cls, collection: Collection[Any], city: City) -> "Names":
        """Those of a collection; its source may have a name that people know, such as Naolib."""
        about = set(words(city.name))
        known = [word for word in words(collection.binding.name) if word not in about]
        return cls(collection.items, " ".join(known), city.kinds)

    def same_as(self, other: "Names") -> bool:
        """Whether they are called the same, whatever else is new about them."""
        return self.texts == other.texts and self.kinds == other.kinds


class Directory:
    """The names of several lists as one. Where none is new, what was made of them is kept."""

    def __init__(self, layers: Sequence[Names], last: "Directory | None" = None) -> None:
        self.layers = layers
        self._things = list(chain.from_iterable(layer.things for layer in layers))
        self._lats = np.concatenate([np.empty(0), *(layer.lats for layer in layers)])
        self._lons = np.concatenate([np.empty(0), *(layer.lons for layer in layers)])
        self._leaving = Leaving([layer.ends for layer in layers])
        self._index = (
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
        asked = " ".join(lengthened(typed))
        lengths = index.lengths[found]
        most = np.minimum(lengths, len(asked)) / np.maximum(lengths, len(asked))
        some = np.argsort(-sure - ALIKE * most**3, kind="stable")[: first + LOOKED_AT]
        ranked = [
            (
                -round(mark + ALIKE * (fuzz.ratio(asked, index.name(number)) / 100) ** 3, 3),
                index.name(number),
                str(self._things[number].id),
                number,
            )
            for number, mark in zip(found[some].tolist(), sure[some].tolist(), strict=True)
        ]
        return [self._things[number] for *_, number in sorted(ranked)[:first]]

    def _nearness(self, found: NDArray[np.intp], lat: float, lon: float) -> NDArray[np.float64]:
        """From 1, here, to 0, far away or nobody knows where."""
        east = (self._lons[found] - lon) * cos(radians(lat))
        metres = np.hypot(east, self._lats[found] - lat) * METRES_PER_DEGREE
        return np.nan_to_num(NEAR_M / (NEAR_M + metres))


class _Index:
    """The words of many things, and how well each fits: numbers are places in the one list."""

    def __init__(self, layers: Sequence[Names]) -> None:
        kinds: dict[str, int] = {}
        every = [kind for layer in layers for kind in layer.kinds]
        self.codes: Numbers = np.array([kinds.setdefault(k, len(kinds)) for k in every], np.int32)
        self.kinds = list(kinds)
        known = [1.0 if k in FOREMOST else 0.0 if k in HINDMOST else 0.5 for k in kinds]
        self.known: Marks = np.array(known, np.float32)[self.codes]
        texts: dict[str, int] = {}
        owned = [
            [texts.setdefault(text, len(texts)) for text in one]
            for layer in layers
            for one in layer.texts
        ]
        of_thing: Numbers = np.array(owned, np.int32).reshape(-1, 3).T
        self._names, self._kinds, self._besides = (np.ascontiguousarray(one) for one in of_thing)
        self._few = [np.unique(one) for one in (self._kinds, self._besides)]
        self._numbers, self._texts = texts, list(texts)
        lengths = np.array([len(text) for text in self._texts], np.int32)
        self.lengths = np.maximum(lengths[self._names], 1) if len(lengths) else self._names
        having: dict[str, list[int]] = {}
        for number, text in enumerate(self._texts):
            for word in set(text.split()):
                having.setdefault(word, []).append(number)
        self._vocabulary = Vocabulary(having)
        held = [having[word] for word in self._vocabulary.words]
        self._starts = np.cumsum([0, *map(len, held)]).tolist()
        self._having: Numbers = np.fromiter(chain.from_iterable(held), np.int32)
        letters = np.array([len(word) for word in self._vocabulary.words], np.float32)
        self._letters: Marks = np.repeat(letters, np.diff(self._starts))

    def name(self, number: int) -> str:
        """The words of a thing's name."""
        return self._texts[self._names[number]]

    def marks(self, typed: Sequence[str]) -> Marks:
        """How well each thing fits the words typed, the last of which may go on; 0: not at all."""
        total: Marks = np.zeros(len(self._names), np.float32)
        only_little = all(word in LITTLE for word in typed)
        for at, word in sorted(enumerate(typed), key=lambda one: one[1] in LITTLE):
            marks = self._marks(word, last=at == len(typed) - 1)
            if word in LITTLE and not only_little:  # it tells things apart that fit anyway
                whole = self._names == self._numbers.get(word, -1)  # as does the D of line D
                weights = np.where(whole, self._weight(whole), LITTLE_ONE)
                total += marks * weights.astype(np.float32) * (total > 0)
            else:
                total += marks * np.float32(self._weight(marks))
        return total

    def _weight(self, having: NDArray[Any]) -> float:
        """What a word counts for: 1 if everything has it, nearly 2 if only one thing does."""
        count, of = np.count_nonzero(having), len(self._names)
        return 1 + log(of / count) / log(of + 1) if count else 0.0

    def _marks(self, word: str, last: bool) -> Marks:
        """How well one word fits each thing."""
        of_text = self._marks_of_texts(word, last)
        marks: Marks = of_text[self._names]
        for numbers, few, weight in (
            (self._kinds, self._few[0], KIND),
            (self._besides, self._few[1], BESIDE),
        ):
            if of_text[few].any():
                np.maximum(marks, (of_text * np.float32(weight))[numbers], out=marks)
        return marks

    def _marks_of_texts(self, word: str, last: bool) -> Marks:
        """How well one word fits each text: from the worst likeness to the best."""
        marks: Marks = np.zeros(len(self._texts), np.float32)
        if word not in LITTLE:
            alike = self._vocabulary.like(word, unfinished=last)
            for number, typos in sorted(alike, key=lambda one: -one[1]):
                marks[self._of(number, number + 1)] = 1 - TYPO * typos / len(word)
        if last or len(word) > 2:
            begun = self._vocabulary.beginning(word)
            low, high = self._starts[begun.start], self._starts[begun.stop]
            done = len(word) / self._letters[low:high]
            marks[self._having[low:high]] = BEGUN + (1 - BEGUN) * done * (1 if last else 0.5)
        for whole in SHORT.get(word, word).split():
            number = self._vocabulary.find(whole)
            if number is not None:
                marks[self._of(number, number + 1)] = 1
        return marks

    def _of(self, low: int, high: int) -> Numbers:
        return self._having[self._starts[low] : self._starts[high]]


def typed_words(text: str) -> list[str]:
    """The words of what somebody types: the last is as it came, as it may go on."""
    typed = fold(text).split()
    return [*lengthened(typed[:-1])[: MOST_WORDS - 1], *typed[-1:]]


def kind_of(thing: Any) -> str:
    """What a thing is, in one word."""
    if isinstance(thing, Place):
        return thing.kind_word()
    return "route" if isinstance(thing, Route) else "commune"


def _sought(thing: Any) -> bool:
    return thing.named() if isinstance(thing, Place) else isinstance(thing, Route | Commune)


def _texts(thing: Any, kind: str, label: str, source: str) -> Texts:
    mode, beside = None, ""
    if isinstance(thing, Route):
        name, mode = thing.short_name or thing.long_name or "", thing.mode
        beside = thing.long_name or ""
    else:
        name = thing.name
        if isinstance(thing, Place) and thing.address is not None:
            beside = thing.address.city or ""
    return Texts(" ".join(words(name)), _called(kind, label, mode), _words(f"{beside} {source}"))


@lru_cache(maxsize=1_000)
def _called(kind: str, label: str, mode: Mode | None) -> str:
    """What things of a kind are called by those who look for them."""
    said = (label, *LABELS.get(kind, ()), SAID.get(kind, ""))
    ours = " ".join(said).strip() or kind.replace("_", " ")
    return _words(f"{ours} {RIDES[mode]}" if mode is not None else ours)


@lru_cache(maxsize=1_000)
def _words(text: str) -> str:
    return " ".join(words(text))


def _alike(layers: Sequence[Names], others: Sequence[Names]) -> bool:
    return len(layers) == len(others) and all(map(Names.same_as, layers, others))
