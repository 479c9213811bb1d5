"""A browser: Debian's chromium at a server of ours, with no way to any other host."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from playwright.sync_api import Route as Attempt

from sandbox.serve import running
from sandbox.world import World
from server import explorer
from server.app import create_app
from server.settings import Settings
from tests.conftest import NOW, listening

CHROMIUM = os.environ.get("POCHE_CHROMIUM") or shutil.which("chromium")
expect.set_options(timeout=30_000)  # machines that are busy are no failure
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
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of Poche over the sandbox, on real sockets."""
    with running(World(lambda: NOW)) as upstream:
        app = create_app(
            Settings(upstream=upstream, data=tmp_path_factory.mktemp("data")), clock=lambda: NOW
        )
        with listening(app) as address:
            yield address


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
