"""Datasets: what an Opendatasoft portal holds, its fields and the function that makes its rows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sandbox.timetable import PARIS

NANTES, BORDEAUX = "data.nantesmetropole.fr", "opendata.bordeaux-metropole.fr"
EDUCATION = "data.education.gouv.fr"

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
    """A table on a portal; `upstream` names it for faults and calls.

    `rows` takes a day and a seed; `live`, of what changes by the minute, an instant instead.
    """

    id: str
    title: str
    upstream: str
    fields: tuple[Field, ...]
    rows: Callable[[date, int], list[Row]] = nothing
    live: Callable[[datetime, int], list[Row]] | None = None
    host: str = NANTES

    def at(self, now: datetime, seed: int) -> list[Row]:
        """The rows at an instant."""
        if self.live is not None:
            return self.live(now, seed)
        return self.rows(now.astimezone(PARIS).date(), seed)
