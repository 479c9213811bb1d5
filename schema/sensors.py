"""Sensors: what a city measures by the minute: how full its bins are, how loud, how clean the air.

What kinds there are, the city file says: every part of its `[sensors]` is one, such as
`[sensors.waste_container]`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated, NamedTuple

import strawberry

from schema.arguments import (
    AfterArgument,
    BeforeArgument,
    CityArgument,
    FirstArgument,
    KindsArgument,
    LastArgument,
    Near,
)
from schema.atlas import MISSING
from schema.cost import PAGED, about
from schema.key import Info, Key
from schema.nodes import lookups
from schema.paging import Page, Window, window
from schema.places import Place
from schema.provenance import Source


@strawberry.enum(description="What a sensor measures; each has a unit of its own, always the same.")
class SensorProperty(Enum):
    FILL_LEVEL = strawberry.enum_value(
        "FILL_LEVEL", description="How full a container is: from 0 to 1."
    )
    NOISE_LEVEL = strawberry.enum_value("NOISE_LEVEL", description="Mean noise (LAeq), in dB(A).")
    NOISE_PEAK = strawberry.enum_value("NOISE_PEAK", description="Loudest noise (LAmax), in dB(A).")
    NO2 = strawberry.enum_value("NO2", description="Nitrogen dioxide, in µg/m³.")
    NO = strawberry.enum_value("NO", description="Nitrogen monoxide, in µg/m³.")
    O3 = strawberry.enum_value("O3", description="Ozone, in µg/m³.")
    SO2 = strawberry.enum_value("SO2", description="Sulphur dioxide, in µg/m³.")
    CO = strawberry.enum_value("CO", description="Carbon monoxide, in µg/m³.")
    PM10 = strawberry.enum_value("PM10", description="Particles under 10 µm, in µg/m³.")
    PM25 = strawberry.enum_value("PM25", description="Particles under 2.5 µm, in µg/m³.")
    TEMPERATURE = strawberry.enum_value("TEMPERATURE", description="Of the air, in °C.")
    HUMIDITY = strawberry.enum_value("HUMIDITY", description="Relative humidity: from 0 to 1.")


class Observation(NamedTuple):
    """A value in its property's own unit, and when it was observed, if anybody says."""

    property: SensorProperty
    value: float
    at: datetime | None


@strawberry.type(description="What a sensor says of one property.")
class SensorReading:
    observed: strawberry.Private[Observation]
    live_for: strawberry.Private[timedelta]

    @strawberry.field(description="What is measured, and so in which unit.")
    def property(self) -> SensorProperty:
        return self.observed.property

    @strawberry.field(description="When it was observed; null where nobody says.")
    def observed_at(self) -> datetime | None:
        return self.observed.at

    @strawberry.field(
        description="The value, in the property's unit; null, which is not 0, once it is older "
        "than the city takes for news, or where nobody says how old it is."
    )
    def value(self, info: Info) -> float | None:
        info.context.changes_at(*self.live_between())
        return self.observed.value if self.live_at(info.context.now) else None

    def live_between(self) -> tuple[datetime, ...]:
        """From when until when it is news; none if nobody says. No clock is far ahead."""
        at = self.observed.at
        return () if at is None else (at - self.live_for, at + self.live_for)

    def live_at(self, now: datetime) -> bool:
        news = self.live_between()
        return bool(news) and news[0] <= now <= news[1]


@strawberry.federation.type(
    keys=["id"], description="A sensor of the city's, or what it is fixed to, such as a container."
)
class Sensor(Place):
    own_kind: strawberry.Private[str]
    listed_in: strawberry.Private[str]  # the part of the city's table
    observations: strawberry.Private[Sequence[Observation]]
    live_for: strawberry.Private[timedelta]
    sensor_id: str = strawberry.field(description="Its id in the source.")
    waste: str | None = strawberry.field(
        description="What a container takes, in the source's words."
    )

    @strawberry.field(description="What it says, each property once.", directives=[about(3)])
    def readings(self) -> list[SensorReading]:
        return [SensorReading(observed=one, live_for=self.live_for) for one in self.observations]

    def kind_word(self) -> str:
        return self.own_kind

    def part(self) -> str:
        return self.listed_in

    def available_at(self, now: datetime) -> bool | None:
        """Whether there is room in a container; None for what is none, or is not known now."""
        fill = self._fill()
        return fill.observed.value < 1 if fill is not None and fill.live_at(now) else None

    def live_between(self) -> tuple[datetime, ...]:
        fill = self._fill()
        return () if fill is None else fill.live_between()

    def _fill(self) -> SensorReading | None:
        level = SensorProperty.FILL_LEVEL
        return next((one for one in self.readings() if one.observed.property is level), None)


@strawberry.type(name="SensorConnection", description="One page of sensors.")
class Sensors(Page[Sensor]):
    missing: list[Source] = strawberry.field(description=MISSING, directives=[about(1)])


class SensorWith(Key[Sensor | None]):
    """`id` is the part of the city's table and the id in it: `noise:urn:ngsi-ld:Device:7`."""

    city: str
    id: str


class SensorsIn(Key[Sensors]):
    city: str
    kinds: tuple[str, ...] | None
    near: Near | None
    window: Window


lookups["Sensor"] = SensorWith


@strawberry.type
class Query:
    @strawberry.field(
        description="A city's sensors: near a point, nearest first; else in alphabetical order.",
        directives=[PAGED],
    )
    async def sensors(
        self,
        info: Info,
        city: CityArgument = None,
        kinds: KindsArgument = None,
        near: Annotated[Near | None, strawberry.argument(description="Only around there.")] = None,
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> Sensors | None:
        asked = window(first, after, last, before)
        words = None if kinds is None else tuple(sorted(set(kinds)))
        return await info.context.load(SensorsIn(info.context.city(city), words, near, asked))
