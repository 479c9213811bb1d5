"""Cities: which there are, what each of them offers, and its communes."""

from typing import Annotated

import strawberry

from schema.arguments import (
    AfterArgument,
    BeforeArgument,
    CityArgument,
    FirstArgument,
    LastArgument,
    NameArgument,
)
from schema.atlas import Places, PlacesOf, Wanted, kinds_wanted
from schema.cost import PAGED, about
from schema.key import Info, Key
from schema.nodes import Node, lookups
from schema.paging import window
from schema.provenance import Source, SourcesOf

LanguageArgument = Annotated[
    str | None,
    strawberry.argument(
        description="Language of our own words, `fr` or `en`; "
        "what the client prefers (`Accept-Language`) if left out."
    ),
]


@strawberry.type(description="A kind of place that a city lists.")
class PlaceKind:
    word: str = strawberry.field(description="For `kinds:` arguments: `stop`, `library`.")
    labels: strawberry.Private[dict[str, str]]  # by language

    @strawberry.field(description="What people call it, of several: `Bibliothèques`.")
    def label(self, info: Info, language: LanguageArgument = None) -> str:
        wanted = (language or info.context.language).lower().partition("-")[0]
        return self.labels.get(wanted) or next(iter(self.labels.values()), self.word)


@strawberry.type(description="Something that a city offers here.")
class Service:
    name: str = strawberry.field(description="One word for it, such as `pools`.")
    sources: list[Source] = strawberry.field(
        description="Where it comes from.", directives=[about(2)]
    )


@strawberry.federation.type(
    keys=["id", "insee"], description="A commune, the smallest town there is."
)
class Commune(Node):
    city_slug: strawberry.Private[str]
    insee: str = strawberry.field(description="Its INSEE code, such as `44109` for Nantes.")
    name: str = strawberry.field(description="Its name, as it writes it.")

    @strawberry.field(description="The city that it belongs to here.")
    async def city(self, info: Info) -> "City | None":
        return await info.context.load(CityNamed(self.city_slug))

    @strawberry.field(
        description="What there is in it, of some kinds, in alphabetical order; "
        "only what says which commune it belongs to.",
        directives=[PAGED],
    )
    async def places(
        self,
        info: Info,
        kinds: Annotated[
            list[str],
            strawberry.argument(description="Kinds, in one word each: `library`, `stop`."),
        ],
        name: NameArgument = None,
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> Places | None:
        asked = window(first, after, last, before)
        wanted = Wanted(kinds_wanted(kinds))
        return await info.context.load(
            PlacesOf(self.city_slug, wanted, name, self.insee, None, asked)
        )


@strawberry.federation.type(keys=["id", "slug"], description="A city, as its file describes it.")
class City(Node):
    slug: str = strawberry.field(description="Its word in `city:` arguments.")
    name: str = strawberry.field(description="Its name.")
    timezone: str = strawberry.field(description="Its time-zone, such as `Europe/Paris`.")
    communes: list[Commune] = strawberry.field(
        description="Its communes, by their codes.", directives=[about(30)]
    )

    @strawberry.field(
        description="What it offers: all other services answer `NOT_OFFERED`.",
        directives=[about(20)],
    )
    async def services(self, info: Info) -> list[Service] | None:
        return await info.context.load(ServicesOf(self.slug))

    @strawberry.field(
        description="The kinds of place that it lists, as far as its file says them.",
        directives=[about(30)],
    )
    async def kinds(self, info: Info) -> list[PlaceKind] | None:
        return await info.context.load(KindsOf(self.slug))

    @strawberry.field(description="Where all of it comes from.", directives=[about(20)])
    async def sources(self, info: Info) -> list[Source] | None:
        return await info.context.load(SourcesOf(self.slug))


class CityNamed(Key[City | None]):
    slug: str


class CityWith(Key[City | None]):
    """A city's id holds its slug twice, as those of all nodes hold their city's."""

    city: str
    id: str


class AllCities(Key[list[City]]):
    pass


class CommuneWith(Key[Commune | None]):
    city: str
    id: str


class CommuneCoded(Key[Commune | None]):
    """By its INSEE code, whichever city it belongs to."""

    insee: str


class ServicesOf(Key[list[Service]]):
    city: str


class KindsOf(Key[list[PlaceKind]]):
    city: str


lookups["City"] = CityWith
lookups["Commune"] = CommuneWith


@strawberry.type
class Query:
    @strawberry.field(description="A city by its slug; the server's own if left out.")
    async def city(self, info: Info, slug: CityArgument = None) -> City | None:
        return await info.context.load(CityNamed(info.context.city(slug)))

    @strawberry.field(description="Every city of this server.", directives=[about(5)])
    async def cities(self, info: Info) -> list[City] | None:
        return await info.context.load(AllCities())

    @strawberry.field(description="A commune by its INSEE code; null if no city here has it.")
    async def commune(
        self,
        info: Info,
        insee: Annotated[str, strawberry.argument(description="Such as `44109` for Nantes.")],
    ) -> Commune | None:
        return await info.context.load(CommuneCoded(insee))
