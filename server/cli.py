"""The `poche` command: serve a city, try it out, check its file, print the schema."""

import asyncio
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

import cities
from server import catalogue, checking, contract, new_city, new_service, partners, serving, status
from server import workers as crew
from server.logs import configure
from server.settings import Settings
from sources.shrinking import acceptance

app = typer.Typer(
    help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False
)
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
out, err = Console(), Console(stderr=True)

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65_535)]
Services = Annotated[
    str | None,
    typer.Option(help="As POCHE_SERVICES: `stops,routes`, or all but those: `-stops,-routes`."),
]
Workers = Annotated[
    int,
    typer.Option(
        help="Processes that share the port, and POCHE_STORE; `auto`: one for each processor.",
        parser=crew.counted,
        metavar="auto|N",
    ),
]
WorkerPort = Annotated[
    int | None,
    typer.Option(
        help="Worker n answers at this port + n, too: for `/metrics`, which are its own.",
        min=0,
        max=65_000,
    ),
]
Stops = Annotated[
    int | None, typer.Option(help="Scale the network to so many stops, for load.", min=200)
]
Trips = Annotated[
    int | None, typer.Option(help="Scale the timetable to so many trips, for load.", min=1)
]
Fault = Annotated[
    list[str] | None, typer.Option(help="What to break, such as `schools=delay:2`; repeatable.")
]


def main() -> None:
    """Run the command; a mistake in a city file is one sentence, not a traceback."""
    try:
        app()
    except cities.CityError as error:
        err.print(f"poche: {error}", style="red", markup=False, highlight=False)
        sys.exit(2)


@app.command()
def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    services: Services = None,
    workers: Workers = 1,
    worker_port: WorkerPort = None,
) -> None:
    """Serve the cities of POCHE_CITIES over their real upstreams."""
    settings = Settings() if services is None else Settings(services=services)
    if workers == 1:
        _serve(settings, host, port)
        return
    if not settings.store:
        err.print(
            f"poche serve: {workers} workers need POCHE_STORE (redis://…); without one, each of "
            "them would spend the upstreams' quotas by itself. One needs none: --workers 1.",
            highlight=False,
        )
        raise typer.Exit(2)
    _serve_by_many(settings, host, port, workers, worker_port)


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
        _serve(Settings(upstream=upstream, city="nantes", data=Path(data), rate=0), host, port)


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
        err.print(f"poche sandbox: {error}", style="red", markup=False, highlight=False)
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


def _serve(settings: Settings, host: str, port: int) -> None:
    from server.app import create_app

    configure(settings.log)
    serving.serve(create_app(settings), settings, host, port)


def _serve_by_many(
    settings: Settings, host: str, port: int, many: int, worker_port: int | None
) -> None:
    from server.app import create_app

    configure(settings.log)
    create_app(settings)  # in vain: a mistake is told once, and what it loads is shared
    shared = serving.listening(host, port)
    own = [serving.listening(host, worker_port + n + 1) for n in range(many) if worker_port]

    def work(number: int) -> None:
        app, sockets = create_app(settings), [shared, *own[number - 1 : number]]
        app.state.own_port = sockets[-1].getsockname()[1] if own else None
        app.state.workers = many
        serving.serve(app, settings, host, port, sockets)

    raise typer.Exit(crew.Workers(work, many).run())


if __name__ == "__main__":
    main()
