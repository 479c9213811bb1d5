"""Contract: what the schema promises its clients, and what a change of it breaks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from graphql import (
    BreakingChange,
    DangerousChange,
    GraphQLError,
    GraphQLSchema,
    build_schema,
    find_schema_changes,
)
from rich.console import Console

import schema
from server import parts
from server.usage import deprecated

out = Console()
commands = typer.Typer(help="Print the GraphQL schema.", invoke_without_command=True)

GOES = re.compile(r"\bgoes after (\d{4}-\d{2}-\d{2})\b")


@dataclass(frozen=True)
class Change:
    """One difference between two schemas, by what it does to a client that knows the old one.

    `-` breaks it, `~` may surprise it (a new enum value, another default), `+` does neither.
    """

    sign: str
    what: str

    def __str__(self) -> str:
        return f"{self.sign} {self.what}"


def changes(old: GraphQLSchema, new: GraphQLSchema) -> list[Change]:
    """What a client of the old schema meets in the new one, the worst first."""
    signs = {BreakingChange: "-", DangerousChange: "~"}
    found = [
        Change(signs.get(type(one), "+"), one.description) for one in find_schema_changes(old, new)
    ]
    return sorted(found, key=lambda one: "-~+".index(one.sign))


def undated(known: GraphQLSchema) -> Mapping[str, str]:
    """Coordinates that are deprecated without `goes after YYYY-MM-DD` in the reason."""
    return {where: why for where, why in deprecated(known).items() if leaves(why) is None}


def leaves(reason: str) -> date | None:
    """The day until which a deprecated field is still there, by its reason."""
    found = GOES.search(reason)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def read(file: Path | None) -> GraphQLSchema:
    """A schema out of its SDL, ours without a file; `typer.BadParameter` if it cannot be read."""
    try:  # federation's directives are not declared in it, so it is not valid by itself
        sdl = schema.build().as_str() if file is None else file.read_text("utf-8")
        return build_schema(sdl, assume_valid_sdl=True)
    except (OSError, ValueError, TypeError, GraphQLError) as error:
        raise typer.BadParameter(f"{file}: {error}") from error


@commands.callback()
def show(
    context: typer.Context,
    services: Annotated[
        str | None, typer.Option(help="Only this part, as `poche serve` has it.")
    ] = None,
) -> None:
    """Print the GraphQL schema."""
    if context.invoked_subcommand is None:
        print(parts.built(services).as_str())  # noqa: T201 - nothing wraps or colours it


@commands.command()
def diff(
    old: Annotated[Path, typer.Argument(help="The schema that clients know, as SDL.")],
    new: Annotated[Path | None, typer.Argument(help="The one to come; ours without it.")] = None,
) -> None:
    """Say what clients of a schema will notice of another; exits with 1 if it breaks any."""
    found = changes(read(old), read(new))
    for line in map(str, found) if found else ["Clients notice nothing."]:
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1 if any(one.sign == "-" for one in found) else 0)
