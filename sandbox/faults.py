"""Faults: the bad days of an upstream, on demand.

An upstream has one fault at a time, written `kind` or `kind:number` (`delay:2`, `502`, `flaky:3`).
What a fault does to data is here; what it does to the wire is in `breakage.py`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Kind(NamedTuple):
    """What the number of a kind counts (empty: it takes none), and what happens."""

    number: str
    meaning: str


KINDS = {
    "delay": Kind("seconds", "answers late"),
    "hang": Kind("", "never answers"),
    "drip": Kind("", "answers one byte a second"),
    "reset": Kind("", "closes the connection in the middle of the body"),
    "500": Kind("", "internal error"),
    "502": Kind("", "bad gateway"),
    "503": Kind("", "service unavailable"),
    "429": Kind("seconds", "too many requests, with that Retry-After"),
    "401": Kind("", "asks for a key"),
    "403": Kind("", "forbids"),
    "404": Kind("", "is gone"),
    "truncated": Kind("", "sends two thirds of the body as if that were all of it"),
    "blank": Kind("", "sends no byte, with status 200"),
    "html": Kind("", "sends an HTML page with status 200"),
    "wrong_columns": Kind("", "sends rows whose columns have other names"),
    "empty": Kind("", "sends no row"),
    "half": Kind("", "sends half of the rows"),
    "gzip_bomb": Kind("", "sends 128 MiB of zeros in a small gzip body"),
    "wrong_type": Kind("", "sends the right body under the wrong content type"),
    "interrupted": Kind("", "breaks an export with a sentence inside a 200"),
    "304": Kind("", "says that nothing has changed, whoever asks"),
    "redirect": Kind("", "sends everyone to another host"),
    "skew": Kind("seconds", "has a clock that is off by that much"),
    "flaky": Kind("times", "answers 502 that many times, then recovers"),
}


class UnknownFault(ValueError):
    """No such upstream or kind, or no such number; the message lists the valid words."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, or none."""

    kind: str = ""
    number: float = 0

    def __str__(self) -> str:
        return f"{self.kind}:{self.number:g}" if KINDS[self.kind].number else self.kind

    def clock(self, now: datetime) -> datetime:
        """The time as the upstream believes it is."""
        return now + timedelta(seconds=self.number) if self.kind == "skew" else now

    def rows(self, rows: Sequence[T]) -> Sequence[T]:
        """The rows that are left."""
        if self.kind == "empty":
            return ()
        return rows[: (len(rows) + 1) // 2] if self.kind == "half" else rows

    @property
    def alters_rows(self) -> bool:
        """Whether it changes what the data says, not only how it comes."""
        return self.kind in ("empty", "half", "wrong_columns")

    @property
    def renames(self) -> bool:
        """Whether columns change their names."""
        return self.kind == "wrong_columns"

    def column(self, name: str) -> str:
        """The name a column has."""
        return f"{name}_v2" if self.renames else name


NONE = Fault()


def fault(text: str) -> Fault:
    """`delay:2` as a fault; raises UnknownFault."""
    kind, _, number = text.strip().partition(":")
    if kind not in KINDS:
        raise UnknownFault(f"unknown fault {kind!r}: expected one of {', '.join(KINDS)}")
    counts = KINDS[kind].number
    if not counts:
        if number:
            raise UnknownFault(f"{kind!r} takes no number, not {number!r}")
        return Fault(kind)
    if not re.fullmatch(r"-?\d+(\.\d+)?", number):
        raise UnknownFault(f"{kind!r} needs its number of {counts}, as in {kind}:2")
    return Fault(kind, float(number))


def upstream(name: str, known: Iterable[str]) -> str:
    """The name itself; raises UnknownFault if no upstream that is known has it."""
    if name.strip() not in known:
        raise UnknownFault(f"unknown upstream {name!r}: expected one of {', '.join(known)}")
    return name.strip()


class Faults:
    """Which upstream has which fault now."""

    def __init__(self) -> None:
        self.current: dict[str, Fault] = {}

    def suffered(self, name: str | None) -> Fault:
        """The fault of this call, which counts: a flaky upstream recovers by being asked."""
        suffered = self.current.get(name, NONE) if name else NONE
        if name and suffered.kind == "flaky":
            if suffered.number < 1:
                del self.current[name]
                return NONE
            self.current[name] = replace(suffered, number=suffered.number - 1)
        return suffered
