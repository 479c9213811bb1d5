"""Catalogue: what each city offers, as a page; and what clients notice when its file changes."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console

import cities
from cities import Binding, City
from resolvers.atlas import layers
from server.checking import now, validated
from server.settings import Settings
from sources import Sources
from sources.http import Door
from sources.kinds import LABELS
from sources.reading import tables

out = Console()

PAGE = """# What each city offers

Made by `poche cities` out of the files in `cities/`; a test keeps it so. What is not offered \
answers `null` with [`NOT_OFFERED`](errors.md#not_offered).
"""
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
# What a client can tell of a source, and how it is called in a difference.
NOTICED = {
    "name": "name",
    "licence": "licence",
    "attribution": "attribution",
    "protocol": "protocol",
    "ttl_s": "fresh for",
    "stale_if_error_s": "shown, if it fails, for",
    "live_for_s": "live for",
}
PLACES = ("url", "dataset", "layer")  # options that say where it comes from


def show() -> None:
    """Print what each city offers, as the page docs/cities.md."""
    print(page(validated(Settings().cities)), end="")  # noqa: T201 - nothing wraps or colours it


def diff(
    old: Annotated[Path, typer.Argument(help="A city file as it was.")],
    new: Annotated[Path, typer.Argument(help="The same as it is to be.")],
) -> None:
    """Say what clients will notice of a change; exits with 1 if something they had is gone."""
    found = differences(cities.read(old), cities.read(new))
    for line in found or ["Clients notice nothing."]:
        out.print(line, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1 if any(line.startswith("-") for line in found) else 0)


def page(known: Mapping[str, City]) -> str:
    """The page, in Markdown: a table of all, then each city with its sources."""
    every = _known_services()
    offers = {slug: {b.service for b in city.bindings.values()} for slug, city in known.items()}
    rows = [[f"`{s}`", *("yes" if s in has else "" for has in offers.values())] for s in every]
    return "\n".join([PAGE, *_table(["service", *_names(known.values())], rows), *_each(known)])


def differences(old: City, new: City) -> list[str]:
    """One line for each thing that clients notice: `+` is new, `-` is gone, `~` has changed."""
    found = _sets("service", _services(old), _services(new))
    found += _sets("source", old.bindings, new.bindings)
    found += _sets("kind of place", kinds(old), kinds(new))
    found += _sets("commune", old.communes, new.communes)
    for word in ("name", "timezone", "school_zone"):
        before, after = getattr(old, word), getattr(new, word)
        found += [f"~ {word}: {before} -> {after}"] if before != after else []
    for table in old.bindings.keys() & new.bindings.keys():
        found += _changed(old.bindings[table], new.bindings[table])
    return sorted(found, key=lambda line: ("-+~".index(line[0]), line))


def kinds(city: City) -> list[str]:
    """The words of the kinds of place that a city lists, as far as its file says them."""
    door = Door(httpx.AsyncClient(), now, folder=Settings().data)
    listed = layers(Sources({city.slug: city}, door), city.slug).values()
    return sorted({word for words in listed for word in words or ()})


def _each(known: Mapping[str, City]) -> Iterable[str]:
    for city in known.values():
        yield f"\n## {city.name}\n"
        missing = [one for one in _known_services() if one not in _services(city)]
        listed = (city.kinds.get(word) or LABELS.get(word, (word,))[0] for word in kinds(city))
        yield f"`{city.slug}`, {_communes(city)}."
        yield f"\nOn the map: {' · '.join(sorted(listed)).lower() or 'nothing'}."
        yield f"\nNot offered: {', '.join(f'`{one}`' for one in missing) or 'nothing'}.\n"
        yield from _table(
            ["source", "of", "protocol", "licence", "fresh for"],
            [
                [
                    f"`{b.table}`",
                    f"[{_cell(b.name)}]({b.page})" if b.page else _cell(b.name),
                    f"`{b.protocol}`",
                    _cell(b.licence or "unknown"),
                    _length(b.ttl_s),
                ]
                for b in city.bindings.values()
            ],
        )


def _communes(city: City) -> str:
    names = list(city.communes.values())
    return f"{len(names)} communes" if len(names) > 3 else ", ".join(names) or "no communes listed"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _names(some: Iterable[City]) -> Iterable[str]:
    return (city.name for city in some)


def _known_services() -> list[str]:
    return sorted({table.partition(".")[0] for table in tables()})


def _services(city: City) -> set[str]:
    return {binding.service for binding in city.bindings.values()}


def _sets(what: str, old: Iterable[str], new: Iterable[str]) -> list[str]:
    had, has = set(old), set(new)
    return [f"- {what} {one}" for one in had - has] + [f"+ {what} {one}" for one in has - had]


def _changed(old: Binding, new: Binding) -> list[str]:
    pairs = [(called, getattr(old, word), getattr(new, word)) for word, called in NOTICED.items()]
    pairs += [(word, old.options.get(word), new.options.get(word)) for word in PLACES]
    return [
        f"~ {old.table}, {called}: {_told(before)} -> {_told(after)}"
        for called, before, after in pairs
        if before != after
    ] + [f"{line} of {old.table}" for line in _sets("column", old.fields, new.fields)]


def _told(value: object) -> str:
    return _length(value) if isinstance(value, int | float) else str(value or "none")


def _length(seconds: float) -> str:
    size, unit = next(one for one in UNITS if seconds % one[0] == 0 or one[0] == 1)
    return f"{seconds / size:g} {unit}"
