"""Pages: their headers, their files, and that what they show can really be asked."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import httpx
import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

import schema
from server import explorer, pages

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; img-src 'self' data:; worker-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
BUNDLES = ("explorer.js", "editor.worker.js", "json.worker.js", "graphql.worker.js")


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build in miniature, so that these tests need no npm."""
    folder = tmp_path / "0123456789ab"
    folder.mkdir()
    for name in (*BUNDLES, "explorer.css", "codicon.ttf"):
        (folder / name).write_text("")
    monkeypatch.setattr(explorer, "STATIC", tmp_path)
    return folder


def visitor() -> httpx.AsyncClient:
    app = Starlette(routes=[*pages.routes(), *explorer.routes("/ask?a&b")])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://city")


def check_headers(answer: httpx.Response) -> None:
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/developers", "text/html; charset=utf-8"),
        ("/graphiql", "text/html; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/favicon.svg", "image/svg+xml"),
    ],
)
async def test_a_page_is_strict_and_asked_for_again(
    built: Path, path: str, media_type: str
) -> None:
    async with visitor() as client:
        answer = await client.get(path)
        assert (await client.post(path)).status_code == 405
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == "no-cache"
    check_headers(answer)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        *((name, "text/javascript; charset=utf-8") for name in BUNDLES),
        ("explorer.css", "text/css; charset=utf-8"),
        ("codicon.ttf", "font/ttf"),
    ],
)
async def test_a_built_file_is_kept_for_ever(built: Path, name: str, media_type: str) -> None:
    async with visitor() as client:
        answer = await client.get(f"/graphiql/static/{built.name}/{name}")
        gone = await client.get(f"/graphiql/static/{built.name}/gone.js")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    check_headers(answer)
    assert gone.status_code == 404
    assert "cache-control" not in gone.headers


@pytest.mark.anyio
async def test_the_page_knows_its_files_its_endpoint_and_its_examples(built: Path) -> None:
    async with visitor() as client:
        html = (await client.get("/graphiql")).text
    assert f'src="/graphiql/static/{built.name}/explorer.js"' in html
    assert 'data-endpoint="/ask?a&amp;b"' in html
    assert "query HomeScreen" in unescape(html)
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\son\w+=", html), "nothing inline"


@pytest.mark.anyio
async def test_an_unbuilt_explorer_says_how_to_build_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explorer, "STATIC", tmp_path / "absent")
    async with visitor() as client:
        answer = await client.get("/graphiql")
    assert answer.status_code == 503
    assert "pip install -e ." in answer.text
    check_headers(answer)


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    return build_schema(schema.build().as_str(), assume_valid=True)


@pytest.mark.parametrize("text", explorer.examples(), ids=lambda text: text[:40])
def test_an_example_can_be_asked_and_says_what_it_shows(text: str, contract: GraphQLSchema) -> None:
    assert text.startswith("# ")
    assert validate(contract, parse(text)) == []


def test_the_landing_page_shows_a_query_that_can_be_asked(contract: GraphQLSchema) -> None:
    [query] = re.findall("<code>(.*)</code>", (pages.HERE / "index.html").read_text(), re.DOTALL)
    assert validate(contract, parse(unescape(query))) == []


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (explorer.HERE / "package-lock.json").read_text()


@pytest.mark.anyio
async def test_a_page_is_whole_for_who_takes_it_zipped_and_for_who_does_not() -> None:
    """Compression changes an answer's headers: never those of the next visitor's."""
    app = Starlette(routes=pages.routes(), middleware=[Middleware(GZipMiddleware)])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://city") as client:
        for encoding in ("gzip", "identity", "gzip"):
            answer = await client.get("/", headers={"accept-encoding": encoding})
            assert answer.headers.get("content-encoding", "identity") == encoding
            assert "<h1>Poche</h1>" in answer.text
            if encoding == "identity":
                assert int(answer.headers["content-length"]) == len(answer.content)
