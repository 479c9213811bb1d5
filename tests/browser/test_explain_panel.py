"""The explain panel in a real browser: what an answer read and cost, and its query as a file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from server.explorer import examples
from server.manifests import Entry, digest, read

HOME = next(text for text in examples() if "HomeScreen" in text)


@pytest.fixture
def panel(page: Page, origin: str) -> Locator:
    """The explorer with the first example, and the panel open: from the keyboard alone."""
    page.goto(f"{origin}/graphiql")
    expect(page.get_by_label("Operation Editor")).to_contain_text("HomeScreen")
    expect(page.get_by_label("Result Window").get_by_role("textbox")).to_be_attached()
    page.get_by_role("button", name="Show Explain").focus()
    page.keyboard.press("Enter")
    return page.get_by_role("region", name="Explain")


def asked(response: Response) -> bool:
    """Whether it is the editor's query, and not what the explorer asks for itself."""
    about = response.request.post_data or ""
    return response.url.endswith("/graphql") and "IntrospectionQuery" not in about


def run(page: Page) -> str | None:
    """Run the query from the editor; what the request said of explaining.

    The same keys would stop it until its answer is shown: the button says which of both.
    """
    ready = page.get_by_role("button", name="Execute query")
    expect(ready).to_be_visible()
    page.get_by_label("Operation Editor").get_by_role("textbox").focus()
    with page.expect_response(asked) as answered:
        page.keyboard.press("Control+Enter")
    expect(ready).to_be_visible()
    return answered.value.request.headers.get("x-poche-explain")


def test_the_switch_asks_and_the_panel_draws_what_was_read(
    panel: Locator, page: Page, complaints: list[str]
) -> None:
    switch = panel.get_by_role("switch", name="Explain each answer")
    expect(switch).not_to_be_checked()
    assert run(page) is None
    expect(panel).to_contain_text("Switch it on")

    switch.focus()
    page.keyboard.press("Space")
    expect(switch).to_be_checked()
    assert run(page) == "sources"

    reads = panel.get_by_role("listitem").filter(has_text="nantes/pools")
    expect(reads.first).to_contain_text(re.compile(r"from memory|over the network"))
    expect(reads.first).to_contain_text(re.compile(r"after [\d.]+ ms, for [\d.]+ ms · \d+ s old"))
    bars = panel.locator("svg rect:not(.whole)")
    for at in range(bars.count()):  # a bar begins and ends within the whole
        x, width = (float(bars.nth(at).get_attribute(name) or "") for name in ("x", "width"))
        assert x >= 0
        assert width > 0
        assert x + width <= 101
    details = reads.first.locator("summary")
    details.focus()
    page.keyboard.press("Enter")
    expect(reads.first.get_by_label("Fields that waited")).to_contain_text("pool")
    expect(reads.first.get_by_label("Keys")).to_contain_text("Pool")

    expect(panel).to_contain_text(re.compile(r"Estimated[\d.]+ of at most 1000"))
    expect(panel).to_contain_text(re.compile(r"Actual[\d.]+"))
    freshness = panel.get_by_role("table", name="Freshness")
    pools = freshness.get_by_role("row").filter(has_text=re.compile("^nantes.pools(LIVE|STALE)"))
    expect(pools).to_contain_text(re.compile(r"\d+ s"))

    switch.click()
    assert run(page) is None
    assert complaints == []


def test_the_query_is_saved_as_a_document_that_our_store_reads(
    panel: Locator, page: Page, tmp_path: Path, complaints: list[str]
) -> None:
    save = panel.get_by_role("button", name="Save as a persisted document")
    save.focus()
    with page.expect_download() as saved:
        page.keyboard.press("Enter")
    assert saved.value.suggested_filename == "HomeScreen.json"
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)
    assert json.loads(file.read_text("utf-8"))["format"] == "apollo-persisted-query-manifest"
    assert read(file) == [Entry(digest(HOME), HOME, "HomeScreen")]
    expect(panel).to_contain_text(f"Saved HomeScreen.json, the document {digest(HOME)}")
    assert complaints == []


def test_what_cannot_be_saved_is_said(panel: Locator, page: Page, complaints: list[str]) -> None:
    page.get_by_label("Operation Editor").get_by_role("textbox").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("query Two ")
    panel.get_by_role("button", name="Save as a persisted document").click()
    expect(panel).to_contain_text(re.compile("Syntax Error|one operation"))
    assert complaints == []
