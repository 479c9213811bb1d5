"""Pools: which there are, and when they are open."""

from resolvers.loaders import Loaders, answers, answers_many
from resolvers.places import listed
from schema.paging import Page
from schema.pools import Pool, PoolOpening, PoolsIn, PoolWith
from schema.times import Schedule
from sources.pools import PoolSlot
from sources.schedule import schedules


@answers(PoolWith)
async def pool_with(ask: Loaders, key: PoolWith) -> Pool | None:
    pools = await ask.collection(Pool, key.city)
    return pools.by(_local_id).get(key.id)


@answers_many(PoolOpening, "city")
async def pool_opening(ask: Loaders, keys: list[PoolOpening]) -> list[Schedule | None]:
    city = keys[0].city
    slots = await ask.collection(PoolSlot, city)
    found = slots.derived(schedules(ask.cities[city]))
    return [found.get(key.id) for key in keys]


@answers(PoolsIn)
async def pools_in(ask: Loaders, key: PoolsIn) -> Page[Pool]:
    pools = await ask.collection(Pool, key.city)
    wanted = pools.items
    if key.commune is not None:
        wanted = tuple(pool for pool in wanted if pool.address.insee == key.commune)
    if key.open_now is not None:
        wanted = await _open(ask, wanted, key.open_now)
    kept = {pool.id for pool in wanted}
    return listed(pools, key.name, key.near, key.window, lambda pool: pool.id in kept)


async def _open(ask: Loaders, pools: tuple[Pool, ...], wanted: bool) -> tuple[Pool, ...]:
    """Those open at the request's instant, or those not known to be."""
    schedules = await ask.load_many([PoolOpening(pool.city, pool.local_id) for pool in pools])
    for schedule in filter(None, schedules):
        ask.changes_at(schedule.changes_at(ask.now))
    return tuple(
        pool
        for pool, schedule in zip(pools, schedules, strict=True)
        if bool(schedule and schedule.open_at(ask.now)) is wanted
    )


def _local_id(pool: Pool) -> str:
    return pool.local_id
