"""Reading: from a payload's rows to our types.

`@reads(Pool, "id name ...")` declares the function that turns one row of its
module's service into a type, and the columns that a city may name for it. A
reader raises ValueError for a row it cannot read, which is dropped and counted,
and returns None for a row that is no such thing, which is not. What only the
whole list can tell (a station by its quays, a thing listed twice) `whole` puts right.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import structlog

from cities import Binding, City
from sources.row import Row

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
log = structlog.get_logger("sources")


@dataclass(frozen=True)
class Reader(Generic[T]):
    """How rows of one table of a city file (`pools`, `pools.hours`) become `kind`s."""

    kind: type[T]
    table: str
    columns: frozenset[str]
    read: Callable[[Row], T | None]
    whole: Callable[[list[T]], list[T]]
    keeps: "Keeps[T] | None" = None


class Keeps(Protocol[T_co]):
    """What makes one lasting thing, on disk, of a whole payload, and finds it again."""

    def made(self, body: bytes, city: City, folder: Path, at: datetime) -> T_co:
        """Out of a payload read at `at`; ValueError if it cannot be: the last one stays."""

    def found(self, city: City, folder: Path) -> tuple[T_co, datetime] | None:
        """What was made last, perhaps before a restart, and when its payload was read."""


readers: dict[type, Reader[Any]] = {}


def reads(
    kind: type[T],
    columns: str,
    part: str | None = None,
    whole: Callable[[list[T]], list[T]] = lambda items: items,
) -> Callable[[Callable[[Row], T | None]], Callable[[Row], T | None]]:
    """Declare the reader of the service that its module is named after, or of a part of it."""

    def register(read: Callable[[Row], T | None]) -> Callable[[Row], T | None]:
        service = read.__module__.rpartition(".")[2]
        table = service if part is None else f"{service}.{part}"
        readers[kind] = Reader(kind, table, frozenset(columns.split()), read, whole)
        return read

    return register


def keeps(kind: type[T], table: str, keeping: Keeps[T]) -> None:
    """Declare that a table's payload is made into one lasting thing, not read row by row."""
    readers[kind] = Reader(kind, table, frozenset(), lambda _: None, lambda items: items, keeping)


def read_all(
    reader: Reader[T], rows: Iterable[Mapping[str, Any]], city: City, binding: Binding
) -> tuple[list[T], int]:
    """What could be read, in the payload's order, and how many rows could not."""
    items: list[T] = []
    dropped = 0
    for raw in rows:
        try:
            item = reader.read(Row(city, raw, binding.fields))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            dropped += 1
            if dropped <= 3:  # a feed that changed would say the same thousands of times
                log.warning("row dropped", source=binding.source, why=repr(error))
            continue
        if item is not None:
            items.append(item)
    return reader.whole(items), dropped
