"""Leaves: as many objects of ten leaves as one asks for, to see how cost grows."""

import strawberry

from schema.cost import as_many_as
from schema.key import Info, Key


@strawberry.type(description="Ten leaves.")
class Leaves:
    id: strawberry.ID
    name: str
    kind: str
    lat: float
    lon: float
    rank: int
    count: int
    open: bool
    phone: str | None
    updated_at: str


class LeavesOf(Key[list[Leaves]]):
    objects: int


@strawberry.type
class Query:
    @strawberry.field(description="So many.", directives=[as_many_as("objects")])
    async def leaves(self, info: Info, objects: int) -> list[Leaves] | None:
        return await info.context.load(LeavesOf(objects))
