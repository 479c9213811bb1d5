"""New service: `poche new service`, which writes the four files that a service is.

They make one kind of place with a page of it and nothing else: what is to be told of one is for a
person to add. docs/adding-a-service.md goes on from there.
"""

import re
from pathlib import Path
from string import Template
from typing import Annotated

import typer
from rich.console import Console

import cities
from sources import Sources
from sources.reading import tables

out = Console()
ROOT = cities.HERE.parent
LONGEST = 60  # characters of what it means, for it to stand on a line

SCHEMA = '''"""$Service: ${about}."""

from typing import Annotated

import strawberry

from schema.arguments import (
    AfterArgument,
    BeforeArgument,
    CityArgument,
    FirstArgument,
    LastArgument,
    NameArgument,
    Near,
)
from schema.cost import PAGED
from schema.key import Info, Key
from schema.nodes import lookups
from schema.paging import Page, Window, window
from schema.places import Place


@strawberry.federation.type(keys=["id"], description="One of the $service: ${about}.")
class $Type(Place):
    local_id: strawberry.Private[str]


class ${Type}With(Key[$Type | None]):
    city: str
    id: str


class ${Plural}In(Key[Page[$Type]]):
    city: str
    name: str | None
    near: Near | None
    window: Window


lookups["$Type"] = ${Type}With


@strawberry.type
class Query:
    @strawberry.field(
        description="A city's $service: near a point, nearest first; else in alphabetical order.",
        directives=[PAGED],
    )
    async def $service(
        self,
        info: Info,
        city: CityArgument = None,
        name: NameArgument = None,
        near: Annotated[Near | None, strawberry.argument(description="Only around there.")] = None,
        first: FirstArgument = None,
        after: AfterArgument = None,
        last: LastArgument = None,
        before: BeforeArgument = None,
    ) -> Page[$Type] | None:
        asked = window(first, after, last, before)
        return await info.context.load(${Plural}In(info.context.city(city), name, near, asked))
'''

RESOLVERS = '''"""$Service: which there are, and where."""

from resolvers.loaders import Loaders, answers
from resolvers.places import listed
from schema.$service import $Type, ${Plural}In, ${Type}With
from schema.paging import Page


@answers(${Type}With)
async def ${type}_with(ask: Loaders, key: ${Type}With) -> $Type | None:
    $service = await ask.collection($Type, key.city)
    return $service.by(_local_id).get(key.id)


@answers(${Plural}In)
async def ${service}_in(ask: Loaders, key: ${Plural}In) -> Page[$Type]:
    $service = await ask.collection($Type, key.city)
    return listed($service, key.name, key.near, key.window, lambda _: True)


def _local_id(one: $Type) -> str:
    return one.local_id
'''

SOURCES = '''"""$Service: ${about}, as a city's table has them."""

from schema.$service import $Type
from schema.nodes import node_id
from sources.names import fold
from sources.reading import reads
from sources.row import Row


@reads($Type, "id name position lat lon")
def $type(row: Row) -> $Type:
    """One of them; ValueError without an id or a name."""
    local_id, name = row.text("id"), row.text("name")
    return $Type(
        id=node_id("$Type", row.city.slug, local_id),
        city=row.city.slug,
        name=name,
        folded=fold(name),
        position=row.find_position(),
        local_id=local_id,
    )
'''

QUERY = """# ${About}: the first ones by name.
{
  $service(first: 3) { totalCount nodes { id name position { lat lon } } }
}
"""

FILES = {
    "schema/$service.py": SCHEMA,
    "resolvers/$service.py": RESOLVERS,
    "sources/$service.py": SOURCES,
    "tests/queries/$service.graphql": QUERY,
}


def service(
    name: Annotated[str, typer.Argument(help="A plural noun, such as `fountains`.")],
    kind: Annotated[
        str, typer.Option("--type", prompt="The type", help="The singular, such as `Fountain`.")
    ],
    about: Annotated[
        str, typer.Option(prompt="What it means to a citizen", help="Such as `where to drink`.")
    ],
    folder: Annotated[Path, typer.Option(help="The checkout to write them in.")] = ROOT,
) -> None:
    """Write the four files of a service: a kind of place, with its page and its reader."""
    words = _words(name, kind, about)
    files = {
        folder / Template(path).substitute(words): Template(text).substitute(words)
        for path, text in FILES.items()
    }
    for path in files:
        if path.exists():
            raise typer.BadParameter(f"{path} is there already")
        if not path.parent.is_dir():
            raise typer.BadParameter(f"{path.parent} is no folder of a checkout")
    for path, text in files.items():
        path.write_text(text, "utf-8")
        out.print(f"{path.relative_to(folder)}", highlight=False)
    out.print(
        f"Next: a table [{name}] in a city's file (`poche new city` proposes its columns), "
        "its recording, `make schema`.",
        highlight=False,
    )


def _words(name: str, kind: str, about: str) -> dict[str, str]:
    """What the templates call it; BadParameter for a name that is none, or is taken."""
    Sources  # noqa: B018 - every service is known once it is named
    taken = {table.partition(".")[0] for table in tables()}
    if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name) or name in taken:
        raise typer.BadParameter("a service is a plural noun that no other has, in small letters")
    if not re.fullmatch(r"([A-Z][a-z]+)+", kind):
        raise typer.BadParameter("a type is a noun such as `BikePump`")
    plain = " ".join("".join(c if c.isprintable() else " " for c in about).split())
    plain = plain.replace('"', "'").replace("\\", "/").rstrip(".")
    if not 0 < len(plain) <= LONGEST:
        raise typer.BadParameter("say in a few words what it means to a citizen")
    plural = name.title().replace("_", "")
    return {
        "service": name,
        "Service": name.capitalize(),
        "Plural": plural,
        "type": re.sub(r"(?<!^)(?=[A-Z])", "_", kind).lower(),
        "Type": kind,
        "about": plain,
        "About": plain[:1].upper() + plain[1:],
    }
