"""Alerts: what disturbs the network, from when until when, and whom it concerns."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from schema.arguments import (
    AfterArgument,
    BadUserInput,
    BeforeArgument,
    CityArgument,
    FirstArgument,
    LastArgument,
    bounded,
)
from schema.causes import AlertCause, AlertEffect, AlertSeverityLevel
from schema.cost import PAGED, about
from schema.key import Info, Key
from schema.languages import LanguageArgument, Text, spoken
from schema.nodes import MAX_IDS, Node, lookup, lookups
from schema.paging import Page, Window, window

if TYPE_CHECKING:
    from schema.routes import Route
    from schema.stops import Stop


@strawberry.enum(description="Whether an alert holds at this moment.")
class AlertStatus(Enum):
    ACTIVE = strawberry.enum_value("ACTIVE", description="It holds now.")
    UPCOMING = strawberry.enum_value("UPCOMING", description="It will hold, or hold again.")
    PAST = strawberry.enum_value("PAST", description="It is over.")


@strawberry.type(description="A time in which an alert holds.")
class ActivePeriod:
    start: datetime | None = strawberry.field(description="From when; null for always.")
    end: datetime | None = strawberry.field(description="Until when; null where nobody knows yet.")


@strawberry.type(description="Something an alert touches; if it says several things, all of them.")
class AlertEntity:
    city: strawberry.Private[str]
    line: strawberry.Private[str | None]
    place: strawberry.Private[str | None]
    direction_id: int | None = strawberry.field(
        description="Only in this direction of the line (GTFS: 0 or 1); null for both."
    )
    trip_id: str | None = strawberry.field(description="Only on this trip, by its GTFS id.")

    @strawberry.field(description="This line; null where it is about no line, or an unknown one.")
    async def route(
        self, info: Info
    ) -> Annotated["Route", strawberry.lazy("schema.routes")] | None:
        found = await info.context.load(RoutesCalled(self.city, (self.line,)))
        return found[0] if found else None

    @strawberry.field(description="This stop; null where it is about no stop, or an unknown one.")
    async def stop(self, info: Info) -> Annotated["Stop", strawberry.lazy("schema.stops")] | None:
        found = await info.context.load(StopsCalled(self.city, (self.place,)))
        return found[0] if found else None


@strawberry.federation.type(
    keys=["id"], description="Something out of the ordinary that riders should know."
)
class Alert(Node):
    city: strawberry.Private[str]
    local_id: strawberry.Private[str]
    headers: strawberry.Private[Sequence[Text]]
    descriptions: strawberry.Private[Sequence[Text]]
    urls: strawberry.Private[Sequence[Text]]
    over: strawberry.Private[bool]  # the source says so, whatever its dates
    cause: AlertCause = strawberry.field(description="Why; never guessed.")
    effect: AlertEffect = strawberry.field(description="What follows for riders; never guessed.")
    severity_level: AlertSeverityLevel = strawberry.field(description="How bad it is.")
    active_periods: list[ActivePeriod] = strawberry.field(
        description="When it holds, in order; none means always.", directives=[about(2)]
    )
    entities: list[AlertEntity] = strawberry.field(
        description="What it touches; none means the whole network.", directives=[about(10)]
    )

    @strawberry.field(description="What it is, in a few words.")
    def header(self, language: LanguageArgument = None) -> str | None:
        return spoken(self.headers, language)

    @strawberry.field(description="All that is said about it, as plain text with line breaks.")
    def description(self, language: LanguageArgument = None) -> str | None:
        return spoken(self.descriptions, language)

    @strawberry.field(description="A page with more.")
    def url(self, language: LanguageArgument = None) -> str | None:
        return spoken(self.urls, language)

    @strawberry.field(description="When it first holds; null for always.")
    def effective_start(self) -> datetime | None:
        return self.active_periods[0].start if self.active_periods else None

    @strawberry.field(description="When it ends for good; null where nobody knows yet.")
    def effective_end(self) -> datetime | None:
        ends = [period.end for period in self.active_periods]
        return None if None in ends else max((end for end in ends if end), default=None)

    @strawberry.field(description="Whether it holds now.")
    def status(self, info: Info) -> AlertStatus:
        info.context.changes_at(*self.turns())
        return self.status_at(info.context.now)

    @strawberry.field(description="The lines that it touches.", directives=[about(5)])
    async def routes(
        self, info: Info
    ) -> list[Annotated["Route", strawberry.lazy("schema.routes")]] | None:
        called = tuple(dict.fromkeys(entity.line for entity in self.entities))
        return await info.context.load(RoutesCalled(self.city, called))

    @strawberry.field(description="The stops that it touches.", directives=[about(5)])
    async def stops(
        self, info: Info
    ) -> list[Annotated["Stop", strawberry.lazy("schema.stops")]] | None:
        called = tuple(dict.fromkeys(entity.place for entity in self.entities))
        return await info.context.load(StopsCalled(self.city, called))

    def turns(self) -> Iterable[datetime]:
        """The instants at which its status changes."""
        periods = () if self.over else self.active_periods
        return (at for period in periods for at in (period.start, period.end) if at is not None)

    def status_at(self, now: datetime) -> AlertStatus:
        if self.over:
            return AlertStatus.PAST
        starts = [period.start is None or period.start <= now for period in self.active_periods]
        ends = [period.end is not None and period.end <= now for period in self.active_periods]
        if not starts or any(s and not e for s, e in zip(starts, ends, strict=True)):
            return AlertStatus.ACTIVE
        return AlertStatus.PAST if all(starts) else AlertStatus.UPCOMING


class AlertWith(Key[Alert | None]):
    city: str
    id: str


class AlertsOn(Key[list[Alert]]):
    """The alerts of these statuses that touch any of these lines and stops (their GTFS ids)."""

    city: str
    routes: tuple[str, ...]
    stops: tuple[str, ...]
    status: tuple[AlertStatus, ...]


class AlertsIn(Key[Page[Alert]]):
    """A city's alerts: those on some lines and stops, or all where both are None."""

    city: str
    routes: tuple[str, ...] | None
    stops: tuple[str, ...] | None
    status: tuple[AlertStatus, ...]
    window: Window


