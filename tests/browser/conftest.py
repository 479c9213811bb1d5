"""A browser: Debian's chromium at a server of ours, with no way to any other host."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from server import explorer
from tests.browser.citizens import Visit, browsing, visiting
from tests.browser.town import Town, opened
from tests.browser.watching import ARGUMENTS, chromium, complaining


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of Poche over the sandbox, on real sockets, where anybody may ask anything."""
    with opened(tmp_path_factory.mktemp("data"), anonymous="open") as town:
        yield town.address


@pytest.fixture
def context(tmp_path: Path) -> Iterator[BrowserContext]:
    """A fresh profile, light, at a desk."""
    if not list(explorer.STATIC.glob("*/explorer.js")):
        pytest.skip("the explorer is not built: `pip install -e .` builds it")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path,
            executable_path=chromium(),
            args=ARGUMENTS,
            headless=True,
            viewport={"width": 1280, "height": 800},
        )
        yield context
        context.close()


@pytest.fixture
def complaints(context: BrowserContext, origin: str) -> list[str]:
    """What went wrong in the browser: errors, and attempts to reach anything but the app."""
    return complaining(context, origin)


@pytest.fixture
def page(context: BrowserContext, complaints: list[str]) -> Page:
    """An empty page, already watched."""
    return context.pages[0]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town of the module's own, whose time its tests move."""
    with opened(tmp_path_factory.mktemp("data")) as town:
        yield town


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser, town: Town) -> Iterator[Visit]:
    """Somebody who opens the citizens' page."""
    town.mend()
    with visiting(browser, town) as visit:
        yield visit
