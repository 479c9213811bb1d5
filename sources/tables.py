"""Tables: those of a city file that describe one payload, and what becomes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cities import Binding, City
from sources.collection import Collection
from sources.errors import Changed, SourceError, Unavailable
from sources.http import Door
from sources.protocols import Speaks
from sources.reading import Reader, read_all
from sources.shrinking import Snapshot


@dataclass(frozen=True)
class Table:
    """One table of a city file, with the protocol it speaks and the reader of its rows."""

    binding: Binding
    speaks: Speaks
    reader: Reader[Any]


class Tables:
    """All of one payload, and what is made of it: the same for each of the feeds that ask for it.

    There are thousands of those where each asks for `one` thing only.
    """

    def __init__(self, city: City, tables: Sequence[Table], door: Door) -> None:
        self.all = tables
        self.first = tables[0]
        self.name = self.first.speaks.feed()
        # Whether the payload is made into something that is kept, which takes its time.
        self.lasting = any(table.reader.keeps is not None for table in tables)
        self.city = city
        self.door = door

    def found(self) -> tuple[Snapshot, datetime] | None:
        """What was made of a payload before a restart, and when that was read."""
        for table in self.all:
            if table.reader.keeps is None:
                continue
            found = table.reader.keeps.found(self.city, self.door.folder)
            if found is not None:
                thing, made_at = found
                known = Collection(table.binding, (thing,), 0, made_at)
                return {table.reader.kind: known}, made_at
        return None

    def made(self, body: bytes, now: datetime, one: str | None) -> Snapshot:
        """What a payload holds: of one thing, if that is what was asked for."""
        return {table.reader.kind: self._collected(table, body, now, one) for table in self.all}

    def _collected(
        self, table: Table, body: bytes, now: datetime, one: str | None
    ) -> Collection[Any] | SourceError:
        try:
            if table.reader.keeps is not None:
                thing = table.reader.keeps.made(body, self.city, self.door.folder)
                return Collection(table.binding, (thing,), 0, now)
            rows = speaking(table, one).rows(body)
            items, dropped = read_all(table.reader, rows, self.city, table.binding)
        except ValueError as error:
            return self.changed(error, table.binding)
        except OSError as error:
            return Unavailable(f"it cannot be kept: {error}", table.binding)
        if dropped and not items:
            return Changed(f"none of {dropped} rows could be read", table.binding)
        return Collection(table.binding, tuple(items), dropped, now)

    def changed(self, error: ValueError, binding: Binding) -> Changed:
        return Changed(self.door.secrets.hushed(str(error), binding), binding)

    def settled(self, found: Snapshot, at: datetime) -> Snapshot:
        """The same; what is lasting takes the place of the last one, now that it is believed."""
        for table in self.all:
            kind, keeps = table.reader.kind, table.reader.keeps
            made = found[kind]
            if keeps is None or not isinstance(made, Collection):
                continue
            try:
                keeps.keep(made.items[0], self.city, self.door.folder, at)
            except ValueError as error:
                found[kind] = self.changed(error, table.binding)
        return found


def speaking(table: Table, one: str | None) -> Speaks:
    """How a table's payload is asked for, and falls into rows: that of one thing, or of all."""
    return table.speaks if one is None else table.speaks.one(one)
