"""The explorer in a real browser: it opens, explains, answers, and never leaves the house."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from server.explorer import examples


def test_the_explorer_explains_and_answers(page: Page, origin: str, complaints: list[str]) -> None:
    page.goto(f"{origin}/graphiql")
    expect(page).to_have_title("Poche · GraphiQL")

    # Every example has its tab, named after its operation.
    names = [re.findall(r"^query (\w+)", text, re.MULTILINE)[0] for text in examples()]
    expect(page.get_by_role("tab")).to_contain_text(names)

    # From the keyboard alone: the query, then the next tab.
    editor = page.get_by_label("Operation Editor")
    expect(editor).to_contain_text("HomeScreen")
    editor.get_by_role("textbox").focus()
    with page.expect_request("**/graphql") as asked:
        page.keyboard.press("Control+Enter")
    accept = asked.value.headers["accept"]
    assert accept.startswith("application/graphql-response+json, application/json")
    assert "multipart" not in accept
    expect(page.get_by_label("Result Window")).to_contain_text("Commerce")
    page.get_by_title("NextDepartures").focus()
    page.keyboard.press("Enter")
    expect(editor).to_contain_text("NextDepartures")

    # The documentation of a type.
    page.get_by_role("button", name="Show Documentation Explorer").click()
    docs = page.locator(".graphiql-doc-explorer")
    docs.get_by_role("combobox").fill("Stop")
    page.get_by_role("option", name="Stop", exact=True).click()
    expect(docs.locator(".graphiql-doc-explorer-title")).to_have_text("Stop")
    expect(docs.locator(".graphiql-markdown-description").first).not_to_be_empty()

    # The query just run, and the query builder.
    page.get_by_role("button", name="Show History").click()
    expect(page.locator(".graphiql-history-items")).to_contain_text("HomeScreen")
    page.get_by_role("button", name="Show GraphiQL Explorer").click()
    expect(page.locator(".docExplorerWrap")).to_contain_text("departures")

    assert complaints == []


def test_the_landing_page_leads_to_the_explorer(
    page: Page, origin: str, complaints: list[str]
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{origin}/developers")
    expect(page.get_by_role("heading", level=1)).to_have_text("Poche")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width == 360, "a phone must not scroll sideways"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_title("Poche · GraphiQL")
    expect(page.get_by_role("tab").first).to_be_visible()
    assert complaints == []
