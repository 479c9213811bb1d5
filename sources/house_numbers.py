"""House numbers: which ones of a street a French sentence means, where it can be read for sure.

    les numéros 42 et 44                          tous les numéros sauf 42 et 44
    à partir des numéros 75 et 82                 jusqu'aux numéros 65 et 62
    à partir du numéro 49 et jusqu'au numéro 36B  des numéros 33 à 81 et 36 à 78
    les numéros 29-31-32 et à partir des numéros 93 et 80           côté impair

Odd numbers stand on one side and even ones on the other, so a bound is one of its own side:
`à partir des numéros 75 et 82` is the odd ones from 75 on and the even ones from 82 on. Of a
side that no bound speaks of, nothing is known. A sentence with any word that is not one of
these is not read at all.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from sources.names import fold

# A letter apart is no part of the number: `10 r. Crébillon`.
NUMBER = r"(?P<number>\d{1,5})(?: ?(?P<suffix>bis|ter|quater)|(?P<letter>[a-z]))?\b"
ADDRESS = re.compile(rf"{NUMBER} (?P<street>.+)")
TOKEN = re.compile(
    r"(?P<from>a partir)\b|(?P<until>jusqu)\b|(?P<but>sauf)\b|(?P<all>tous)\b"
    r"|(?P<odd>impairs?)\b|(?P<even>pairs?)\b|(?P<to>a|au|aux)\b"
    rf"|{NUMBER}"
    r"|(?P<again>les|numeros?)\b|(?P<noise>des|de|du|d|et|no?|cotes?|seulement)\b"
)
JOINED = re.compile(r"\d+\w?(?:\s*[-–/]\s*\d+\w?)+")
SUFFIXES = {"": "", "bis": "b", "ter": "t", "quater": "u"}


class Number(NamedTuple):
    """12 bis is (12, "b"): they stand in the street in this order."""

    value: int
    suffix: str = ""


class Span(NamedTuple):
    """The numbers of one side between two ends, both included."""

    side: int  # what is left of a number divided by two
    first: Number | None
    last: Number | None

    def has(self, number: Number) -> bool | None:
        """None of a number whose entrance the end may or may not include, as of 58 bis."""
        if number.value % 2 != self.side or (self.first is not None and number < self.first):
            return False
        if self.last is None or number <= self.last:
            return True
        return None if number.value == self.last.value and not self.last.suffix else False


@dataclass
class Numbers:
    """The house numbers that a sentence means; `spoken`, the sides that it speaks of as such."""

    everything: bool = False
    single: set[Number] = field(default_factory=set)
    spans: list[Span] = field(default_factory=list)
    spoken: set[int] = field(default_factory=set)
    but: set[Number] = field(default_factory=set)

    def has(self, number: Number) -> bool | None:
        """Whether a number is one of them; None if the sentence does not tell."""
        if number in self.but:
            return False
        if self.everything or number in self.single:
            return True
        said = [span.has(number) for span in self.spans]
        if True in said:
            return True
        unspoken = bool(self.spoken) and number.value % 2 not in self.spoken
        return None if None in said or unspoken else False


def split(text: str) -> tuple[Number | None, str]:
    """The number of an address and its street, folded: (12, b) and `rue noire`."""
    folded = fold(text)
    found = ADDRESS.fullmatch(folded)
    if found is None:
        return None, folded
    return _number(found), found["street"]


@lru_cache(maxsize=2_000)
def numbers(text: str) -> Numbers | None:
    """What a sentence means; None if it cannot be read for sure."""
    tokens = list(_tokens(text))
    try:
        return None if None in tokens else _read([token for token in tokens if token])
    except ValueError:
        return None


def _tokens(text: str) -> Iterator[re.Match[str] | None]:
    """Word by word, without those that say nothing; None for what is not known."""
    if any(len(re.findall(r"\d+", one)) == 2 for one in JOINED.findall(text)):
        yield None  # `4-8` may be two numbers, or all between; `4-6-8` is a list
    folded = fold(text.replace("°", " "))
    at = 0
    while at < len(folded):
        found = TOKEN.match(folded, at)
        if found is None:
            yield None
            return
        if found.lastgroup != "noise":
            yield found
        at = found.end()
        at += folded[at : at + 1] == " "


def _read(tokens: Sequence[re.Match[str]]) -> Numbers:
    """ValueError for words that make no clear sentence."""
    found = Numbers()
    mode, fresh = "list", True  # `fresh`: no number has followed yet
    sided = False
    i = 0
    while i < len(tokens):
        token = tokens[i]
        after = tokens[i + 1 : i + 3]
        if token["from"] or token["until"] or token["but"]:
            mode = str(token.lastgroup)
            fresh = True
            i += bool(after and after[0]["to"])  # jusqu'aux
        elif token["all"]:
            found.everything = True
        elif token["odd"] or token["even"]:
            _side(found, 1 if token["odd"] else 0, mode)
            sided = True
        elif token["number"]:
            if sided and mode != "but":
                raise ValueError("numbers beside a side")
            if len(after) == 2 and after[0]["to"] and after[1]["number"] and mode == "list":
                _span(found, _number(token), _number(after[1]))
                i += 2
            else:
                _take(found, _number(token), mode)
            fresh = False
        elif not token["again"] or (mode in ("from", "until") and not fresh):
            # `à partir du 80 et les numéros 29-31`: those, or from those on?
            raise ValueError("a word out of place")
        i += 1
    if found.everything == bool(found.spans or found.single) or (fresh and mode != "list"):
        raise ValueError("all and some, or nothing")
    return found


def _take(found: Numbers, number: Number, mode: str) -> None:
    side = number.value % 2
    if mode == "but":
        found.but.add(number)
    elif mode == "list":
        found.single.add(number)
    elif side in found.spoken:
        raise ValueError("two bounds of one side")
    else:
        first, last = (number, None) if mode == "from" else (None, number)
        found.spans.append(Span(side, first, last))
        found.spoken.add(side)


def _side(found: Numbers, side: int, mode: str) -> None:
    """`côté impair`, `tous les numéros pairs`: nobody on the other side is meant."""
    if mode != "list" or found.spans or found.single:
        raise ValueError("a side beside numbers")
    found.everything = False
    found.spans.append(Span(side, None, None))
    found.spoken |= {0, 1}


def _span(found: Numbers, first: Number, last: Number) -> None:
    """`33 à 81`: one side of the street, or all of it if the ends stand on both."""
    side = first.value % 2
    if last < first or last.value % 2 != side:
        raise ValueError("a range that is not clear")
    found.spans.append(Span(side, first, last))
    found.spoken.add(side)


def _number(found: re.Match[str]) -> Number:
    suffix = found["suffix"] or found["letter"] or ""
    return Number(int(found["number"]), SUFFIXES.get(suffix, suffix))
