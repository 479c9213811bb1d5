"""Search: what people type, found among 100,000 names.

    python -m bench.search [--names 100000]

Times are the processor's, of the one thread: other work on the machine does not count.
Names are made up of words that French towns use, of which there are 30,000. Each question is a
name out of the list, typed in one of the ways that people type: its last word unfinished, with
a slip of the pen, without its little words, with its kind or its commune besides. Also what it
takes to make the directory, to make it again when one small list is new, and its memory.
"""

import random
import resource
import statistics
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import thread_time

import strawberry
import typer
from rich.console import Console
from rich.table import Table

from schema.places import Address, Place, Position
from sources.directory import Directory
from sources.names import fold
from sources.naming import Names

NOW = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)
HERE = (47.2133, -1.5561)
QUESTIONS = 2_000
KINDS = ("école", "arrêt", "parking", "piscine", "bibliothèque", "square", "marché", "gymnase")
STREETS = ("rue", "place", "avenue", "boulevard", "quai", "allée", "chemin", "square")
SYLLABLES = str.split(
    "ba be bel ber bois bon bour bre cha champ char che clos cour croix dou du fon for gar gran "
    "guer hal haut jar ker la lan lin lou mar mai me mon mont mor nan no or pa per pi plan pont "
    "pre ra re ri ro sa sau ser tel ter tour va val ver vi vil"
)
COMMUNES = ("Nantes", "Rezé", "Saint-Herblain", "Orvault", "Vertou", "Couëron", "Carquefou")


@strawberry.type
class Thing(Place):
    kind_of_it: strawberry.Private[str]

    def kind_word(self) -> str:
        return self.kind_of_it


def things(many: int, lot: random.Random) -> Iterator[Thing]:
    known = ["".join(lot.choices(SYLLABLES, k=lot.randint(2, 4))).title() for _ in range(30_000)]
    for number in range(many):
        kind, street = lot.choice(KINDS), lot.choice(STREETS)
        # As in towns: few words are in many names, and most in very few.
        own = [known[int(len(known) * lot.random() ** 2)] for _ in range(lot.randint(1, 3))]
        first = lot.choice((kind.capitalize(), street.capitalize(), ""))
        name = " ".join(filter(None, (first, lot.choice(("", "de la", "du", "des")), *own)))
        yield Thing(
            id=strawberry.ID(str(number)),
            city="nantes",
            folded=fold(name),
            name=name,
            position=Position(lat=lot.gauss(HERE[0], 0.05), lon=lot.gauss(HERE[1], 0.05)),
            address=Address(street=None, postcode=None, city=lot.choice(COMMUNES), insee=None),
            kind_of_it=kind,
        )


def town(thing: Thing) -> str:
    """The commune that it is in."""
    return (thing.address and thing.address.city) or ""


def slip(text: str, lot: random.Random) -> str:
    """The same, but for one letter."""
    at = lot.randrange(len(text))
    return text[:at] + lot.choice(("", text[at] * 2, "e")) + text[at + 1 :]


WAYS: dict[str, Callable[[Thing, random.Random], str]] = {
    "the name": lambda thing, _: thing.name,
    "its first 2 letters": lambda thing, _: thing.name[:2],
    "unfinished": lambda thing, lot: thing.name[: lot.randint(3, max(4, len(thing.name)))],
    "a slip": lambda thing, lot: slip(thing.name, lot),
    "a slip in each word": lambda thing, lot: " ".join(slip(w, lot) for w in thing.name.split()),
    "with its commune": lambda thing, _: f"{thing.name} {town(thing)}",
    "kind and commune": lambda thing, _: f"{thing.kind_of_it} {town(thing)}",
    "twenty words": lambda thing, _: " ".join([thing.name] * 20)[:100],
}


def main(names: int = 100_000) -> None:
    lot = random.Random(7)
    listed = list(things(names, lot))
    small = [Names(listed[at::60][:40]) for at in range(20)]
    before, began = memory_mb(), thread_time()
    layers = [Names(listed), *small]
    directory = Directory(layers)
    made_s = thread_time() - began
    held = memory_mb() - before
    began = thread_time()
    directory = Directory([layers[0], Names(listed[::60][:40]), *small[1:]], directory)
    again_s = thread_time() - began
    table = Table("what is typed", "median ms", "p99 ms", "most ms")
    every: list[float] = []
    for way, typed in WAYS.items():
        taken = []
        for thing in lot.choices(listed, k=QUESTIONS // len(WAYS)):
            text, near = typed(thing, lot), lot.choice((HERE, None))
            began = thread_time()
            directory.find(text, 10, NOW, near=near)
            taken.append((thread_time() - began) * 1e3)
        every += taken
        table.add_row(way, *figures(taken))
    table.add_row("all", *figures(every))
    console = Console()
    console.print(table)
    console.print(f"{len(directory):,} names: made in {made_s:.2f} s, {held:.0f} MB;")
    console.print(f"again, with one list new whose names are not: {again_s * 1e3:.0f} ms")


def figures(taken: list[float]) -> tuple[str, str, str]:
    p99 = statistics.quantiles(taken, n=100)[98]
    return f"{statistics.median(taken):.2f}", f"{p99:.2f}", f"{max(taken):.2f}"


def memory_mb() -> float:
    """The most that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # KiB on Linux


if __name__ == "__main__":
    typer.run(main)
