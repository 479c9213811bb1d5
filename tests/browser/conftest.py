"""A browser: Debian's chromium at a server of ours, with no way to any other host."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from socket import create_server

import pytest
import uvicorn
from graphql import build_schema, graphql_sync
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, sync_playwright
from playwright.sync_api import Route as Attempt
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import schema
from server import explorer, pages

CHROMIUM = os.environ.get("POCHE_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def app() -> Starlette:
    """What the browser visits: the real schema over a city of one stop."""
    contract = build_schema(schema.build().as_str(), assume_valid=True)
    stop = {"name": "Commerce", "wheelchairBoarding": "POSSIBLE"}
    city = {"stops": {"nodes": [stop]}}

    async def answer(request: Request) -> JSONResponse:
        asked = await request.json()
        result = graphql_sync(contract, asked["query"], city, operation_name=asked["operationName"])
        return JSONResponse(result.formatted)

    endpoint = Route("/graphql", answer, methods=["POST"])
    return Starlette(routes=[*pages.routes(), *explorer.routes(), endpoint])


@pytest.fixture(scope="session")
def origin(app: Starlette) -> Iterator[str]:
    """The address of the app, on real sockets."""
    with create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        host, port = listener.getsockname()  # early visitors wait in the listener's queue
        yield f"http://{host}:{port}"
        server.should_exit = True
        thread.join(timeout=20)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[BrowserContext]:
    """A fresh profile, light, at a desk."""
    if CHROMIUM is None:
        pytest.skip("no browser: `apt-get install chromium`, or name one in POCHE_CHROMIUM")
    if not list(explorer.STATIC.glob("*/explorer.js")):
        pytest.skip("the explorer is not built: `pip install -e .` builds it")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path,
            executable_path=CHROMIUM,
            args=ARGUMENTS,
            headless=True,
            viewport={"width": 1280, "height": 800},
        )
        yield context
        context.close()


@pytest.fixture
def complaints(context: BrowserContext, origin: str) -> list[str]:
    """What went wrong in the browser: errors, and attempts to reach anything but the app."""
    heard: list[str] = []

    def guard(attempt: Attempt) -> None:
        url = attempt.request.url
        if url.startswith(f"{origin}/"):
            attempt.continue_()
        else:
            heard.append(f"off-host request: {url}")
            attempt.abort()

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            heard.append(f"console: {message.text}")

    context.route("**/*", guard)
    context.on("console", listen)
    context.on("weberror", lambda problem: heard.append(f"uncaught: {problem.error}"))
    return heard


@pytest.fixture
def page(context: BrowserContext, complaints: list[str]) -> Page:
    """An empty page, already watched."""
    return context.pages[0]
