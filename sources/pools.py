"""Pools: where to swim and when, as the city's directory and its table of hours have it.

Some cities count who is in the water, zone by zone. Counters at doors drift: less than nobody
is no count at all. Where such a table is all that names the pools, it lists each several times.
"""

from dataclasses import dataclass

from schema.nodes import node_id
from schema.places import Address
from schema.pools import Pool, PoolZone
from sources.hours import COLUMNS, Slot, slot
from sources.names import fold
from sources.places import find_address, find_website
from sources.reading import reads
from sources.row import Row

NOWHERE = Address(street=None, postcode=None, city=None, insee=None)


@dataclass(frozen=True, slots=True)
class PoolSlot(Slot):
    """A row of a pool's opening hours."""


def _each_once(pools: list[Pool]) -> list[Pool]:
    return list({pool.local_id: pool for pool in reversed(pools)}.values())[::-1]


@reads(
    Pool,
    "id name short_name street postcode commune phone website position lat lon notes "
    "sports_pool leisure_pool teaching_pool paddling_pool slide diving_board wheelchair",
    whole=_each_once,
)
def pool(row: Row) -> Pool:
    """One pool; ValueError without an id or a name."""
    local_id, name = row.text("id"), row.text("name")
    return Pool(
        id=node_id("Pool", row.city.slug, local_id),
        city=row.city.slug,
        name=name,
        folded=fold(name),
        position=row.find_position(),
        local_id=local_id,
        short_name=row.find_text("short_name"),
        address=find_address(row) or NOWHERE,
        phone=row.find_text("phone"),
        website=find_website(row),
        notes=row.find_text("notes"),
        sports_pool=row.find_flag("sports_pool"),
        leisure_pool=row.find_flag("leisure_pool"),
        teaching_pool=row.find_flag("teaching_pool"),
        paddling_pool=row.find_flag("paddling_pool"),
        slide=row.find_flag("slide"),
        diving_board=row.find_flag("diving_board"),
        wheelchair_accessible=row.find_flag("wheelchair"),
    )


@reads(PoolSlot, COLUMNS, part="hours")
def pool_slot(row: Row) -> PoolSlot:
    """One row of opening hours; ValueError as for `slot`."""
    return slot(row, PoolSlot)


@reads(PoolZone, "place name current capacity updated", part="attendance")
def pool_zone(row: Row) -> PoolZone:
    """What one zone told last; ValueError where it does not say of which pool."""
    updated = row.find_instant("updated")
    return PoolZone(
        place=row.text("place"),
        name=row.find_text("name"),
        current=row.find_count("current"),
        capacity=row.find_count("capacity") or None,
        updated_at=updated and updated.astimezone(row.city.zone),
    )
