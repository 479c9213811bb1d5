"""Serve: `poche serve`, the command that is loaded without the others.

They want what draws tables and asks people, and a server does not.
"""

import sys
from typing import Annotated

import typer

import cities
from server import serving
from server import workers as crew
from server.app import create_app
from server.logs import configure
from server.settings import Settings
from sources import arrays

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)

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


@app.callback()
def poche() -> None:
    """The `poche` command: serve a city, try it out, check its file, print the schema."""


def main() -> None:
    """Run the command; a mistake in a city file is one sentence, not a traceback."""
    try:
        app()
    except cities.CityError as error:
        complain(f"poche: {error}", style="red")
        sys.exit(2)


def complain(text: str, style: str | None = None) -> None:
    """Say what cannot be done, to standard error."""
    from rich.console import Console  # which takes longer to load than the command line

    Console(stderr=True).print(text, style=style, markup=False, highlight=False)


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
        served(settings, host, port)
        return
    if not settings.store:
        complain(
            f"poche serve: {workers} workers need POCHE_STORE (redis://…); without one, each of "
            "them would spend the upstreams' quotas by itself. One needs none: --workers 1."
        )
        raise typer.Exit(2)
    _served_by_many(settings, host, port, workers, worker_port)


def served(settings: Settings, host: str, port: int) -> None:
    """Serve until a signal says to stop; CityError if a file cannot be used."""
    configure(settings.log)
    serving.serve(create_app(settings), settings, host, port)


def _served_by_many(
    settings: Settings, host: str, port: int, many: int, worker_port: int | None
) -> None:
    configure(settings.log)
    create_app(settings)  # in vain: a mistake is told once, and what it loads is shared
    arrays.load()
    shared = serving.listening(host, port)
    own = [serving.listening(host, worker_port + n + 1) for n in range(many) if worker_port]

    def work(number: int) -> None:
        app, sockets = create_app(settings), [shared, *own[number - 1 : number]]
        app.state.own_port = sockets[-1].getsockname()[1] if own else None
        app.state.workers = many
        serving.serve(app, settings, host, port, sockets)

    raise typer.Exit(crew.Workers(work, many).run())
