"""Succession: what an edition of the city files goes on with of the one before it.

What both say the same of keeps its feeds: what they hold, their pauses and breakers, and
nothing is asked again. What is only described in another way now, its licence or how long it
is fresh, begins with what was held. All else begins anew.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cities import City
from sources.cache import Held
from sources.collection import Collection
from sources.feeds import Feed
from sources.shrinking import Snapshot
from sources.tables import Table

READ_BY = ("protocol", "options", "fields", "details", "live_for_s")  # words that rows depend on


def same(city: City, before: City | None, tables: Sequence[Table]) -> bool:
    """Whether both files of a city say the same of it, and of these tables."""
    if before is None or _about(city) != _about(before):
        return False
    return all(before.bindings.get(one.binding.table) == one.binding for one in tables)


def hand_over(old: Feed, new: Feed) -> None:
    """Have a feed begin with what the one before it held, if both read it in the same way."""
    before = {table.reader.kind: table for table in old.tables}
    held = old.cached.held
    if held is None or not all(_alike(one, before.get(one.reader.kind)) for one in new.tables):
        return
    known: Snapshot = {}
    for table in new.tables:
        found = held.value[table.reader.kind]
        if isinstance(found, Collection):  # what was derived of it may name its source
            found = replace(found, binding=table.binding, _indexes={})
        known[table.reader.kind] = found
    new.cached.begin(old.cached, Held(known, held.fetched_at))


def _about(city: City) -> dict[str, Any]:
    """What a city's file says of it besides where its services come from."""
    return city.model_dump(exclude={"bindings", "upstreams"})


def _alike(table: Table, old: Table | None) -> bool:
    """Whether both read the same things out of the same payload."""
    if old is None:
        return False
    return all(getattr(table.binding, word) == getattr(old.binding, word) for word in READ_BY)
