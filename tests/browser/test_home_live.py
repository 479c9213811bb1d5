"""The citizens' page as time goes on: departures move, sources die and come back, nets tear."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Page, Request, Route, expect

from tests.browser.citizens import Visit, later, look_again, tile
from tests.browser.town import Town

KEPT = (
    """() => JSON.parse(localStorage['poche:nantes:answer']).sources['nantes/{}'].state === '{}'"""
)


def first_departure(page: Page) -> str:
    at = page.locator(".departures time").first.get_attribute("datetime")
    return at or ""


def asked_again(page: Page) -> list[str]:
    """The questions that the page asks from now on, but for its streams."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/graphql" in request.url and request.resource_type == "fetch":
            asked.append(request.url)

    page.on("request", note)
    return asked


def test_a_departure_comes_nearer_and_leaves(visit: Visit, town: Town) -> None:
    stop = town.find("commerce")
    page = visit(town.platform(stop))
    board = tile(page, "Commerce")
    expect(board.locator(".departures li")).to_have_count(4)
    expect(page.get_by_text("En direct")).to_be_visible()
    expect(page.get_by_text("Temps réel du réseau")).to_be_visible()  # all has been asked
    times = board.locator(".departures time")
    leaving = times.nth(0).get_attribute("datetime")
    second = times.nth(1).locator("[aria-hidden]").inner_text()
    asked = asked_again(page)

    later(page, town, 60)
    expect(times.nth(1).locator("[aria-hidden]")).not_to_have_text(second)

    later(page, town, 600)
    town.ask("Directions", stop=stop, city=None)  # somebody else asks: it is read again, behind
    expect(times.nth(0)).not_to_have_attribute("datetime", leaving or "")
    expect(board.locator(".departures li")).to_have_count(4)
    expect(board.locator(".when.realtime").first).to_be_visible()
    assert asked == [], "the stream alone told it"


def test_an_answer_out_of_a_cache_takes_nothing_back(visit: Visit, town: Town) -> None:
    stop = town.find("commerce")
    page = visit()
    expect(page.get_by_text("En direct")).to_be_visible()
    with page.expect_response(lambda answer: town.document("Home") in answer.url) as answered:
        page.goto(f"{town.address}/#{town.platform(stop)}")
    old = answered.value.text()
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.get_by_text("En direct")).to_be_visible()

    leaving = first_departure(page)
    later(page, town, 1_200)  # all that was known leaves
    town.ask("Directions", stop=stop, city=None)
    expect(page.locator(".departures time").first).not_to_have_attribute("datetime", leaving)
    expect(page.locator(".departures time")).to_have_count(4)
    json = {"content-type": "application/json"}
    page.route(f"**/{town.document('Home')}*", lambda asked: asked.fulfill(body=old, headers=json))
    with page.expect_response(lambda answer: town.document("Home") in answer.url) as cached:
        look_again(page)
    assert cached.value.text() == old
    later(page, town, 65)
    source = tile(page, "Commerce").locator("footer li").filter(has_text="Temps réel")
    expect(source).to_contain_text(re.compile(r"il y a \d+ minute"))  # it was drawn again
    assert "il y a 1 minute" in source.inner_text()


def test_a_dead_source_is_named_and_leaves_the_others_alone(visit: Visit, town: Town) -> None:
    page = visit(town.station(), town.find("piscine petit port"))
    station, pool = page.locator(".tile").nth(0), tile(page, "Piscine du Petit Port")
    expect(station).to_contain_text(re.compile(r"vélos?\d+"))
    expect(pool).to_contain_text("Ouvert")
    name = station.get_by_role("heading").inner_text()

    town.fault("bikes", "502")
    later(page, town, 600)
    look_again(page)
    page.wait_for_function(KEPT.format("bikes", "STALE"))
    later(page, town, 6)  # it is not only about to be read again
    expect(station.locator(".stale")).to_contain_text(
        re.compile("Vélos en libre-service .*données anciennes, il y a 1\\d minutes")
    )
    expect(station).to_contain_text(re.compile(r"vélos?\d+"))

    later(page, town, 3_600)
    look_again(page)
    expect(station.locator(".fault")).to_contain_text(re.compile(r"ne répond plus depuis 10:\d\d"))
    expect(station.get_by_role("heading")).to_have_text(name)
    expect(station.locator(".counts")).to_have_count(0)
    expect(pool).to_contain_text("Ouvert")
    expect(pool.locator(".fault, .stale")).to_have_count(0)

    town.mend()
    later(page, town, 120)
    look_again(page)
    expect(station).to_contain_text(re.compile(r"vélos?\d+"))
    expect(station.locator(".fault, .stale")).to_have_count(0)


