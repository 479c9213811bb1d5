"""Pollen: what is in the air that makes people sneeze, today and tomorrow."""

import datetime as dt
import re
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from schema.arguments import BadUserInput, CityArgument
from schema.cost import LIVE, about
from schema.key import Info, Key

INSEE = re.compile(r"[0-9][0-9AB][0-9]{3}")


@strawberry.enum(description="The levels of the French pollen index, of all pollen or of one kind.")
class PollenIndex(Enum):
    VERY_LOW = strawberry.enum_value("VERY_LOW", description="Très faible.")
    LOW = strawberry.enum_value("LOW", description="Faible.")
    MODERATE = strawberry.enum_value("MODERATE", description="Modéré.")
    HIGH = strawberry.enum_value("HIGH", description="Élevé.")
    VERY_HIGH = strawberry.enum_value("VERY_HIGH", description="Très élevé.")
    EXTREMELY_HIGH = strawberry.enum_value("EXTREMELY_HIGH", description="Extrêmement élevé.")


@strawberry.enum(description="The plants whose pollen is looked after.")
class PollenTaxon(Enum):
    RAGWEED = strawberry.enum_value("RAGWEED", description="Ambroisie.")
    MUGWORT = strawberry.enum_value("MUGWORT", description="Armoise.")
    ALDER = strawberry.enum_value("ALDER", description="Aulne.")
    BIRCH = strawberry.enum_value("BIRCH", description="Bouleau.")
    GRASSES = strawberry.enum_value("GRASSES", description="Graminées.")
    OLIVE = strawberry.enum_value("OLIVE", description="Olivier.")


@strawberry.type(description="The pollen of one plant.")
class TaxonPollen:
    taxon: PollenTaxon = strawberry.field(description="Which plant.")
    index: PollenIndex | None = strawberry.field(description="How much; null where nobody says.")
    concentration: float | None = strawberry.field(description="Grains in a cubic metre of air.")


@strawberry.type(description="The pollen of one commune on one day, as it is forecast.")
class Pollen:
    date: dt.date = strawberry.field(description="The day.")
    insee: str = strawberry.field(description="INSEE code of the commune: `44109`.")
    commune_name: str | None = strawberry.field(description="Its name.")
    index: PollenIndex | None = strawberry.field(
        description="The worst of the plants; null where it is not available."
    )
    taxa: list[TaxonPollen] = strawberry.field(description="Plant by plant.", directives=[about(6)])
    responsible: list[PollenTaxon] = strawberry.field(
        description="The plants that the index comes from.", directives=[about(2)]
    )
    alert: bool | None = strawberry.field(
        description="Whether there is an alert; null where nobody says."
    )
    updated_at: datetime | None = strawberry.field(description="When it was worked out.")
    publisher: str | None = strawberry.field(
        description="The region's observatory, which has to be named beside it: `Air Breizh`."
    )


class PollenOf(Key[list[Pollen]]):
    city: str
    commune: str


@strawberry.type
class Query:
    @strawberry.field(
        description="The pollen of a commune, day by day from today on; days that nothing is "
        "published for are left out.",
        directives=[LIVE, about(2)],
    )
    async def pollen(
        self,
        info: Info,
        commune: Annotated[
            str,
            strawberry.argument(description="INSEE code of a commune, such as `44109` for Nantes."),
        ],
        city: CityArgument = None,
    ) -> list[Pollen] | None:
        if INSEE.fullmatch(commune) is None:
            raise BadUserInput("`commune` is an INSEE code, such as `44109`.", "commune")
        return await info.context.load(PollenOf(info.context.city(city), commune))
