"""Leaves: made once, and then held as a source's things are."""

from functools import cache

import strawberry

from resolvers.loaders import Loaders, answers
from schema.leaves import Leaves, LeavesOf


@answers(LeavesOf)
async def leaves_of(_: Loaders, key: LeavesOf) -> list[Leaves]:
    return _made(key.objects)


@cache
def _made(objects: int) -> list[Leaves]:
    return [
        Leaves(
            id=strawberry.ID(f"L{number}"),
            name=f"Number {number}",
            kind="leaf",
            lat=47.2 + number / 1e6,
            lon=-1.55,
            rank=number,
            count=number % 7,
            open=number % 2 > 0,
            phone=None if number % 3 else "0240000000",
            updated_at="2026-11-24T08:00:00+01:00",
        )
        for number in range(objects)
    ]
