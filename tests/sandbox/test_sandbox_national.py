"""Addresses, holidays and air of the sandbox: the nation's services, with their habits."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from sandbox.upstreams.air import LAYER, OWS, rows
from sandbox.upstreams.calendar import public, school
from sandbox.world import World
from tests.sandbox.conftest import NOON, Ask, in_memory

GEOPF = "/data.geopf.fr/geocodage"
WFS = {"service": "WFS", "request": "GetFeature", "typeNames": LAYER}
DAY = "date_ech='2026-11-24'"


def labels(answer: Any) -> list[str]:
    return [one["properties"]["label"] for one in answer.json()["features"]]


def test_addresses_are_found_whatever_the_accents_best_first(ask: Ask) -> None:
    found = ask("GET", f"{GEOPF}/search", params={"q": "10 RUE CREBILLON"})
    assert labels(found)[:2] == ["10 Rue Crébillon 44000 Nantes", "Rue Crébillon 44000 Nantes"]
    scores = [one["properties"]["score"] for one in found.json()["features"]]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.9 > 0.5 > scores[-1]
    typing = ask("GET", f"{GEOPF}/search", params={"q": "bd st aig", "limit": "1"})
    assert labels(typing) == ["Boulevard Saint-Aignan 44100 Nantes"]
    nothing = ask("GET", f"{GEOPF}/search", params={"q": "xyzzy"})
    assert (nothing.status_code, nothing.json()["features"]) == (200, [])


def test_what_is_nearer_comes_first_and_the_nearest_is_found_by_its_point(ask: Ask) -> None:
    for lat, lon, town in ((47.2, -1.5, "Nantes"), (48.8, 2.4, "Vincennes")):
        found = ask("GET", f"{GEOPF}/search", params={"q": "rue crebillon", "lat": lat, "lon": lon})
        assert labels(found)[0].endswith(town)
    here = ask("GET", f"{GEOPF}/reverse", params={"lat": 47.2092, "lon": -1.5758})
    assert labels(here) == ["2 Boulevard Saint-Aignan 44100 Nantes"]
    assert labels(ask("GET", f"{GEOPF}/reverse", params={"lat": 0, "lon": 0})) == []


@pytest.mark.parametrize(
    ("question", "params"),
    [
        ("search", {"q": "ab"}),
        ("search", {"q": "a" * 201}),
        ("search", {"q": "?rue"}),
        ("search", {"q": "rue", "limit": "all"}),
        ("reverse", {"lat": "47"}),
        ("elsewhere", {}),
    ],
)
def test_questions_that_the_geocoder_refuses(ask: Ask, question: str, params: Any) -> None:
    answer = ask("GET", f"{GEOPF}/{question}", params=params)
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_public_holidays_of_the_zones() -> None:
    everywhere, alsace = (public(zone, NOON.date()) for zone in ("metropole", "alsace-moselle"))
    year = [day for day in everywhere if day.startswith("2026")]
    assert len(year) == 11
    assert everywhere["2026-05-01"] == "1er mai"
    more = set(alsace.items()) - set(everywhere.items())
    assert {day: name for day, name in more if day.startswith("2026")} == {
        "2026-04-03": "Vendredi saint",
        "2026-12-26": "2ème jour de Noël",
    }


def test_public_holidays_on_the_wire(ask: Ask) -> None:
    folder = "/calendrier.api.gouv.fr/jours-feries"
    assert ask("GET", f"{folder}/metropole.json").json()["2026-12-25"] == "Jour de Noël"
    assert ask("GET", f"{folder}/atlantide.json").status_code == 404


def test_school_holidays_have_the_ministrys_habits() -> None:
    found = school(date(2026, 11, 24), 1)
    nantes = [
        tuple(one.values())[:4]
        for one in found
        if (one["location"], one["annee_scolaire"]) == ("Nantes", "2026-2027")
    ]
    assert nantes[0] == (
        "Vacances de la Toussaint",
        "-",
        "2026-10-16T22:00:00+00:00",
        "2026-11-01T23:00:00+00:00",
    )
    assert ("Pont de l'Ascension", "-", *["2027-05-06T22:00:00+00:00"] * 2) in nantes
    assert [one[1] for one in nantes if "Été" in one[0]] == ["Élèves", "Enseignants"]
    winter = {
        one["zones"]: one["start_date"]
        for one in found
        if one["description"] == "Vacances d'Hiver" and one["annee_scolaire"] == "2026-2027"
    }
    assert len(set(winter.values())) == 3


def test_air_is_told_for_tomorrow_from_the_afternoon_on_and_not_at_all_at_night() -> None:
    def days(hour: int) -> set[str]:
        at = datetime(2026, 11, 24, hour, 30, tzinfo=UTC)
        return {str(one["date_ech"]) for one in rows(at, 1) if one["date_ech"] >= "2026-11-24"}

    assert days(9) == {"2026-11-24"}
    assert days(15) == {"2026-11-24", "2026-11-25"}
    assert days(0) == set()


def test_air_is_as_cql_wants_it(ask: Ask) -> None:
    asked = {**WFS, "CQL_FILTER": f"({DAY}) AND (code_zone IN ('44109', '244400404', '33063'))"}
    found = ask("GET", OWS, params=asked).json()
    assert [one["properties"]["type_zone"] for one in found["features"]] == [
        "commune",
        "commune",
        "EPCI",
    ]
    assert (found["numberMatched"], found["numberReturned"]) == (3, 3)
    fewer = ask("GET", OWS, params={**asked, "count": "2"}).json()
    assert (fewer["numberMatched"], fewer["numberReturned"]) == (3, 2)


@pytest.mark.parametrize(
    "asked",
    [
        {"typeNames": "ind:ind_atmo_2026"},
        {"CQL_FILTER": 'code_zone IN ("44109")'},
        {"CQL_FILTER": "day='2026-11-24'"},
    ],
)
def test_what_geoserver_refuses_it_refuses_in_xml(ask: Ask, asked: dict[str, str]) -> None:
    answer = ask("GET", OWS, params={**WFS, **asked})
    assert answer.status_code == 400
    assert "<ows:ExceptionText>" in answer.text


@pytest.mark.parametrize(
    ("upstream", "path", "params"),
    [
        ("addresses", f"{GEOPF}/search", {"q": "rue"}),
        ("air", OWS, {**WFS, "CQL_FILTER": DAY}),
        ("calendar", "/calendrier.api.gouv.fr/jours-feries/metropole.json", {}),
    ],
)
def test_each_has_its_faults(world: World, upstream: str, path: str, params: Any) -> None:
    from sandbox.upstreams import parse

    def size(kind: str) -> int:
        faults = [parse(f"{upstream}={kind}")] if kind else []
        found = in_memory(world, faults=faults)("GET", path, params=params).json()
        return len(found.get("features", found))

    whole = size("")
    assert size("half") == (whole + 1) // 2
    assert size("empty") == 0
    failing = in_memory(world, faults=[parse(f"{upstream}=503")])
    assert failing("GET", path, params=params).status_code == 503
