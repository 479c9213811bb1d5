"""Datasets: what an Opendatasoft portal holds, its fields and the function that makes its rows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sandbox.timetable import PARIS

Row = dict[str, object]


class Field(NamedTuple):
    """A column: technical name, label, Opendatasoft type, and whether it is a facet."""

    name: str
    label: str
    type: str = "text"
    facet: bool = False


def nothing(_: date, __: int) -> list[Row]:
    return []


@dataclass(frozen=True)
class Dataset:
    """A table; `upstream` names it for faults and calls.

    `rows` takes a day and a seed; `live`, of what changes by the minute, an instant instead.
    """

    id: str
    title: str
    upstream: str
    fields: tuple[Field, ...]
    rows: Callable[[date, int], list[Row]] = nothing
    live: Callable[[datetime, int], list[Row]] | None = None

    def at(self, now: datetime, seed: int) -> list[Row]:
        """The rows at an instant."""
        if self.live is not None:
            return self.live(now, seed)
        return self.rows(now.astimezone(PARIS).date(), seed)
