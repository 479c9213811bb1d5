"""Datasets: what an Opendatasoft portal holds, its fields and the function that makes its rows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

Row = dict[str, object]


class Field(NamedTuple):
    """A column: technical name, label, Opendatasoft type, and whether it is a facet."""

    name: str
    label: str
    type: str = "text"
    facet: bool = False


@dataclass(frozen=True)
class Dataset:
    """A table; `upstream` names it for faults and calls, `rows` takes a day and a seed."""

    id: str
    title: str
    upstream: str
    fields: tuple[Field, ...]
    rows: Callable[[date, int], list[Row]]
