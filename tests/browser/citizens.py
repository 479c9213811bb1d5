"""Citizens: browsers of their own at a town's page, watched, with the town's time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from server import home
from tests.browser.town import Town
from tests.browser.watching import ARGUMENTS, chromium, complaining

Visit = Callable[..., Page]


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser, for as many citizens as come; skips where there is none, or no page."""
    if not list(home.STATIC.glob("*/home.js")):
        pytest.skip("the home is not built: `pip install -e .` builds it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def visiting(browser: Browser, town: Town) -> Iterator[Visit]:
    """Pages for a test, each somebody else's; in the end nobody may have complained."""
    visitors: list[tuple[BrowserContext, list[str]]] = []

    def visit(*tiles: str, path: str = "/", script: str = "", **options: Any) -> Page:
        """The page, opened by a link to some tiles if any are given.

        A `script` runs before it, and then the browser's clocks are its own.
        """
        context = browser.new_context(
            **{"locale": "fr-FR", "reduced_motion": "reduce", "viewport": DESK, **options}
        )
        visitors.append((context, complaining(context, town.address)))
        if script:
            context.add_init_script(script)
        else:
            context.clock.set_fixed_time(town.clock.now)
        page = context.new_page()
        page.goto(link(town, *tiles, path=path))
        return page

    yield visit
    for context, complaints in visitors:
        context.close()
        assert [one for one in complaints if not TORN.search(one)] == []


TORN = re.compile(r"net::ERR_(INTERNET_DISCONNECTED|FAILED)")  # by a test; all else is our fault
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 320, "height": 640}


def link(town: Town, *tiles: str, path: str = "/") -> str:
    """What somebody shares."""
    fragment = "#" + "&".join(quote(tile, safe="") for tile in tiles) if tiles else ""
    return town.address + path + fragment


def later(page: Page, town: Town, seconds: float) -> None:
    """Time goes on, in the town and on the page; nothing is read again by that alone."""
    town.clock.advance(seconds)
    page.clock.set_fixed_time(town.clock.now)


def look_again(page: Page) -> None:
    """As if the phone had found its network again: the page asks at once."""
    page.evaluate("dispatchEvent(new Event('online'))")


def headings(page: Page) -> Locator:
    """The tiles' headings, in their order."""
    return page.locator(".tile h2")


def tile(page: Page, name: str) -> Locator:
    """The tile whose heading has these words."""
    return page.get_by_role("article", name=name)
