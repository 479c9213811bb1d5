"""Cities, one TOML file each: which services they offer, and from where.

Top-level words describe the city; every other table is a service, and a table
within it (`[pools.hours]`) a part of that service which has its own upstream
and takes what it does not say from the table around it. A table that is `like` another
city's takes from there what it does not say itself. `[upstreams."a.host"]` says what
all tables that ask one host have in common, whichever city's they are.
"""

import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator

from cities.binding import WORDS, Binding, Quota, Secret, Upstream
from cities.columns import Column, Columns
from cities.strict import Strict

__all__ = [
    "Binding",
    "City",
    "CityError",
    "Column",
    "Columns",
    "Quota",
    "Secret",
    "Upstream",
    "load",
    "read",
    "upstreams",
]

HERE = Path(__file__).parent
NOT_INHERITED = {"fields", "details", "key"}
# Options of protocols, no parts of services.
TABLES = frozenset({"exclude", "params", "refine", "variables"})


Insee = Annotated[str, Field(pattern=r"^[0-9][0-9AB][0-9]{3}$")]


class CityError(Exception):
    """A city file that cannot be used; the message names the file, the table and the key."""

    def __init__(self, where: str, problem: str, word: str = "", known: Iterable[str] = ()) -> None:
        near = get_close_matches(word, list(known), 1, 0.5) if word else []
        super().__init__(f"{where}: {problem}" + (f"; did you mean `{near[0]}`?" if near else ""))

    @classmethod
    def worded(cls, where: str, error: ValidationError, known: Iterable[str]) -> Self:
        """Pydantic's first complaint, as one line that says where to look."""
        # A word that is unknown is often the one that is missing, misspelt.
        first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        key = ".".join(str(part) for part in first["loc"])
        problem = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            return cls(where, f"unknown word `{key}`", key, known)
        return cls(f"{where} {key}".rstrip(), problem)


class City(Strict):
    slug: str = Field(pattern=r"[a-z][a-z0-9-]*")
    name: str
    timezone: str
    country: str = "FR"
    region: str | None = None  # for public holidays that not all the country keeps
    school_zone: Literal["A", "B", "C"] | None = None
    communes: Mapping[Insee, str] = {}
    kinds: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")], str] = {}  # their labels
    upstreams: Mapping[str, Upstream] = {}
    bindings: Mapping[str, Binding]

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"`{value}` is not a time-zone, such as Europe/Paris") from None
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time-zone (cached by zoneinfo itself)."""
        return ZoneInfo(self.timezone)


TOP = frozenset(City.model_fields) - {"slug", "bindings"}


def load(folder: Path = HERE) -> dict[str, City]:
    """Every city of a folder by its slug; CityError at the first that cannot be used."""
    return {path.stem: read(path) for path in sorted(folder.glob("*.toml"))}


def read(path: Path) -> City:
    """One city file, checked as far as it can be without knowing its protocols."""
    raw = _raw(path)
    about = {word: value for word, value in raw.items() if word in TOP}
    bindings: dict[str, Binding] = {}
    for service, table in raw.items():
        if service in TOP:
            continue
        if not isinstance(table, dict):
            raise CityError(path.name, f"unknown word `{service}`", service, TOP)
        for binding in _bindings(path, service, _filled(_whole(path, service, table), about)):
            bindings[binding.table] = binding
    try:
        city = City(slug=path.stem, bindings=bindings, **about)
    except ValidationError as error:
        raise CityError.worded(path.name, error, {*TOP, *Upstream.model_fields}) from None
    hosts = {binding.host for binding in bindings.values()}
    for host in city.upstreams.keys() - hosts:
        raise CityError(f"{path.name} [upstreams]", f"no table asks `{host}`", host, hosts)
    return city


def upstreams(cities: Iterable[City]) -> dict[str, Upstream]:
    """What holds for the calls to each host, of all cities; CityError if two of them disagree."""
    said: dict[str, tuple[City, Upstream]] = {}
    for city in cities:
        for host, upstream in city.upstreams.items():
            other, first = said.setdefault(host, (city, upstream))
            if upstream != first:
                where = f'{city.slug}.toml [upstreams."{host}"]'
                raise CityError(where, f"{other.slug}.toml says something else of it")
    return {host: upstream for host, (_, upstream) in said.items()}


def _raw(path: Path) -> dict[str, Any]:
    try:
        return _parsed(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CityError(path.name, str(error)) from None


@lru_cache(maxsize=8)  # a file that others are `like` is asked for by each of their tables
def _parsed(text: str) -> dict[str, Any]:
    """What a city file says; not to be changed."""
    return tomllib.loads(text)


def _whole(path: Path, service: str, table: dict[str, Any]) -> dict[str, Any]:
    """A table with what it does not say itself, if it is `like` that of another city.

    The other city's file is beside it, or one of ours; its table is one that says all itself.
    """
    if "like" not in table:
        return table
    where, other = f"{path.name} [{service}] like", table["like"]
    files = {file.stem: file for folder in (HERE, path.parent) for file in folder.glob("*.toml")}
    if other not in files:
        raise CityError(where, f"no city `{other}`", str(other), files)
    found = _raw(files[other]).get(service)
    if not isinstance(found, dict) or "like" in found:
        raise CityError(where, f"{other}.toml has no [{service}] of its own")
    return _over(found, {word: value for word, value in table.items() if word != "like"})


def _over(under: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    """What `table` says, and what only `under` says, within inner tables too."""
    inner = {
        word: _over(under[word], value)
        for word, value in table.items()
        if isinstance(value, dict) and isinstance(under.get(word), dict)
    }
    return {**under, **table, **inner}


def _filled(table: dict[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    """`{communes}` in a table's texts becomes the city's INSEE codes, quoted: for filters."""
    codes = ", ".join(f'"{code}"' for code in about.get("communes", {}))
    return {
        name: _filled(value, about)
        if isinstance(value, dict)
        else value.replace("{communes}", codes)
        if isinstance(value, str)
        else value
        for name, value in table.items()
    }


def _bindings(path: Path, service: str, table: dict[str, Any]) -> Iterable[Binding]:
    # A table within a service's that speaks for itself is a part of the service.
    parts = {
        name: inner
        for name, inner in table.items()
        if isinstance(inner, dict) and name not in WORDS | TABLES
    }
    whole = {name: value for name, value in table.items() if name not in parts}
    if "protocol" in whole or not parts:  # a service may be all parts
        yield _binding(path, service, None, whole)
    inherited = {name: value for name, value in whole.items() if name not in NOT_INHERITED}
    for part, inner in parts.items():
        yield _binding(path, service, part, {**inherited, **inner})


def _binding(path: Path, service: str, part: str | None, table: dict[str, Any]) -> Binding:
    where = f"{path.name} [{service}{'.' + part if part else ''}]"
    shared = {name: value for name, value in table.items() if name in WORDS}
    options = {name: value for name, value in table.items() if name not in WORDS}
    shared.setdefault("name", f"{service}{' ' + part if part else ''}")
    try:
        return Binding(city=path.stem, service=service, part=part, options=options, **shared)
    except ValidationError as error:
        raise CityError.worded(where, error, WORDS) from None
