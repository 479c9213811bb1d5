"""Targets: each takes any bytes, and raises only what is a bug."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from starlette.requests import Request

import schema
from server.accept import negotiated, prefers_html
from server.compiled.bail import Unsupported
from server.compiled.executor import CompiledExecutor
from server.errors import RequestError
from server.manifests import PLAIN, SUFFIXES, ManifestError, read
from server.parameters import Parameters, Unreadable, from_body, from_url
from server.planning import Planner
from server.references import reference
from server.settings import Settings
from server.streams import wanted

SETTINGS = Settings()
JSON = [(b"content-type", b"application/json")]


@cache
def planner() -> Planner:
    return Planner(schema.build()._schema, SETTINGS)


@cache
def executor() -> CompiledExecutor:
    return CompiledExecutor(schema.build()._schema)


@cache
def runner() -> asyncio.Runner:
    return asyncio.Runner()


@cache
def folder() -> Path:
    return Path(mkdtemp(prefix="poche-fuzz-"))


def body(data: bytes) -> None:
    """A POST's body, and the document in it."""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": data, "more_body": False}

    request = Request({"type": "http", "method": "POST", "headers": JSON}, receive)
    with suppress(RequestError, Unreadable):
        _asked(runner().run(from_body(request, SETTINGS)))


def url(data: bytes) -> None:
    """A GET's query string."""
    request = Request({"type": "http", "method": "GET", "headers": [], "query_string": data})
    with suppress(RequestError, Unreadable):
        _asked(from_url(request, SETTINGS))


def document(data: bytes) -> None:
    """A document: parsed, counted, validated, and its cost added up."""
    with suppress(RequestError):
        _planned(data.decode(errors="replace"))


def compiled(data: bytes) -> None:
    """A document, and the code that it becomes."""
    with suppress(RequestError):
        plan = planner().plan(data.decode(errors="replace"))
        for operation in plan.operations.values():
            known = executor().known(plan.document, operation)
            values = known.variables.values({})
            with suppress(Unsupported):
                if known.refused is None and values is not None:
                    executor().program(known, values)


def accept(data: bytes) -> None:
    """An `Accept` header, as the web server decodes it."""
    text = data.decode("latin-1")
    negotiated(text)
    wanted(text)
    prefers_html(text)


def manifest(data: bytes) -> None:
    """A file of documents, of the kind that its first byte says."""
    file = folder() / f"manifest{SUFFIXES[data[0] % len(SUFFIXES)] if data else PLAIN[0]}"
    file.write_bytes(data[1:])
    with suppress(ManifestError):
        for entry in read(file):
            assert entry.id
            with suppress(RequestError):
                planner().plan(entry.text)


def _asked(asked: Parameters) -> None:
    reference(asked)
    if asked.query is not None:
        _planned(asked.query, asked.operation_name, asked.variables)


def _planned(
    text: str, name: str | None = None, variables: dict[str, object] | None = None
) -> None:
    plan = planner().plan(text)
    planner().check(planner().estimate(plan, name, variables or {}))


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (body, url, document, compiled, accept, manifest)
}
