"""Partners: the commands of who looks after them: their keys, their documents, what they use."""

from collections import Counter
from pathlib import Path
from typing import Annotated, NoReturn

import httpx
import typer
from rich.console import Console
from rich.table import Table

import schema
from server import contract
from server.clients import new_key
from server.documents import Documents
from server.planning import Planner
from server.replicas import Addresses, brief, clients, metrics, named
from server.settings import Settings
from server.usage import deprecated, users
from sources.store import Memory

out, err = Console(), Console(stderr=True)

keys = typer.Typer(help="Keys of partners.", no_args_is_help=True)
documents = typer.Typer(help="Persisted documents.", no_args_is_help=True)

SchemaFile = Annotated[
    Path | None,
    typer.Option("--schema", help="The schema to check against, as SDL; ours without it."),
]


@keys.command("new")
def new(name: Annotated[str, typer.Argument(help="The partner's table in clients.toml.")]) -> None:
    """Make a key: it is shown this once; the line below it goes into clients.toml."""
    pepper = Settings().pepper
    if pepper is None:
        _fail("set POCHE_PEPPER to a long secret first: keys are hashed with it")
    key, digest = new_key(pepper.get_secret_value())
    print(f'{key}\n\n[{name}]\nkeys = ["{digest}"]')  # noqa: T201 - nothing wraps or colours it


@documents.command("check")
def check(
    manifest: Annotated[Path, typer.Argument(help="A manifest, or a folder of them.")],
    schema_file: SchemaFile = None,
) -> None:
    """Say which documents cannot be executed, and whose they are; exits with 1 if any cannot."""
    if not manifest.exists():
        _fail(f"there is no {manifest}")
    settings = Settings()
    planner = Planner(
        contract.read(schema_file),
        settings.model_copy(update={"max_tokens": settings.max_tokens_with_key}),
    )
    found = Documents(manifest, planner, planner, Memory())
    for name, why in found.problems.items():
        out.print(f"{name}: {why}", markup=False, highlight=False, soft_wrap=True)
    out.print(f"Documents: {len(found)}. Problems: {len(found.problems)}.", highlight=False)
    raise typer.Exit(1 if found.problems else 0)


def usage(
    urls: Addresses,
    everything: Annotated[
        bool, typer.Option("--all", help="Every field, not only what is deprecated.")
    ] = False,
) -> None:
    """Say who asks for which fields: those that are deprecated, and for how long they must stay."""
    found: Counter[tuple[str, str]] = Counter()
    with clients(urls) as asked:
        for one in asked:
            try:
                found += users(metrics(one))
            except (httpx.HTTPError, ValueError) as error:
                _fail(f"{named(one)}: {brief(error)}")
    leaving = deprecated(schema.build()._schema)
    table = Table("coordinate", "client", "requests", "instead")
    for (where, client), count in sorted(found.items()):
        if everything or where in leaving:
            table.add_row(where, client, str(count), leaving.get(where, ""))
    nobody = "Nobody has asked anything." if everything else "Nobody asks for what is deprecated."
    out.print(table if table.row_count else nobody)


def _fail(why: str) -> NoReturn:
    err.print(f"poche: {why}", style="red", markup=False, highlight=False)
    raise typer.Exit(2)
