"""Documents: what they say is so. Their queries answer, their files work, their words exist."""

import asyncio
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import parse, validate
from typer.main import get_command

import cities
import schema
from server import catalogue, cli
from server.checking import validated
from server.settings import Settings
from tests.conftest import changed, down, serving
from tests.scratch import OURS, assert_kept, checkout, contents, pytest_in, run_in

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
README, ERRORS, CITY, SERVICE = (
    (ROOT / page).read_text("utf-8")
    for page in ("README.md", "docs/errors.md", "docs/adding-a-city.md", "docs/adding-a-service.md")
)


def block(text: str, language: str) -> str:
    """The first block of code in a language; "" if there is none."""
    found = re.search(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return found[1] if found else ""


def files(text: str) -> dict[str, str]:
    """The files that a page gives whole, by the path that stands above each."""
    return dict(re.findall(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)^```", text, re.DOTALL | re.MULTILINE))


def shown(said: Any, real: Any) -> Any:
    """The real answer, as far as the page shows it: it may leave out members and ends of lists."""
    if isinstance(said, dict) and isinstance(real, dict):
        return {name: shown(said[name], value) for name, value in real.items() if name in said}
    if isinstance(said, list) and isinstance(real, list):
        return [shown(*pair) for pair in zip(said, real, strict=False)]
    return real


# README


def test_the_first_query_is_valid_and_answers_as_shown(graphql):
    query, said = block(README, "graphql"), json.loads(block(README, "json"))

    assert validate(schema.build()._schema, parse(query)) == []
    assert shown(said, graphql(query)) == said


def test_every_command_exists_and_is_told():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    told = set(re.findall(r"^\| `(make|poche) (\w+)`", README, re.MULTILINE))

    assert {word for tool, word in told if tool == "make"} <= set(targets)
    assert {word for tool, word in told if tool == "poche"} == set(get_command(cli.app).commands)


def test_every_command_that_is_mentioned_exists():
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for page in PAGES:
        for tool, word in re.findall(r"(?:`|\$ |bin/)(make|poche) (\w+)", page.read_text("utf-8")):
            known = targets if tool == "make" else get_command(cli.app).commands
            assert word in known, f"{page.name}: {tool} {word}"


def test_the_table_of_settings_is_that_of_the_code():
    rows = [
        f"| `POCHE_{name.upper()}` |{_plain(about.default)} | {about.description} |"
        for name, about in Settings.model_fields.items()
    ]
    assert re.findall(r"^\| `POCHE_.*$", README, re.MULTILINE) == rows, "\n".join(rows)


def _plain(default: Any) -> str:
    if default is None or default == ():
        return ""
    if isinstance(default, Path):
        default = str(default).replace(str(cities.HERE), "cities/").replace(str(Path.home()), "~")
    return f" `{default}`".lower()


# Links


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\((?!https?://)([^)]+)\)", page.read_text("utf-8")):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        if anchor:
            heads = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_files_that_are_named_exist(page):
    ours = "|".join(OURS)
    for path in re.findall(rf"`((?:{ours})/[\w/.]*)`", page.read_text("utf-8")):
        assert "fountains" in path or (ROOT / path).exists(), path


# Errors


async def hanging(_: httpx.Request) -> httpx.Response:
    await asyncio.Event().wait()  # which nobody sets
    raise AssertionError("nobody should wait so long")


def busy(_: httpx.Request) -> httpx.Response:
    return httpx.Response(429, headers={"retry-after": "30"})


# What is broken in the examples: the table of the city file, and how.
BROKEN = {
    "UNAVAILABLE": ("pools", down),
    "DEADLINE": ("menus", hanging),
    "REFUSED": ("pools.hours", busy),
    "CHANGED": ("schools", changed),
}
EXAMPLES = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", ERRORS, re.DOTALL | re.MULTILINE))


RAISING = ("sources/errors.py", "schema/arguments.py")


def codes() -> set[str]:
    """Every code that our code can give to a client."""
    places = (*(ROOT / "server").glob("*.py"), *(ROOT / f for f in RAISING))
    text = "\n".join(path.read_text("utf-8") for path in places)
    given = re.findall(r'\bcode"?(?:: str)? ?[:=] ?"([A-Z_]+)"|_coded\(.*"([A-Z_]+)"\)', text)
    return {one or other for one, other in given} - {"SOURCE_ERROR"}  # that of the base class


def test_every_code_is_explained_and_every_explained_code_exists():
    table = re.findall(r"^\| \[`([A-Z_]+)`\]", ERRORS, re.MULTILINE)

    assert set(table) == codes()
    assert sorted(EXAMPLES) == sorted(table)


@pytest.mark.parametrize("code", [code for code, text in EXAMPLES.items() if "graphql" in text])
def test_an_example_is_what_is_answered(code, replay, graphql, tmp_path):
    query, said = block(EXAMPLES[code], "graphql"), json.loads(block(EXAMPLES[code], "json"))
    assert said["extensions"]["code"] == code
    if code in BROKEN:
        table, failure = BROKEN[code]
        replay.broken[table] = failure
    shutil.copy(cities.HERE / "nantes.toml", tmp_path)
    (tmp_path / "clisson.toml").write_text(files(CITY)["clisson.toml"], "utf-8")

    answer = graphql(query, cities=tmp_path, deadline_s=0.5 if code == "DEADLINE" else 10)

    [error] = answer["errors"]
    assert {name: value for name, value in error.items() if name != "locations"} == said


def test_what_is_no_request_is_answered_as_shown():
    async def main() -> httpx.Response:
        async with serving(httpx.MockTransport(down)) as server:
            return await server.client.post("/graphql", json=[{"query": "{ __typename }"}])

    assert asyncio.run(main()).json()["errors"] == [
        json.loads(block(EXAMPLES["BAD_REQUEST"], "json"))
    ]


# A new city, a new service


def test_the_small_commune_can_be_used(tmp_path):
    (tmp_path / "clisson.toml").write_text(files(CITY)["clisson.toml"], "utf-8")

    assert list(validated(tmp_path)["clisson"].bindings) == ["schools"]


def test_every_word_of_a_table_is_explained():
    told = set(re.findall(r"^\| `\[?(\w+)[^`]*`", CITY, re.MULTILINE))
    assert told >= cities.binding.WORDS
    assert told >= cities.TOP


def test_the_new_service_works_as_written(tmp_path):
    """Its page, followed to the letter on a copy of ours; nothing else needs a change."""
    checkout(tmp_path)
    before = contents(tmp_path)
    for path, content in files(SERVICE).items():
        (tmp_path / path).write_text(content, "utf-8")
    with (tmp_path / "cities/nantes.toml").open("a", encoding="utf-8") as city:
        city.write("\n" + block(SERVICE, "toml"))
    subprocess.run(["bash", "-c", block(SERVICE, "sh")], cwd=tmp_path, check=True)
    (tmp_path / "schema.graphql").write_text(run_in(tmp_path, "server.cli", "schema").stdout)

    said = pytest_in(tmp_path, "-k", "fountains", "tests/test_services.py")
    assert "1 failed, 5 passed" in said, said  # the first run writes the answer
    expected = json.loads(block(SERVICE, "json"))
    assert json.loads((tmp_path / "tests/queries/fountains.json").read_text())["data"] == expected
    assert_kept(tmp_path, "fountains")
    listed = set(re.findall(r"^\| `([\w/.-]+)` \|", SERVICE, re.MULTILINE))
    produced = {"tests/queries/fountains.json", "schema.graphql"}
    assert {path for path, _ in contents(tmp_path).items() - before.items()} == listed | produced


# What each city offers


def test_what_each_city_offers_is_what_the_files_say():
    assert (ROOT / "docs/cities.md").read_text("utf-8") == catalogue.page(validated(cities.HERE)), (
        "run `poche cities > docs/cities.md`"
    )
