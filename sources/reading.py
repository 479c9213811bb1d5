"""Reading: from a payload's rows to our types.

`@reads(Pool, "id name ...")` declares the function that turns one row of its
module's service into a type, and the columns that a city may name for it. A
reader raises ValueError for a row it cannot read, which is dropped and counted,
and returns None for a row that is no such thing, which is not. What only the
whole list can tell (a station by its quays, a thing listed twice) `whole` puts right.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

import structlog

from cities import Binding, City
from schema.languages import Text
from schema.places import Place
from sources.collection import Collection, let_go
from sources.row import Row

T = TypeVar("T")
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


class Keeps(Protocol[T]):
    """What makes one lasting thing, on disk, of a whole payload, and finds it again."""

    def made(self, body: bytes, city: City, folder: Path) -> T:
        """Out of a payload; ValueError if it cannot be."""

    def size(self, thing: T) -> int:
        """Of how many rows that count it was made."""

    def keep(self, thing: T, city: City, folder: Path, at: datetime) -> None:
        """From now on this is the one, of a payload read at `at`; ValueError if it is gone."""

    def found(self, city: City, folder: Path) -> tuple[T, datetime] | None:
        """The one that was kept last, perhaps before a restart, and when its payload was read."""


# What may speak against things of a kind that were read well: the collection of them, the time,
# and what is held of other kinds in; in words, or None.
Doubt = Callable[[Collection[Any], datetime, Callable[[type], Collection[Any] | None]], str | None]

readers: dict[type, Reader[Any]] = {}
doubts: dict[type, Doubt] = {}
open_ended: dict[str, Reader[Any]] = {}  # by the pattern of their tables, such as `places.*`


def reads(
    kind: type[T],
    columns: str,
    part: str | None = None,
    whole: Callable[[list[T]], list[T]] = lambda items: items,
) -> Callable[[Callable[[Row], T | None]], Callable[[Row], T | None]]:
    """Declare the reader of the service that its module is named after, or of a part of it.

    A part that is a pattern (`*`) is read for every part of a city file that fits it; each is a
    subclass of `kind` of its own (`reader_of`).
    """

    def register(read: Callable[[Row], T | None]) -> Callable[[Row], T | None]:
        service = read.__module__.rpartition(".")[2]
        table = service if part is None else f"{service}.{part}"
        reader = Reader(kind, table, frozenset(columns.split()), read, whole)
        if "*" in table:
            open_ended[table] = reader
        else:
            readers[kind] = reader
        return read

    return register


def reader_of(table: str) -> Reader[Any] | None:
    """The reader of a table of a city file, if there is one; the most exact pattern wins."""
    for reader in readers.values():
        if reader.table == table:
            return reader
    fitting = [pattern for pattern in open_ended if fnmatchcase(table, pattern)]
    if not fitting:
        return None
    reader = open_ended[max(fitting, key=len)]
    kind = type(reader.kind.__name__, (reader.kind,), {})
    readers[kind] = replace(reader, kind=kind, table=table)
    return readers[kind]


def tables() -> list[str]:
    """Every table that a city file may have."""
    return [*(reader.table for reader in readers.values()), *open_ended]


def part_of(kind: type[T], part: str) -> type[T] | None:
    """The kind of which one part of an open-ended table is, if any city has that part."""
    for one, reader in readers.items():
        if issubclass(one, kind) and reader.table.partition(".")[2] == part:
            return one
    return None


def doubted(kind: type) -> Callable[[Doubt], Doubt]:
    """Declare what may speak against a kind of thing: its source is `STALE` then, and says why."""

    def register(doubt: Doubt) -> Doubt:
        doubts[kind] = doubt
        return doubt

    return register


def keeps(kind: type[T], table: str, keeping: Keeps[T]) -> None:
    """Declare that a table's payload is made into one lasting thing, not read row by row."""
    readers[kind] = Reader(kind, table, frozenset(), lambda _: None, lambda items: items, keeping)


def read_all(
    reader: Reader[T], rows: Iterable[Mapping[str, Any]], city: City, binding: Binding
) -> tuple[list[T], int]:
    """What could be read, in the payload's order, and how many rows could not."""
    items: list[T] = []
    dropped, places = 0, issubclass(reader.kind, Place)
    read, fields = reader.read, binding.fields
    row = Row(city, {}, fields, binding)  # one for all of them: no reader keeps it
    for raw in rows:
        row.raw = raw
        try:
            item = read(row)
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
            dropped += 1
            if dropped <= 3:  # a feed that changed would say the same thousands of times
                log.warning("row dropped", source=binding.source, why=repr(error))
            continue
        if item is None:
            continue
        if places:
            cast("Place", item).names = _other_names(row)
        items.append(item)
    whole = reader.whole(items)
    if whole is not items:
        let_go(items)
    return whole, dropped


def _other_names(row: Row) -> Sequence[Text]:
    """What something is called in other languages than the source's own."""
    found = row.texts("name") if isinstance(row.find("name"), dict | list) else ()
    return tuple(text for text in found[1:] if text.language is not None)
