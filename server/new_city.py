"""New city: `poche new city`, which writes a city file for a person to go on with."""

import asyncio
import os
import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import httpx
import typer
from rich.console import Console

import cities
from server.checking import now, validated
from server.network import Network
from server.proposing import Wanted, described, quoted, table_text, wanted
from server.settings import Settings
from sources import Sources
from sources.errors import SourceError
from sources.http import Door

out = Console()

NATIONAL = """
# What the nation offers every city.
[schools]
like = "nantes"

[addresses]
like = "nantes"
lat = {lat}  # what is nearer to here comes first
lon = {lon}

[calendar]
like = "nantes"

[calendar.school]
where = {location}

[air]
like = "nantes"
filter = "code_zone IN ({{communes}})"
"""


def city(
    slug: Annotated[str, typer.Argument(help="Its word in `city:` arguments, such as `reze`.")],
    name: Annotated[str, typer.Option(prompt="Its name", help="What people call it.")],
    commune: Annotated[
        list[str] | None, typer.Option(help="INSEE code = name, such as 44143=Rezé; repeatable.")
    ] = None,
    zone: Annotated[
        str, typer.Option(prompt="School holidays: zone A, B or C", help="A, B or C.")
    ] = "B",
    academy: Annotated[
        str, typer.Option(prompt="The académie that it belongs to", help="Such as `Nantes`.")
    ] = "Nantes",
    lat: Annotated[float, typer.Option(prompt="Latitude of its middle", help="Degrees.")] = 0,
    lon: Annotated[float, typer.Option(prompt="Longitude of its middle", help="Degrees.")] = 0,
    dataset: Annotated[
        list[str] | None,
        typer.Option(help="Service = the page of an Opendatasoft dataset; repeatable."),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where to write it.")] = cities.HERE,
) -> None:
    """Write a city file, with columns proposed for each dataset, and the reasons beside them."""
    settings = Settings()
    known = cities.load(settings.cities)
    Sources(known, _door(httpx.AsyncClient(), settings))  # every service declares its words
    file = folder / f"{slug}.toml"
    if not re.fullmatch(r"[a-z][a-z0-9-]*", slug):
        raise cities.CityError(slug, "a slug is small letters, digits and hyphens")
    if file.exists():
        raise cities.CityError(file.name, "it is there already")
    communes = commune or [typer.prompt("A commune, INSEE code = name")]
    asked = [wanted(text) for text in dataset or ()]
    location = quoted(f'location = "{academy}"')
    head = [
        f"# {_plain(name)}, as `poche new city` proposed it: read every line, then `poche check`.",
        f"name = {quoted(name)}",
        'timezone = "Europe/Paris"',
        f"school_zone = {quoted(zone)}",
        "",
        "[communes]",
        *(f"{code} = {quoted(said)}" for code, said in map(_commune, communes)),
    ]
    national = NATIONAL.format(lat=lat, lon=lon, location=location)
    found = asyncio.run(_tables(asked, slug, known, settings))
    text = "\n".join([*head, national, *(f"{table}\n" for table in found)])
    with TemporaryDirectory() as scratch:
        (Path(scratch) / file.name).write_text(text, "utf-8")
        validated(Path(scratch))
    file.write_text(text, "utf-8")
    out.print(f"{file}: read it, then `poche check {folder} --live`.", highlight=False)


def _plain(name: str) -> str:
    return quoted(name)[1:-1]


def _commune(text: str) -> tuple[str, str]:
    code, _, name = text.partition("=")
    if not re.fullmatch(r"[0-9][0-9AB][0-9]{3}", code.strip()) or not name.strip():
        raise cities.CityError("--commune", f"`{text}` is not like 44143=Rezé")
    return code.strip(), name.strip()


def _door(client: httpx.AsyncClient, settings: Settings) -> Door:
    return Door(client, now, reroute=settings.upstream, folder=settings.data, secrets=os.environ)


async def _tables(
    asked: Sequence[Wanted], slug: str, known: dict[str, cities.City], settings: Settings
) -> list[str]:
    client = httpx.AsyncClient(transport=Network(settings.upstream, ()))
    async with client:
        door = _door(client, settings)
        try:
            found = [await described(one, slug, door) for one in asked]
        except SourceError as error:
            raise cities.CityError(error.binding.name, f"{error.code}: {error.detail}") from None
    return [table_text(*pair, known.values()) for pair in zip(asked, found, strict=True)]
