"""The citizens' page is light, still, and for everyone."""

from __future__ import annotations

import gzip
from typing import Literal

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from server import home
from tests.browser.citizens import DESK, PHONE, Visit, later, look_again, tile
from tests.browser.town import Town

MOST_SCRIPT = 60_000  # bytes, gzipped
Scheme = Literal["light", "dark"]
TABLET = {"width": 768, "height": 1024}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def everything(town: Town) -> list[str]:
    """A tile of each kind."""
    texts = ["commerce", "ligne tram 1", "piscine petit port", "école alphonse braud"]
    texts += ["parking commerce", "bibliothèque breil"]
    return [
        *map(town.find, texts),
        town.station(),
        "air:44109",
        "events:",
        "waste:10 Rue Crébillon 44000 Nantes",
    ]


def check(page: Page) -> None:
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, "nothing lies beyond the edge"


@pytest.mark.parametrize(
    ("size", "schemes"),
    [(PHONE, ["light", "dark"]), (TABLET, ["light"]), (DESK, ["light", "dark"])],
    ids=["phone", "tablet", "desk"],
)
def test_a_whole_screen_can_be_used_by_everyone(
    visit: Visit, town: Town, size: dict[str, int], schemes: list[Scheme]
) -> None:
    page = visit(*everything(town), viewport=size)
    expect(page.locator(".tile")).to_have_count(10)
    expect(page.get_by_role("link", name="Temps réel du réseau")).to_be_visible()
    page.get_by_text("Les jours suivants").click()
    page.get_by_role("button", name="Organiser").click()
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        check(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_dialog_can_be_used_by_everyone(visit: Visit, scheme: Scheme) -> None:
    page = visit("events:", viewport=PHONE, color_scheme=scheme)
    page.get_by_role("button", name="Partager").click()
    expect(page.get_by_label("Le lien de cet écran")).to_be_visible()
    check(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Ajouter", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("searchbox").first.fill("commerce")
    dialog.get_by_text("Choisir une direction").first.click()
    expect(dialog.locator(".offer .offer, .offers .offers .offer").first).to_be_visible()
    dialog.get_by_text("Jours de collecte à une adresse").click()
    check(page)


def test_the_script_is_small() -> None:
    script = next(home.STATIC.glob("*/home.js"), None)
    if script is None:
        pytest.skip("the home is not built: `pip install -e .` builds it")
    assert len(gzip.compress(script.read_bytes())) < MOST_SCRIPT


def test_the_screen_is_two_requests_and_stands_still(visit: Visit, town: Town) -> None:
    page = visit(*everything(town), script=FIRST_TILES)
    expect(page.locator(".tile")).to_have_count(10)
    asked = page.evaluate("firstTiles.asked")
    asked = [url for url in asked if "favicon" not in url]
    assert len(asked) == 2, asked
    answer = httpx.get(asked[1], timeout=30)
    assert asked[1] == town.address + answer.headers["content-location"], "as caches know it"

    expect(page.get_by_role("link", name="Temps réel du réseau")).to_be_visible()
    expect(page.get_by_text("En direct")).to_be_visible()
    look_again(page)
    expect(tile(page, "Commerce").locator("time").first).to_be_visible()
    assert page.evaluate("firstTiles.shift") < 0.001


def test_a_newcomer_waits_for_no_more(visit: Visit, town: Town) -> None:
    page = visit(script=FIRST_TILES)
    expect(page.locator(".tile")).to_have_count(7)
    asked = [url for url in page.evaluate("firstTiles.asked") if "favicon" not in url]
    assert [url.partition("?")[0].rpartition("/")[2] for url in asked] == [
        "home.js",
        town.document("Starter"),
    ]
    expect(page.get_by_text("En direct")).to_be_visible()
    look_again(page)
    expect(tile(page, "Air à Nantes")).to_contain_text("Air Pays de la Loire")
    assert page.evaluate("firstTiles.shift") < 0.001


def test_axe_finds_nothing_on_a_bad_day(visit: Visit, town: Town) -> None:
    page = visit(town.station(), "air:44109", color_scheme="dark")
    expect(page.locator(".counts")).to_be_visible()
    town.fault("bikes", "502")
    later(page, town, 3_700)
    look_again(page)
    expect(page.locator(".fault")).to_be_visible()
    page.context.set_offline(True)
    expect(page.locator(".link.offline")).to_be_visible()
    check(page)


# What was asked until the first tile, and how much has moved since then.
FIRST_TILES = """
globalThis.firstTiles = { asked: [], shift: 0 };
new MutationObserver((_, observer) => {
  if (!document.querySelector(".tile h2")) return;
  observer.disconnect();
  firstTiles.asked = performance.getEntriesByType("resource").map(({ name }) => name);
  new PerformanceObserver((list) => {
    const own = list.getEntries().filter((entry) => !entry.hadRecentInput);
    firstTiles.shift += own.reduce((sum, { value }) => sum + value, 0);
  }).observe({ type: "layout-shift" });
}).observe(document, { childList: true, subtree: true });
"""
