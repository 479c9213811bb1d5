"""Provenance: where an answer comes from, and how old it is."""

from datetime import datetime
from enum import Enum
from math import floor
from typing import Any

import strawberry
from strawberry.extensions.field_extension import FieldExtension, SyncExtensionResolver

from schema.arguments import CityArgument
from schema.cost import about
from schema.key import Info, Key


@strawberry.enum(description="How a source is doing.")
class SourceState(Enum):
    LIVE = strawberry.enum_value("LIVE", description="What we hold is within its time to live.")
    STALE = strawberry.enum_value(
        "STALE", description="What we hold is past its time to live: shown, with its age."
    )
    DOWN = strawberry.enum_value(
        "DOWN",
        description="It cannot be read, or does not answer in time, and we hold nothing of it.",
    )
    IDLE = strawberry.enum_value(
        "IDLE",
        description="Nobody has asked for it lately, or nobody has waited in vain for its first "
        "read, which is under way since `waitingSince`.",
    )
    OVER_QUOTA = strawberry.enum_value(
        "OVER_QUOTA", description="Asked as often as its publisher allows; read again later."
    )


class OfThisMoment(FieldExtension):
    """An answer with such a field is of this very moment: nobody may keep it."""

    def resolve(self, next_: SyncExtensionResolver, source: Any, info: Info, **_: Any) -> Any:
        info.context.changes_at(info.context.now)
        return next_(source, info)


@strawberry.type(description="One upstream of one service of a city, and how fresh we hold it.")
class Source:
    id: strawberry.ID = strawberry.field(
        description="City and service, such as `nantes/pools.hours`."
    )
    name: str = strawberry.field(description="What its publisher calls it.")
    licence: str | None = strawberry.field(description="The licence's name or SPDX identifier.")
    attribution: str | None = strawberry.field(
        description="The text to show with its data, as it is."
    )
    url: str | None = strawberry.field(description="The publisher's page about it.")
    state: SourceState = strawberry.field(description="How it is doing.")
    fetched_at: datetime | None = strawberry.field(description="When what we hold was read.")
    age_s: int | None = strawberry.field(
        description="Seconds since then.", extensions=[OfThisMoment()]
    )
    next_refresh_at: datetime | None = strawberry.field(
        description="When it is due to be read again."
    )
    rows_read: int | None = strawberry.field(description="Rows of it that we could read.")
    rows_dropped: int | None = strawberry.field(description="Rows that we could not.")
    waiting_since: datetime | None = strawberry.field(
        description="When the read began that is under way at the moment; null if there is none.",
        extensions=[OfThisMoment()],
    )
    last_error: str | None = strawberry.field(
        description="What went wrong last, if it still matters.", extensions=[OfThisMoment()]
    )


def seconds(since: datetime, now: datetime) -> int:
    """An age: the difference of the seconds that a clock shows; 0 if it was set back meanwhile."""
    return max(0, floor(now.timestamp()) - floor(since.timestamp()))


class SourcesOf(Key[list[Source]]):
    city: str


@strawberry.type
class Query:
    @strawberry.field(
        description="Where a city's data comes from, and how fresh it is held.",
        directives=[about(20)],
    )
    async def sources(self, info: Info, city: CityArgument = None) -> list[Source] | None:
        return await info.context.load(SourcesOf(info.context.city(city)))
