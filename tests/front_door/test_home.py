"""The citizens' page at the front door: its rights, its headers, its documents."""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from struct import unpack
from threading import Event

import httpx
import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse, print_ast, visit
from graphql.language import FieldNode, SelectionSetNode, Visitor

import schema
from server import home
from server.documents import Documents
from server.own_documents import OwnDocuments
from server.planning import Plan, Planner
from server.settings import Settings
from sources.store import Memory
from tests.conftest import Replay, Server, down, serving

ROOT = Path(__file__).parent.parent.parent
MANIFEST: dict[str, str] = json.loads(home.DOCUMENTS.read_text("utf-8"))
NAMES = {
    definition.name.value: name
    for name, text in MANIFEST.items()
    for definition in parse(text).definitions
    if isinstance(definition, OperationDefinitionNode) and definition.name
}
FIRST_APP = ROOT / "examples/first-app"
CITY = {"city": "nantes"}
STYLE = "main { color: teal }"
EARLY = 'fetch("/graphql")'


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build in miniature, so that these tests need no npm."""
    folder = tmp_path / "0123456789ab"
    folder.mkdir()
    for name in ("icon-192.png", "icon-512.png"):
        (folder / name).write_bytes((home.HERE / "icons" / name).read_bytes())
    texts = {"home.js": "", "early.js": EARLY, "worker.js": "self", "style.css": STYLE}
    for name, content in texts.items():
        (folder / name).write_text(content)
    monkeypatch.setattr(home, "STATIC", tmp_path)
    return folder


async def get(path: str, **settings: object) -> httpx.Response:
    async with serving(httpx.MockTransport(down), **settings) as server:
        return await server.client.get(path)


@pytest.mark.anyio
@pytest.mark.parametrize(("path", "name"), [("/", "Nantes"), ("/bordeaux", "Bordeaux")])
async def test_each_city_has_its_page(built: Path, path: str, name: str) -> None:
    page = await get(path)
    assert page.status_code == 200
    assert f'data-name="{name}"' in page.text
    assert f'src="/home/static/{built.name}/home.js"' in page.text
    assert page.headers["cache-control"] == "no-cache"


@pytest.mark.anyio
async def test_nothing_inline_but_one_style_and_one_script(built: Path) -> None:
    page = await get("/")
    policy = page.headers["content-security-policy"]
    assert f"style-src {digest(STYLE)};" in policy
    assert f"script-src 'self' {digest(EARLY)};" in policy
    assert f"<style>{STYLE}</style>" in page.text
    assert f'<script type="module">{EARLY}</script>' in page.text
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def digest(inline: str) -> str:
    return f"'sha256-{b64encode(sha256(inline.encode()).digest()).decode()}'"


@pytest.mark.anyio
@pytest.mark.parametrize(("path", "name"), [("/", "Nantes"), ("/bordeaux", "Bordeaux")])
async def test_each_city_can_be_an_app_on_a_phone(built: Path, path: str, name: str) -> None:
    async with serving(httpx.MockTransport(down)) as server:
        page = await server.client.get(path)
        [link] = re.findall(r'<link rel="manifest" href="([^"]+)">', page.text)
        answer = await server.client.get(link)
        assert answer.headers["content-type"] == "application/manifest+json"
        manifest = answer.json()
        assert manifest["short_name"] == name
        assert manifest["start_url"] == manifest["scope"] == manifest["id"] == path
        assert manifest["display"] == "standalone"
        for icon in manifest["icons"]:
            picture = await server.client.get(icon["src"])
            assert picture.headers["content-type"] == icon["type"]
            assert icon["sizes"] == "{}x{}".format(*unpack(">II", picture.content[16:24]))


@pytest.mark.anyio
async def test_the_worker_may_serve_every_page_and_is_asked_for_again(built: Path) -> None:
    worker = await get("/worker.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert worker.headers["cache-control"] == "no-cache"


@pytest.mark.anyio
@pytest.mark.parametrize("reason", ["not built", "a key is needed"])
async def test_where_there_is_no_home_there_is_the_page_for_developers(
    built: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    if reason == "not built":
        monkeypatch.setattr(home, "STATIC", built / "nothing")
        page = await get("/")
    else:
        page = await get("/", anonymous="off")
    assert "<h1>Poche</h1>" in page.text


@pytest.mark.anyio
async def test_developers_have_theirs_all_the_same(built: Path) -> None:
    assert "<h1>Poche</h1>" in (await get("/developers")).text


# Its rights: those of a client with a safelist, which needs no key


async def asked(server: Server, **body: object) -> httpx.Response:
    return await server.client.post("/graphql", json=body)


@pytest.mark.anyio
async def test_its_documents_may_be_asked_where_nothing_else_may(replay: Replay) -> None:
    async with serving(httpx.MockTransport(replay), anonymous="safelist") as server:
        city = {"city": "nantes"}
        answer = await asked(server, documentId=NAMES["City"], variables=city)
        assert answer.json()["data"]["city"]["name"] == "Nantes"
        by_text = await asked(server, query=MANIFEST[NAMES["City"]], variables=city)
        assert by_text.json()["data"]["city"]["name"] == "Nantes"
        refused = await asked(server, query="{ __typename }")
        assert refused.json()["errors"][0]["extensions"]["code"] == "QUERY_NOT_IN_SAFELIST"


@pytest.mark.anyio
async def test_who_comes_before_they_are_planned_is_answered_and_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on = Event()
    plan_all = OwnDocuments.prepare

    def prepare(own: OwnDocuments) -> None:
        go_on.wait(60)
        plan_all(own)

    monkeypatch.setattr(OwnDocuments, "prepare", prepare)
    async with serving(httpx.MockTransport(down), warm=True) as server:
        try:
            while "sources" in (early := await readiness(server)).text:
                pass
            answer = await asked(server, documentId=NAMES["City"], variables={"city": "nantes"})
        finally:
            go_on.set()
        while (later := await readiness(server)).status_code != 200:
            pass
    assert (early.status_code, early.text.partition(" ")[0]) == (503, "planning")
    assert answer.json()["data"]["city"]["name"] == "Nantes"
    assert later.text == "ready\n"


async def readiness(server: Server) -> httpx.Response:
    await asyncio.sleep(0)  # whatever else there is to do goes on
    return await server.client.get("/readyz")


def test_each_is_planned_once_when_it_is_first_asked_for_or_behind() -> None:
    planner = Planner(schema.build()._schema, Settings())
    planned: list[str] = []

    def plan(text: str) -> Plan:
        planned.append(text)
        return planner.plan(text)

    own = OwnDocuments({"home": home.DOCUMENTS}, plan)
    assert own.find("unknown") is None
    assert planned == []
    city = own.find(NAMES["City"])
    assert city is not None
    assert (city.name, city.page, city.published) == ("City", "home", True)
    own.prepare()
    assert own.find(NAMES["City"]) is city
    assert sorted(planned) == sorted(MANIFEST.values())


@pytest.mark.anyio
async def test_a_city_that_asks_for_keys_asks_them_of_everybody(replay: Replay) -> None:
    async with serving(httpx.MockTransport(replay), anonymous="off") as server:
        answer = await asked(server, documentId=NAMES["City"], variables={"city": "nantes"})
        assert answer.status_code == 401


@pytest.mark.anyio
async def test_what_it_asks_is_counted_as_its_own(replay: Replay) -> None:
    async with serving(httpx.MockTransport(replay)) as server:
        await asked(server, documentId=NAMES["City"], variables={"city": "nantes"})
        await asked(server, query="{ __typename }")
        metrics = (await server.client.get("/metrics")).text
    counted = [line for line in metrics.splitlines() if line.startswith("poche_requests_total{")]
    assert any('client="home"' in line and 'operation="City"' in line for line in counted), counted
    assert any('client="anonymous"' in line for line in counted)


@pytest.mark.anyio
async def test_the_screen_is_one_address_that_caches_may_keep(replay: Replay) -> None:
    wanted = {"air": False, "pollen": False, "events": True, "waste": False}
    variables = {"city": "nantes", "ids": [], "pollenIn": "", "address": "", **wanted}
    async with serving(httpx.MockTransport(replay), anonymous="safelist") as server:
        answer = await server.client.get(
            f"/graphql/d/{NAMES['Home']}", params={"variables": json.dumps(variables)}
        )
    assert answer.headers["cache-control"].startswith("public, max-age=")
    assert answer.headers["content-location"].startswith(f"/graphql/d/{NAMES['Home']}?variables=")


# What is generated is of the documents and the schema as they are


@pytest.mark.anyio
async def test_every_document_can_be_asked() -> None:
    built = schema.build()._schema
    planner = Planner(built, Settings())
    documents = Documents(None, planner, planner, Memory(), pages={"home": home.DOCUMENTS})
    await documents.prepare()
    assert documents.problems == {}
    assert len(documents) == len(MANIFEST)


def test_the_manifest_is_of_the_documents_as_they_are() -> None:
    """`npm run generate` in `server/home` writes it anew."""
    sources = sorted((home.HERE / "documents").glob("*.graphql"))
    written = named("\n".join(file.read_text("utf-8") for file in sources))
    published = named("\n".join(MANIFEST.values()))
    assert published == written


def named(text: str) -> dict[str, str]:
    """Operations and fragments by their names, in one spelling: codegen sorts what they ask."""
    return {
        definition.name.value: print_ast(visit(definition, Sorted()))
        for definition in parse(text).definitions
        if isinstance(definition, FragmentDefinitionNode | OperationDefinitionNode)
        and definition.name
    }


class Sorted(Visitor):
    def leave_selection_set(self, node: SelectionSetNode, *_: object) -> SelectionSetNode:
        return SelectionSetNode(selections=tuple(sorted(node.selections, key=print_ast)))

    def leave_operation_definition(
        self, node: OperationDefinitionNode, *_: object
    ) -> OperationDefinitionNode:
        return OperationDefinitionNode(
            operation=node.operation,
            name=node.name,
            variable_definitions=tuple(sorted(node.variable_definitions or (), key=print_ast)),
            directives=node.directives,
            selection_set=node.selection_set,
        )

    def leave_field(self, node: FieldNode, *_: object) -> FieldNode:
        arguments = tuple(sorted(node.arguments or (), key=print_ast))
        return FieldNode(
            alias=node.alias,
            name=node.name,
            arguments=arguments,
            directives=node.directives,
            selection_set=node.selection_set,
        )


@pytest.mark.parametrize("folder", [home.HERE, FIRST_APP], ids=["home", "first app"])
def test_the_lock_file_names_no_registry(folder: Path) -> None:
    assert '"resolved"' not in (folder / "package-lock.json").read_text()


@pytest.mark.anyio
async def test_the_first_app_is_answered(replay: Replay) -> None:
    async with serving(httpx.MockTransport(replay)) as server:
        text = (FIRST_APP / "screen.graphql").read_text("utf-8")
        answer = (await asked(server, query=text, operationName="Screen", variables=CITY)).json()
        assert "errors" not in answer
        [stop] = answer["data"]["stops"]["nodes"]
        assert stop["departures"]
        assert answer["data"]["pools"]["nodes"]


# The page that says how to build such an app is made from this one's files


def test_the_guide_shows_what_the_files_say() -> None:
    guide = (ROOT / "docs/front-end.md").read_text("utf-8")
    shown = re.findall(r"From `([\w/.-]+)`:\n\n```\w+\n(.*?)```", guide, re.DOTALL)
    assert len(shown) == guide.count("From `") == 7
    for path, lines in shown:
        assert lines in (ROOT / path).read_text("utf-8"), path