def test_an_answer_that_comes_late_makes_nothing_younger(visit: Visit, town: Town) -> None:
    page, late = visit(), dict[str, Route]()
    expect(page.get_by_text("En direct")).to_be_visible()

    def hold(name: str) -> None:
        where = f"**/{town.document(name)}*"
        page.route(where, lambda asked: late.update({name: asked}))

    hold("HomeUpdates")
    with page.expect_request(lambda asked: town.document("HomeUpdates") in asked.url):
        page.goto(f"{town.address}/#{town.station()}")
    page.wait_for_function(KEPT.format("bikes", "LIVE"))
    hold("Home")
    with page.expect_request(lambda asked: town.document("Home") in asked.url):
        look_again(page)

    town.fault("bikes", "502")
    later(page, town, 600)
    late["HomeUpdates"].continue_()
    page.wait_for_function(KEPT.format("bikes", "STALE"))
    later(page, town, 6)
    late["Home"].continue_()
    stale = page.locator(".tile").nth(0).locator(".stale")
    expect(stale).to_contain_text("données anciennes")


def await_kept(page: Page, path: str) -> None:
    """The page is kept, and its worker is at work: from now on it needs no network."""
    page.wait_for_function("async (path) => Boolean(await caches.match(path))", arg=path)
    page.wait_for_function("() => navigator.serviceWorker.controller?.state === 'activated'")


def test_without_a_network_the_last_screen_stays(visit: Visit, town: Town) -> None:
    page = visit(town.find("piscine petit port"), "events:")
    pool = tile(page, "Piscine du Petit Port")
    expect(pool).to_contain_text("Ouvert")
    page.get_by_role("button", name="Le garder").click()
    await_kept(page, "/")

    page.context.set_offline(True)
    expect(page.locator(".link.offline")).to_contain_text("Hors ligne")
    expect(page.get_by_role("status").filter(has_text="Hors ligne")).to_have_count(1)
    expect(pool).to_contain_text("Ouvert")

    later(page, town, 900)
    page.reload()
    known = "Hors ligne : dernier écran connu, il y a 15 minutes"
    expect(page.locator(".link")).to_have_text(known)
    expect(pool).to_contain_text("Ouvert")
    expect(pool.locator("footer time").first).to_contain_text("il y a ")

    page.context.set_offline(False)
    expect(page.get_by_text("En direct")).to_be_visible()
    expect(page.locator(".link")).to_have_text("En direct")


def test_it_is_an_app_that_starts_without_a_network(visit: Visit, town: Town) -> None:
    page = visit(path="/bordeaux")
    expect(page.get_by_text("En direct")).to_be_visible()
    expect(page.locator(".tile").first).to_be_visible()
    browser = page.context.new_cdp_session(page)
    found = browser.send("Page.getAppManifest")
    assert found["errors"] == []
    hindered = browser.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [one["errorId"] for one in hindered] == ["in-incognito"], "as windows of tests are"
    start = json.loads(found["data"])["start_url"]
    await_kept(page, "/bordeaux")
    names = page.locator(".tile h2").all_inner_texts()
    page.close()

    page.context.set_offline(True)
    later(page := page.context.new_page(), town, 600)
    page.goto(town.address + start)
    expect(page.locator(".link.offline")).to_contain_text("dernier écran connu")
    assert page.locator(".tile h2").all_inner_texts() == names, "nor is an example lost"


def test_without_a_stream_the_page_asks_again(visit: Visit, town: Town) -> None:
    page = visit()
    page.route(
        "**/*", lambda attempt: attempt.abort() if streams(attempt.request) else attempt.fallback()
    )
    page.goto(f"{town.address}/#{town.find('commerce')}")
    page.reload()
    expect(page.locator(".link.polling")).to_contain_text("Connexion directe perdue")
    expect(page.locator(".departures li")).to_have_count(4)
    before = first_departure(page)
    later(page, town, 600)
    look_again(page)
    expect(page.locator(".departures time").first).not_to_have_attribute("datetime", before)


def streams(request: Request) -> bool:
    return request.headers.get("accept") == "text/event-stream"
