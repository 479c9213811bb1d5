"""Air: how good it is to breathe, today and tomorrow."""

import datetime as dt
from datetime import datetime
from enum import Enum

import strawberry

from schema.arguments import CityArgument, CommuneArgument, DaysArgument, FromArgument, some_days
from schema.cost import about
from schema.key import Info, Key


@strawberry.enum(description="The levels of the French ATMO index, of the air or of one pollutant.")
class AirQualityIndex(Enum):
    GOOD = strawberry.enum_value("GOOD", description="Bon.")
    MODERATE = strawberry.enum_value("MODERATE", description="Moyen.")
    DEGRADED = strawberry.enum_value("DEGRADED", description="Dégradé.")
    POOR = strawberry.enum_value("POOR", description="Mauvais.")
    VERY_POOR = strawberry.enum_value("VERY_POOR", description="Très mauvais.")
    EXTREMELY_POOR = strawberry.enum_value("EXTREMELY_POOR", description="Extrêmement mauvais.")
    EVENT = strawberry.enum_value("EVENT", description="Évènement: a fire, an accident.")


@strawberry.type(description="The air of one commune on one day, measured or forecast.")
class AirQuality:
    date: dt.date = strawberry.field(description="The day.")
    insee: str = strawberry.field(description="INSEE code of the commune: `44109`.")
    commune_name: str | None = strawberry.field(description="Its name.")
    index: AirQualityIndex | None = strawberry.field(
        description="The worst of the five pollutants; null where it is not available."
    )
    label: str | None = strawberry.field(description="The same in French, as published.")
    color: str | None = strawberry.field(description="Its colour, as published: `#50f0e6`.")
    no2: AirQualityIndex | None = strawberry.field(description="Nitrogen dioxide.")
    so2: AirQualityIndex | None = strawberry.field(description="Sulphur dioxide.")
    o3: AirQualityIndex | None = strawberry.field(description="Ozone.")
    pm10: AirQualityIndex | None = strawberry.field(description="Particles of up to 10 µm.")
    pm25: AirQualityIndex | None = strawberry.field(description="Particles of up to 2.5 µm.")
    updated_at: datetime | None = strawberry.field(description="When it was worked out.")
    publisher: str | None = strawberry.field(
        description="The region's observatory, which has to be named beside it: `Air Breizh`."
    )


class AirOf(Key[list[AirQuality]]):
    """The air of a city's communes, or of one of them; from today there where `start` is None."""

    city: str
    commune: str | None
    start: dt.date | None
    days: int


@strawberry.type
class Query:
    @strawberry.field(
        description="The air of a city's communes, day by day; days that nothing is published "
        "for are left out: as a rule there are today and, from the afternoon on, tomorrow.",
        directives=[about(50)],
    )
    async def air(
        self,
        info: Info,
        commune: CommuneArgument = None,
        from_: FromArgument = None,
        days: DaysArgument = 2,
        city: CityArgument = None,
    ) -> list[AirQuality] | None:
        some_days(days, from_)
        return await info.context.load(AirOf(info.context.city(city), commune, from_, days))
