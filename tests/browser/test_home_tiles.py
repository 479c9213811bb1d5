"""The citizens' page: its tiles are pinned, ordered, kept and shared."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.citizens import PHONE, Visit, headings, link, tile
from tests.browser.town import Town


def search(page: Page, text: str) -> Locator:
    """What the dialog finds."""
    page.get_by_role("button", name="Ajouter", exact=True).click()
    page.get_by_role("dialog").get_by_role("searchbox").first.fill(text)
    return page.get_by_role("dialog").locator(".offer")


def test_a_newcomer_meets_a_screen_that_lives(visit: Visit) -> None:
    page = visit()
    expect(page).to_have_title("Nantes dans ma poche")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nantes dans ma poche")
    expect(page.get_by_text("Voici un exemple.")).to_be_visible()
    expect(page.locator(".tile")).to_have_count(7)
    expect(page.get_by_text("En direct")).to_be_visible()
    expect(tile(page, "Gare Sud").locator(".departures li")).to_have_count(4)
    expect(tile(page, "Air à Nantes")).to_contain_text("Air Pays de la Loire")
    expect(tile(page, "À l’agenda").get_by_role("link").first).to_be_visible()
    assert page.evaluate("localStorage.getItem('poche:nantes:screen')") is None


def test_what_is_pinned_is_kept(visit: Visit, town: Town) -> None:
    page = visit("events:")
    found = search(page, "piscine petit port").filter(has_text="Piscine du Petit Port")
    found.get_by_role("button").click()
    said = page.get_by_role("status").filter(has_text="est ajouté")
    expect(said).to_have_count(1)
    expect(page.get_by_role("dialog").locator(said)).to_have_count(1)  # or nobody hears it
    expect(found.get_by_role("button")).to_have_text("Déjà là")
    page.keyboard.press("Escape")
    expect(said).to_have_count(0)  # not twice
    pool = tile(page, "Piscine du Petit Port")
    expect(pool).to_contain_text("Ouvert jusqu’à 22:00")
    expect(pool).to_contain_text("Licence Ouverte 2.0")
    expect(
        pool.get_by_role("link", name="Piscines de Nantes Métropole", exact=True)
    ).to_be_visible()

    page.goto(town.address)
    expect(pool).to_contain_text("Ouvert jusqu’à 22:00")
    expect(page.locator(".tile")).to_have_count(2)
    expect(headings(page)).to_have_text(["À l’agenda", "Piscine du Petit Port"])


def test_a_direction_of_a_stop_is_a_tile(visit: Visit) -> None:
    page = visit("events:")
    offers = search(page, "commerce tram")
    page.get_by_text("Choisir une direction").first.click()
    direction = offers.filter(has_text=re.compile("1 → "))
    towards = direction.first.locator("span").first.inner_text()
    direction.first.get_by_role("button").click()
    page.keyboard.press("Escape")
    commute = tile(page, "Commerce")
    expect(commute.locator("header")).to_contain_text(re.compile("vers .*, quai "))
    for where in commute.locator(".where").all_inner_texts():
        assert where in towards
    expect(commute).to_contain_text("Accessible en fauteuil")


def test_tiles_are_ordered_by_drag_and_by_keyboard(visit: Visit, town: Town) -> None:
    air, events, waste = "air:44109", "events:", "waste:10 Rue Crébillon 44000 Nantes"
    page = visit(air, events, waste)
    expect(page.locator(".tile")).to_have_count(3)
    expect(tile(page, "Collecte des déchets")).to_contain_text("Ordures ménagères")
    expect(headings(page)).to_have_text(["Air à Nantes", "À l’agenda", "Collecte des déchets"])

    page.get_by_role("button", name="Organiser").click()
    page.get_by_role("button", name="Déplacer Air à Nantes").drag_to(tile(page, "Collecte"))
    expect(headings(page)).to_have_text(["À l’agenda", "Collecte des déchets", "Air à Nantes"])

    handle = page.get_by_role("button", name="Déplacer Air à Nantes")
    handle.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")  # there is nothing before the first
    expect(headings(page)).to_have_text(["Air à Nantes", "À l’agenda", "Collecte des déchets"])
    expect(handle).to_be_focused()
    expect(page.get_by_text("Air à Nantes : place 1 sur 3.")).to_have_count(1)

    page.get_by_role("button", name="Retirer À l’agenda").click()
    page.get_by_role("button", name="Terminer").click()
    page.goto(town.address)
    expect(page.locator(".tile")).to_have_count(2)
    expect(headings(page)).to_have_text(["Air à Nantes", "Collecte des déchets"])


def test_a_screen_is_shared_by_its_link_alone(visit: Visit, town: Town) -> None:
    page = visit("air:44109", town.find("piscine petit port"))
    page.get_by_role("button", name="Partager").click()
    shared = page.get_by_label("Le lien de cet écran").input_value()

    friend = visit()
    expect(friend.locator(".tile")).to_have_count(7)
    friend.goto(shared)
    expect(friend.get_by_text("On vous a partagé cet écran.")).to_be_visible()
    expect(friend.locator(".tile")).to_have_count(2)
    expect(headings(friend)).to_have_text(["Air à Nantes", "Piscine du Petit Port"])
    friend.get_by_role("button", name="Le garder").click()
    expect(friend.get_by_text("On vous a partagé")).to_have_count(0)
    assert "#" not in friend.url
    friend.reload()
    expect(friend.locator(".tile")).to_have_count(2)


def test_a_link_that_somebody_made_up_breaks_nothing(visit: Visit) -> None:
    page = visit("<script>alert(1)</script>", "%", "nonsense", "events:")
    expect(page.locator(".tile")).to_have_count(2)
    expect(page.locator(".tile").first).to_contain_text("Ce lieu n’existe plus")
    expect(tile(page, "À l’agenda").get_by_role("link").first).to_be_visible()


def test_a_city_offers_what_it_has(visit: Visit) -> None:
    page = visit(path="/angers")
    expect(page.get_by_role("heading", level=1)).to_have_text("Angers dans ma poche")
    expect(page.locator(".tile").first).to_be_visible()
    page.get_by_role("button", name="Ajouter", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Air à Angers")).to_be_visible()
    expect(dialog.get_by_text("À l’agenda")).to_have_count(0)
    expect(dialog.get_by_text("Jours de collecte")).to_have_count(0)
    expect(dialog.get_by_label("Par genre")).to_contain_text("Écoles")
    expect(dialog.get_by_label("Par genre")).not_to_contain_text("Piscines")


def test_what_is_around_is_asked_once_and_discreetly(visit: Visit) -> None:
    page = visit(
        "events:",
        geolocation={"latitude": 47.2130, "longitude": -1.5560},
        permissions=["geolocation"],
    )
    page.get_by_role("button", name="Ajouter", exact=True).click()
    with page.expect_request(lambda request: request.method == "POST") as asked:
        page.get_by_role("button", name="Autour de moi").click()
    assert asked.value.url.endswith("/graphql"), "a position stands in no address"
    expect(page.get_by_role("dialog").locator(".offer").first).to_contain_text(
        re.compile(r"\d+\sm")
    )
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert "47.21" not in kept


def test_the_browser_chooses_the_language(visit: Visit, town: Town) -> None:
    page = visit(town.find("piscine petit port"), locale="en-GB", viewport=PHONE)
    expect(page.get_by_role("heading", level=1)).to_have_text("Nantes in my pocket")
    expect(tile(page, "Piscine du Petit Port")).to_contain_text("Open until 22:00")
    assert page.evaluate("document.documentElement.lang") == "en"
    page = visit("events:", locale="de-DE")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nantes dans ma poche")


def test_french_is_written_as_the_french_do(visit: Visit, town: Town) -> None:
    page = visit()
    expect(page.get_by_text("En direct")).to_be_visible()
    dates = re.compile(r'"date":"2026-11-2\d"')

    def first_of_december(asked: Route) -> None:
        answer = asked.fetch()
        asked.fulfill(response=answer, body=dates.sub('"date":"2026-12-01"', answer.text()))

    page.route(f"**/{town.document('Home')}*", first_of_december)
    page.goto(link(town, "waste:10 Rue Crébillon 44000 Nantes"))
    waste = tile(page, "Collecte des déchets")
    expect(waste).to_contain_text(re.compile("[Mm]ardi 1er décembre"))
    page.get_by_role("button", name="Organiser").click()
    page.goto(link(town, "waste:10 Rue Crébillon 44000 Nantes", "events:"))
    expect(page.locator(".tile")).to_have_count(2)
    page.get_by_role("button", name="Déplacer À l’agenda").press("ArrowUp")
    said = page.get_by_role("status").filter(has_text="place 1 sur 2")
    assert "agenda\u00a0: place" in (said.text_content() or ""), "a space that does not break"
    page.unroute_all(behavior="ignoreErrors")


def test_by_the_keyboard_alone(visit: Visit) -> None:
    page = visit("events:")
    expect(page.locator(".tile")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Ajouter", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Fermer")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("médiathèque")
    expect(dialog.locator(".offer").first).to_be_visible()
    for _ in range(3):  # around me, by kind, the first that was found
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".tile")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Ajouter", exact=True)).to_be_focused()
