"""Every other city: the golden queries of Nantes are its own, wherever it has the service.

The answers, in `queries/<city>/`, are written here where there are none, as those of Nantes are.
"""

import json
from pathlib import Path

import pytest

import cities
from tests.elsewhere import CITIES, asked_in

HERE = Path(__file__).parent / "queries"
SERVICES = {slug: {b.service for b in city.bindings.values()} for slug, city in CITIES.items()}
BOTH = [
    (slug, service)
    for slug, offered in SERVICES.items()
    if slug != "nantes"
    for service in sorted(offered & SERVICES["nantes"])
]


@pytest.mark.parametrize(("city", "service"), BOTH)
def test_nantes_questions_are_answered_elsewhere(city, service, graphql, replay):
    query = asked_in(city, (HERE / f"{service}.graphql").read_text())
    published = HERE / city / f"{service}.json"

    answer = graphql(query, city=city)

    for error in answer.pop("errors", ()):  # of what is linked to, and not there
        assert error["extensions"]["code"] == "NOT_OFFERED"
        assert error["extensions"]["service"] not in SERVICES[city]
    assert {source["id"].partition("/")[0] for source in answer["extensions"]["sources"]} == {city}
    if not published.exists():
        published.parent.mkdir(exist_ok=True)
        published.write_text(json.dumps(answer, indent=2, ensure_ascii=False) + "\n")
        pytest.fail(f"wrote {city}/{published.name}: read it, then commit it")
    assert json.loads(published.read_text()) == answer


@pytest.mark.parametrize(
    ("city", "service"),
    [(slug, "menus") for slug, offered in SERVICES.items() if "menus" not in offered],
)
def test_what_a_city_does_not_offer_is_said_and_never_invented(city, service, graphql, replay):
    query = asked_in(city, (HERE / f"{service}.graphql").read_text())

    answer = graphql(query, city=city)

    assert set(answer["data"].values()) == {None}
    assert {(e["extensions"]["code"], e["extensions"]["service"]) for e in answer["errors"]} == {
        ("NOT_OFFERED", service)
    }
    assert not replay.calls


def test_a_third_city_is_under_forty_lines():
    text = (cities.HERE / "angers.toml").read_text("utf-8")

    assert len(text.splitlines()) < 40
    assert SERVICES["angers"] >= {"menus", "schools", "addresses", "calendar", "air"}
