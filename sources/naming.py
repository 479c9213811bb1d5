"""Naming: what things are called, by their names and in people's words."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from schema.cities import Commune
from schema.places import Place
from schema.routes import Mode, Route
from sources.arrays import np
from sources.collection import Collection
from sources.kinds import LABELS, RIDES, SAID
from sources.leaving import leaving
from sources.words import run_together, words

NONE: Mapping[str, str] = MappingProxyType({})


class Texts(NamedTuple):
    """What is written about a thing, in words that compare."""

    name: str
    kind: str
    beside: str
    together: str  # words of the name that people may run together


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
        self.lats = np.array([np.inf if one is None else one.lat for one in at], np.float32)
        self.lons = np.array([np.inf if one is None else one.lon for one in at], np.float32)
        self.ends = leaving(self.things)

    @classmethod
    def of(
        cls, collection: Collection[Any], city: str, labels: Mapping[str, str] = NONE
    ) -> "Names":
        """Those of a collection of a city; its source may have a name that people know: Naolib."""
        about = set(words(city))
        known = [word for word in words(collection.binding.name) if word not in about]
        return cls(collection.items, " ".join(known), labels)

    def same_as(self, other: "Names") -> bool:
        """Whether they are called the same, whatever else is new about them."""
        return self.texts == other.texts and self.kinds == other.kinds


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
    return Texts(
        name=" ".join(words(name)),
        kind=_called(kind, label, mode),
        beside=_words(f"{beside} {source}"),
        together=" ".join(run_together(name)),
    )


@lru_cache(maxsize=1_000)
def _called(kind: str, label: str, mode: Mode | None) -> str:
    """What things of a kind are called by those who look for them."""
    said = (label, *LABELS.get(kind, ()), SAID.get(kind, ""))
    ours = " ".join(said).strip() or kind.replace("_", " ")
    return _words(f"{ours} {RIDES[mode]}" if mode is not None else ours)


@lru_cache(maxsize=1_000)
def _words(text: str) -> str:
    return " ".join(words(text))
