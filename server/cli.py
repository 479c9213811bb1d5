"""The `poche` command: serve a city, try it out, check its file, print the schema."""

import asyncio
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

import cities
from server import catalogue, checking, contract, new_city, new_service, partners, status
from server.logs import configure
from server.serve import Host, Port, app, complain, main, served
from server.settings import Settings
from sources.shrinking import acceptance

__all__ = ["app", "main"]

app.add_typer(partners.keys, name="keys")
app.add_typer(partners.documents, name="documents")
app.command()(partners.usage)
app.add_typer(contract.commands, name="schema")
new = typer.Typer(help="Files to begin with.", no_args_is_help=True)
app.add_typer(new, name="new")
new.command("city")(new_city.city)
new.command("service")(new_service.service)
app.command()(status.status)
app.command("cities")(catalogue.show)
city = typer.Typer(help="City files.", no_args_is_help=True)
app.add_typer(city, name="city")
city.command("diff")(catalogue.diff)
out = Console()

Stops = Annotated[
    int | None, typer.Option(help="Scale the network to so many stops, for load.", min=200)
]
Trips = Annotated[
    int | None, typer.Option(help="Scale the timetable to so many trips, for load.", min=1)
]
Fault = Annotated[
    list[str] | None, typer.Option(help="What to break, such as `schools=delay:2`; repeatable.")
]


@app.command()
def demo(host: Host = "127.0.0.1", port: Port = 8000, upstream_port: Port = 8090) -> None:
    """Serve Nantes over the sandbox's upstreams: everything on this machine."""
    from sandbox.serve import running
    from sandbox.world import World

    with running(World(), port=upstream_port) as upstream, TemporaryDirectory() as data:
        address = f"http://{host}:{port}"
        out.print(f"Sandbox upstreams  {upstream}", highlight=False)
        out.print(f"Poche              {address}/", highlight=False)
        out.print(f"Explorer           {address}/graphiql", highlight=False)
        out.print("Stop with Ctrl-C.", highlight=False)
        served(Settings(upstream=upstream, city="nantes", data=Path(data), rate=0), host, port)


@app.command()
def sandbox(
    host: Host = "127.0.0.1",
    port: Port = 8090,
    stops: Stops = None,
    trips: Trips = None,
    fault: Fault = None,
) -> None:
    """Run the upstreams in a box: a living Nantes, with faults on demand."""
    from sandbox.serve import run
    from sandbox.upstreams import parse
    from sandbox.world import World

    try:
        faults = [parse(text) for text in fault or []]
        run(host, port, World(stops=stops, trips=trips), faults=faults)
    except (ValueError, OSError) as error:
        complain(f"poche sandbox: {error}", style="red")
        raise typer.Exit(2) from None


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="Where the city files are.")] = cities.HERE,
    live: Annotated[
        bool,
        typer.Option(help="Ask each upstream once, too; or POCHE_STORE, if a replica just did."),
    ] = False,
) -> None:
    """Read and validate every city file; with --live, see what the upstreams answer."""
    configure("console")
    found = checking.validated(folder)
    for city in found.values():
        out.print(f"{city.slug}.toml: {len(city.bindings)} sources, all in order.", highlight=False)
    if live:
        table, well = asyncio.run(checking.asked(found, Settings(), os.environ))
        out.print(table)
        raise typer.Exit(0 if well else 1)


@app.command()
def accept(
    source: Annotated[str, typer.Argument(help="The source, such as `nantes/pools`.")],
) -> None:
    """Believe a source that lost most of its rows, from its next reading on."""
    settings = Settings()
    known = {
        binding.source: binding
        for city in cities.load(settings.cities).values()
        for binding in city.bindings.values()
    }
    if source not in known:
        raise cities.CityError("accept", f"no source `{source}`", source, known)
    word = acceptance(settings.data, known[source])
    word.parent.mkdir(parents=True, exist_ok=True)
    word.touch()
    out.print(f"The next reading of {source} will be believed.", highlight=False)


if __name__ == "__main__":
    main()
