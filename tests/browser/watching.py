"""Watching: a browser with no way to any other host, and what it complains of."""

from __future__ import annotations

import os
import shutil

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, expect
from playwright.sync_api import Route as Attempt

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
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # workers, too, stay at home
]


def chromium() -> str:
    """Where the browser is; skips the test where there is none."""
    if CHROMIUM is None:
        pytest.skip("no browser: `apt-get install chromium`, or name one in POCHE_CHROMIUM")
    return CHROMIUM


def complaining(context: BrowserContext, origin: str) -> list[str]:
    """The same of any browser, from now on."""
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
