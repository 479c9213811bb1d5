"""Proposing: a city file, from a few facts and from what a dataset's portal says of its columns.

Which column says which of our words is told by what city files call it already: a column that
another city's table calls so, then names that are much alike. Each guess has its reason beside
it, as a comment; a person decides.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

import msgspec

from cities import Binding, City, CityError
from sources.http import Door
from sources.names import fold
from sources.protocols.opendatasoft import Opendatasoft, dataset_url
from sources.reading import open_ended, readers, tables

LIKENESS = 0.75  # below it, no guess is better than a bad one
LONGEST, MOST_COLUMNS = 120, 200
POINTS, SHAPES = {"geo_point_2d", "geo_point"}, {"geo_shape"}
NUMBERS = {"double", "int", "decimal"}
LICENCES = {
    r"licence ouverte.*2|etalab.*2": "Licence Ouverte 2.0",
    r"odbl|open database": "ODbL 1.0",
}
DATASET = re.compile(r"/(?:dataset|datasets|assets)/([\w.@-]+)")


class Field(msgspec.Struct, frozen=True):
    """A column, as the portal describes it."""

    name: str
    label: str | None = None
    type: str | None = None


class Metas(msgspec.Struct):
    title: str | None = None
    license: str | None = None
    publisher: str | None = None


class Dataset(msgspec.Struct):
    """What a portal says of a dataset: `/api/explore/v2.1/catalog/datasets/<id>`."""

    fields: list[Field]
    metas: Mapping[str, Metas] = {}


@dataclass(frozen=True)
class Guess:
    """A column for a word, how sure that is (1 is sure), and why."""

    score: float
    word: str
    field: Field
    reason: str


@dataclass(frozen=True)
class Wanted:
    """A table of the new file, and the page of the dataset that it is to be read from."""

    table: str
    url: str
    dataset: str


def wanted(text: str) -> Wanted:
    """`pools=https://a.portal/explore/dataset/piscines/` understood; CityError if it cannot be."""
    table, _, page = text.partition("=")
    parts = urlsplit(page)
    found = DATASET.search(parts.path)
    if not columns_of(table):
        raise CityError("--dataset", f"no service `{table}`", table, tables())
    if parts.scheme not in ("http", "https") or not parts.hostname or found is None:
        example = f"{table}=https://data.nantesmetropole.fr/explore/dataset/a-dataset/"
        raise CityError("--dataset", f"`{page}` is no dataset's page; say {example}")
    return Wanted(table, f"{parts.scheme}://{parts.netloc}", found[1])


def columns_of(table: str) -> frozenset[str]:
    """Our words for a table; none if no service reads it."""
    for reader in readers.values():
        if reader.table == table:
            return reader.columns
    fitting = [pattern for pattern in open_ended if fnmatchcase(table, pattern)]
    return open_ended[max(fitting, key=len)].columns if fitting else frozenset()


async def described(asked: Wanted, slug: str, door: Door) -> Dataset:
    """What the portal says of a dataset; SourceError if it does not, or not in its way."""
    speaks = Opendatasoft(url=asked.url, dataset=asked.dataset)
    binding = Binding(
        city=slug,
        service="new",
        protocol="opendatasoft",
        name=asked.dataset,
        timeout=10,
        max_bytes=4 << 20,
        options=speaks.model_dump(),
    )
    door_to = door.open(binding, speaks.complaint)
    reply = await door_to.get(dataset_url(asked.url, asked.dataset))
    try:
        return msgspec.json.decode(reply.body, type=Dataset)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CityError(asked.dataset, f"not what a portal says of a dataset: {error}") from None


def guesses(table: str, fields: Iterable[Field], known: Iterable[City]) -> list[Guess]:
    """The best column for each word, each column for one word only, best guess first."""
    words, called = columns_of(table), list(_called(table, known))
    every = [
        guess
        for field in list(fields)[:MOST_COLUMNS]
        for word in sorted(words)
        if (guess := _guess(word, field, called)) is not None
    ]
    found: dict[str, Guess] = {}
    taken: set[str] = set()
    for guess in sorted(every, key=lambda one: -one.score):
        if guess.word not in found and guess.field.name not in taken:
            found[guess.word] = guess
            taken.add(guess.field.name)
    return list(found.values())


def table_text(asked: Wanted, dataset: Dataset, known: Iterable[City]) -> str:
    """The table as TOML, with reasons, and what nobody could guess, as comments."""
    metas = dataset.metas.get("default", Metas())
    licence = _licence(metas.license)
    publisher = metas.publisher or urlsplit(asked.url).hostname or ""
    said = {
        "protocol": "opendatasoft",
        "name": metas.title or asked.dataset,
        "url": asked.url,
        "dataset": asked.dataset,
        "licence": licence,
        "attribution": f"{publisher}, {licence}",
        "page": f"{asked.url}/explore/dataset/{asked.dataset}/",
        "ttl": "6h",
        "stale_if_error": "7d",
        "timeout": "20s",
        "quota": "500 per day",
    }
    found = guesses(asked.table, dataset.fields, known)
    used = {guess.field.name for guess in found}
    lines = [f"[{asked.table}]", *(f"{word} = {quoted(text)}" for word, text in said.items())]
    lines += ["", f"[{asked.table}.fields]"]
    lines += [
        f"{guess.word} = {quoted(guess.field.name)}  # {_label(guess.field)}{guess.reason}"
        for guess in sorted(found, key=lambda one: one.word)
    ]
    missing = columns_of(asked.table) - {guess.word for guess in found}
    if "position" not in missing:
        missing -= {"lat", "lon"}
    left = [_about(field) for field in dataset.fields[:MOST_COLUMNS] if field.name not in used]
    lines += [f"# no column for: {', '.join(sorted(missing))}"] if missing else []
    lines += [f"# not used: {one}" for one in left]
    return "\n".join(lines)


def quoted(text: str) -> str:
    """Any text as a TOML string on one line."""
    return '"' + _plain(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _plain(text: str) -> str:
    seen = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(seen.split())[:LONGEST]


def _about(field: Field) -> str:
    return _plain(f"{field.name} {_label(field)}").removesuffix(",")


def _label(field: Field) -> str:
    return _plain(f"« {field.label} »") + ", " if field.label not in (None, field.name) else ""


def _licence(text: str | None) -> str:
    if not text:
        return "unknown: ask the publisher"
    known = (name for words, name in LICENCES.items() if re.search(words, text.lower()))
    return next(known, _plain(text))


def _called(table: str, known: Iterable[City]) -> Iterator[tuple[str, str, str, bool]]:
    """What city files call which word: the word, the column, where, and if in such a table."""
    for city in known:
        for binding in city.bindings.values():
            alike = binding.table == table
            for word, column in binding.fields.items():
                paths = (column.column,) if isinstance(column.column, str) else column.column
                for path in paths:
                    yield word, path, f"{city.slug}.toml [{binding.table}]", alike


def _guess(word: str, field: Field, called: list[tuple[str, str, str, bool]]) -> Guess | None:
    kind = field.type or "text"
    if kind in POINTS | SHAPES:
        fits = word == "position" or (word == "area" and kind in SHAPES)
        score = 1.0 if kind in POINTS else 0.9
        return Guess(score, word, field, "where it is") if fits else None
    if word in {"position", "area"} or (word in {"lat", "lon"} and kind not in NUMBERS):
        return None
    same = [
        (where, alike) for said, path, where, alike in called if (said, path) == (word, field.name)
    ]
    if same:
        where, alike = max(same, key=lambda one: one[1])
        return Guess(1.0 if alike else 0.9, word, field, f"as in {where}")
    if fold(field.name) == word:
        return Guess(0.95, word, field, "its very name")
    names = {fold(field.name), fold(field.label or "")} - {""}
    ours = {fold(path): (path, where) for said, path, where, _ in called if said == word}
    best = Guess(0, word, field, "")
    for name in names:
        for near in get_close_matches(name, [*ours, fold(word)], 1, LIKENESS):
            score = 0.9 * SequenceMatcher(None, name, near).ratio()
            path, where = ours.get(near, (word, "our word"))
            if score > best.score:
                best = Guess(score, word, field, f"much like `{path}`, {where}")
    return best if best.score else None
