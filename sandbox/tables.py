"""Tables: the facts of the city, one CSV file each in `data/`."""

import csv
from functools import cache
from importlib.resources import files

Record = dict[str, str]


@cache
def read(name: str) -> tuple[Record, ...]:
    """Every record of `data/<name>.csv`, by column name."""
    text = (files("sandbox") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