class RoutesCalled(Key["list[Route]"]):
    """The lines that sources call so: by their GTFS ids, or as real-time feeds do."""

    city: str
    names: tuple[str | None, ...]


class StopsCalled(Key["list[Stop]"]):
    """The stops that sources call so: by their GTFS ids, or by the codes that riders are shown."""

    city: str
    names: tuple[str | None, ...]


StatusArgument = Annotated[
    list[AlertStatus], strawberry.argument(description="Only alerts that are so.")
]
IdsArgument = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(
        description="Only what touches one of these, by their ids, or one of the other argument's."
    ),
]
NOW = (AlertStatus.ACTIVE,)

lookups["Alert"] = AlertWith


def _local(
    ids: list[strawberry.ID] | None, argument: str, kind: str, city: str
) -> tuple[str, ...] | None:
    """The GTFS ids in public ones; BadUserInput for ids of something else, or of elsewhere."""
    if ids is None:
        return None
    bounded(len(ids), 0, MAX_IDS, argument)
    keys: list[Any] = [lookup(one, argument, kind) for one in ids]
    if any(key.city != city for key in keys):
        raise BadUserInput(f"`{argument}` has ids of another city than {city}.", argument)
    return tuple(key.id for key in keys)


@strawberry.type
class Query:
    @strawberry.field(
        description="A city's alerts: those that hold before those to come, the worst first.",
        directives=[PAGED],
    )
    async def alerts(
        self,
        info: Info,
        city: CityArgument = None,
        routes: IdsArgument = None,
        stops: IdsArgument = None,
        status: StatusArgument = NOW,  # type: ignore[assignment]
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> Page[Alert] | None:
        asked = window(first, after, last, before)
        slug = info.context.city(city)
        lines = _local(routes, "routes", "Route", slug)
        places = _local(stops, "stops", "Stop", slug)
        return await info.context.load(AlertsIn(slug, lines, places, tuple(status), asked))


@strawberry.type
class Subscription:
    @strawberry.field(
        description="What disturbs some lines, the worst first.", directives=[about(5)]
    )
    async def alerts(
        self,
        info: Info,
        routes: Annotated[
            list[strawberry.ID], strawberry.argument(description="The ids of lines.")
        ],
        status: StatusArgument = NOW,  # type: ignore[assignment]
        city: CityArgument = None,
    ) -> list[Alert] | None:
        slug = info.context.city(city)
        lines = _local(routes, "routes", "Route", slug) or ()
        return await info.context.load(AlertsOn(slug, lines, (), tuple(status)))
