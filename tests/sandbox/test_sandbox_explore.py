"""The Opendatasoft portals: queries, limits, errors, exports and quota."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import httpx
import pytest

from sandbox.world import World
from tests.sandbox.conftest import NOON, Ask, in_memory

NANTES = "/data.nantesmetropole.fr/api/explore/v2.1/catalog/datasets"
POOLS = f"{NANTES}/244400404_piscines-nantes-metropole"
HOURS = f"{NANTES}/244400404_piscines-nantes-metropole-horaires"
MENUS = f"{NANTES}/244400404_menus-cantines-scolaires-nantes"
AGENDA = f"{NANTES}/244400404_agenda-evenements-nantes-metropole_v2"
SCHOOLS = "/data.education.gouv.fr/api/explore/v2.1/catalog/datasets/fr-en-annuaire-education"
Row = dict[str, Any]


def export(ask: Ask, dataset: str, **params: str) -> list[Row]:
    rows: list[Row] = ask("GET", f"{dataset}/exports/json", params=params).json()
    return rows


def test_a_page_of_records(ask: Ask) -> None:
    page = ask("GET", f"{POOLS}/records").json()
    assert page.keys() == {"total_count", "results"}
    assert (page["total_count"], len(page["results"])) == (17, 10)
    assert all("web" in row for row in page["results"])
    assert any(row["web"] is None for row in page["results"])


def test_pages_make_the_whole(ask: Ask) -> None:
    whole = export(ask, HOURS)
    pages: list[Row] = []
    while page := ask(
        "GET", f"{HOURS}/records", params={"limit": 100, "offset": len(pages)}
    ).json()["results"]:
        pages += page
    assert pages == whole
    assert len(whole) > 300
    changes = sum(here["idobj"] != there["idobj"] for here, there in pairwise(whole))
    assert changes > len(whole) / 2, "rows come in no order"


def test_minus_one_is_not_all_of_the_records(ask: Ask) -> None:
    assert len(ask("GET", f"{HOURS}/records", params={"limit": -1}).json()["results"]) == 100


@pytest.mark.parametrize(
    ("params", "error_code", "message"),
    [
        (
            {"limit": "1473"},
            "InvalidRESTParameterError",
            "Invalid value for limit API parameter: 1473 was found but"
            " -1 <= limit <= 100 is expected.",
        ),
        (
            {"limit": "1", "offset": "10000"},
            "InvalidRESTParameterError",
            "Invalid value for sum of offset + limit API parameter: 10001 was found but"
            " <= 10000 is expected.",
        ),
        (
            {"select": "invalid_function()"},
            "ODSQLError",
            "ODSQL query is malformed: invalid_function()"
            " Clause(s) containing the error(s): select.",
        ),
        (
            {"where": "horaires = 1"},
            "ODSQLError",
            "ODSQL query is malformed: Unknown field: horaires."
            " Clause(s) containing the error(s): where.",
        ),
    ],
)
def test_errors_in_the_words_of_the_portal(
    ask: Ask, params: dict[str, str], error_code: str, message: str
) -> None:
    answer = ask("GET", f"{POOLS}/records", params=params)
    assert answer.status_code == 400
    assert answer.json() == {"error_code": error_code, "message": message}


@pytest.mark.parametrize(
    "params",
    [
        {"where": "commune = "},
        {"where": "commune = 'NANTES'' "},
        {"where": "(commune = 'NANTES'"},
        {"where": "commune = 'NANTES' commune = 'REZE'"},
        {"where": "location = 1"},
        {"where": "within_distance(commune, geom'POINT(0 0)', 1km)"},
        {"where": "commune in ()"},
        {"order_by": "nom desc"},
        {"refine": "tel:1"},
        {"exclude": "commune"},
        {"lang": "breton"},
        {"timezone": "Nantes"},
        {"limit": "ten"},
        {"offset": "-1"},
        {"group_by": "commune"},
    ],
)
def test_what_is_wrong_is_refused(ask: Ask, params: dict[str, str]) -> None:
    answer = ask("GET", f"{POOLS}/records", params=params)
    assert answer.status_code == 400
    assert answer.json().keys() == {"error_code", "message"}


def test_the_last_record_can_be_reached(ask: Ask) -> None:
    answer = ask("GET", f"{POOLS}/records", params={"limit": 100, "offset": 9900})
    assert (answer.status_code, answer.json()["results"]) == (200, [])


@pytest.mark.parametrize("path", [f"{NANTES}/none", f"{NANTES}/none/records", f"{POOLS}/none"])
def test_unknown_is_not_found(ask: Ask, path: str) -> None:
    answer = ask("GET", path)
    assert (answer.status_code, answer.json().keys()) == (404, {"error_code", "message"})


@pytest.mark.parametrize(
    ("where", "same"),
    [
        ("commune = 'NANTES'", lambda row: row["commune"] == "NANTES"),
        ('commune != "NANTES"', lambda row: row["commune"] != "NANTES"),
        ("web != 'www.nantes.fr'", lambda row: row["web"] != "www.nantes.fr"),
        ("cp > '44300' AND cp <= '44700'", lambda row: "44300" < row["cp"] <= "44700"),
        (
            "commune in ('REZE', \"VERTOU\") or idobj = '110'",
            lambda row: row["commune"] in ("REZE", "VERTOU") or row["idobj"] == "110",
        ),
        (
            "not (commune = 'NANTES' or commune = 'REZE') and toboggan = 'OUI'",
            lambda row: row["commune"] not in ("NANTES", "REZE") and row["toboggan"] == "OUI",
        ),
        ("web is null", lambda row: row["web"] is None),
        ("`web` is not null", lambda row: row["web"] is not None),
        ("nom_complet like 'PISCINE*leo'", lambda row: "Léo" in row["nom_complet"]),
        ("search(adresse, 'rue ouch')", lambda row: "Rue de l'Ouche" in row["adresse"]),
        ("search('haluch')", lambda row: "Haluchère" in row["nom_complet"]),
        (r"adresse = '15 Rue du Pont de l\'Arche de Mauves'", lambda row: row["idobj"] == "3634"),
        (
            "within_distance(location, geom'POINT(-1.5545 47.2428)', 100m)",
            lambda row: row["idobj"] == "110",
        ),
        (
            "within_distance(location, geom'POINT(-1.5545 47.2428)', 900 km)",
            lambda row: True,
        ),
    ],
)
def test_where(ask: Ask, where: str, same: Callable[[Row], bool]) -> None:
    expected = [row for row in export(ask, POOLS) if same(row)]
    assert export(ask, POOLS, where=where) == expected
    assert expected


def test_where_on_numbers_and_dates(ask: Ask) -> None:
    rows = export(ask, MENUS)
    assert export(ask, MENUS, where="identifiant = 2 and date >= date'2026-12-01'") == [
        row for row in rows if row["identifiant"] == 2 and row["date"] >= "2026-12-01"
    ]
    schools = export(ask, SCHOOLS)
    assert export(ask, SCHOOLS, where="restauration = 1 and latitude > 47.25") == [
        row for row in schools if row["restauration"] == 1 and (row["latitude"] or 0) > 47.25
    ]


@pytest.mark.parametrize(
    ("when", "first"),
    [
        ("now()", "2026-11-25"),  # it is noon: the day itself began before
        ("now(days=-1)", "2026-11-24"),
        ("now(weeks=1, hours=-13)", "2026-12-01"),
    ],
)
def test_where_on_the_present(ask: Ask, when: str, first: str) -> None:
    found = export(ask, AGENDA, where=f"date >= {when}")
    assert found == [row for row in export(ask, AGENDA) if row["date"] >= first]
    assert min(row["date"] for row in found) == first


@pytest.mark.parametrize("when", ["now(", "now(days)", "now(years=1)", "now(days=x)", "later()"])
def test_where_on_no_moment(ask: Ask, when: str) -> None:
    response = ask("GET", f"{AGENDA}/records", params={"where": f"date >= {when}"})
    assert response.status_code == 400
    assert response.json()["error_code"] == "ODSQLError"


def test_refine_and_exclude(ask: Ask) -> None:
    params = [("refine", "commune:NANTES"), ("refine", "toboggan:OUI")]
    found = ask("GET", f"{POOLS}/records", params=params).json()["results"]
    assert {row["idobj"] for row in found} == {"110", "844"}
    assert len(export(ask, POOLS, exclude="commune:NANTES")) == 11
    november = export(ask, MENUS, refine="date:2026/11")
    assert {row["date"][:7] for row in november} == {"2026-11"}


def test_select_and_order(ask: Ask) -> None:
    rows = export(ask, POOLS, select="commune, idobj", order_by="commune desc, idobj")
    assert list(rows[0]) == ["commune", "idobj"]
    assert [row["commune"] for row in rows] == sorted((r["commune"] for r in rows), reverse=True)
    webs = [row["web"] for row in export(ask, POOLS, order_by="web desc")]
    known = [web for web in webs if web]
    assert known == sorted(known, reverse=True)
    assert webs[len(known) :] == [None] * (17 - len(known))


def test_csv_dialects(ask: Ask) -> None:
    path = f"{MENUS}/exports/csv"
    plain = ask("GET", path).text
    assert plain.startswith("\ufeffidentifiant;type_menu;commune;date;repas\r\n")
    params = {"use_labels": "true", "with_bom": "false", "delimiter": ","}
    labelled = ask("GET", path, params=params).text
    header, *rows = csv.reader(io.StringIO(labelled))
    assert header[0] == "Identifiant du type de menu"
    assert len(rows) == len(export(ask, MENUS))
    pools = ask("GET", f"{POOLS}/exports/csv", params={"where": "idobj = '110'"}).text
    assert ";47.242843, -1.554461;" in pools


def test_geojson_and_jsonl(ask: Ask) -> None:
    features = ask("GET", f"{SCHOOLS}/exports/geojson").json()["features"]
    assert [feature["geometry"] for feature in features].count(None) == 1
    assert "position" not in features[0]["properties"]
    lines = ask("GET", f"{SCHOOLS}/exports/jsonl").text.splitlines()
    assert len(lines) == len(features)
    assert ask("GET", f"{SCHOOLS}/exports/shp").status_code == 400


def test_an_offset_breaks_an_export_inside_a_200(ask: Ask) -> None:
    answer = ask("GET", f"{POOLS}/exports/json", params={"offset": 83714})
    assert answer.status_code == 200
    assert "Streaming interrupted" in answer.text


def test_facets_count_what_is_there(ask: Ask) -> None:
    facets = ask("GET", f"{POOLS}/facets", params={"facet": "commune"}).json()["facets"]
    assert [facet["name"] for facet in facets] == ["commune"]
    assert {"name": "NANTES", "count": 6, "state": "displayed", "value": "NANTES"} in facets[0][
        "facets"
    ]


def test_the_dataset_describes_itself(ask: Ask) -> None:
    about = ask("GET", HOURS).json()
    names = [field["name"] for field in about["fields"]]
    assert names == list(export(ask, HOURS)[0])
    assert about["metas"]["default"]["license"].startswith("Licence Ouverte")


def test_the_quota_ends_at_midnight_utc(world: World) -> None:
    ask = in_memory(world, daily_quota=2)
    first = ask("GET", POOLS)
    assert first.headers["x-ratelimit-limit"] == "2"
    assert first.headers["x-ratelimit-remaining"] == "1"
    midnight = datetime(2026, 11, 25, tzinfo=UTC)
    assert first.headers["x-ratelimit-reset"] == str(int(midnight.timestamp()))
    ask("GET", POOLS)
    refused = ask("GET", HOURS)
    assert refused.status_code == 429
    assert refused.json() == {
        "errorcode": 10005,
        "reset_time": "2026-11-25T00:00:00Z",
        "limit_time_unit": "day",
        "call_limit": 2,
        "error": "You have exceeded the requests limit for anonymous users.",
    }
    assert ask("GET", SCHOOLS).status_code == 200, "another portal has its own quota"
    ask("PUT", "/_control/clock", content=midnight.isoformat())
    assert ask("GET", POOLS).status_code == 200
    ask("PUT", "/_control/clock", content="real")


def test_the_same_instant_gives_the_same_bytes(ask: Ask) -> None:
    again = in_memory(World(lambda: NOON))
    for path in (f"{POOLS}/records", f"{HOURS}/exports/csv", f"{MENUS}/exports/json", SCHOOLS):
        answers: list[httpx.Response] = [ask("GET", path), again("GET", path)]
        assert answers[0].content == answers[1].content
    other = in_memory(World(lambda: NOON, seed=2))
    assert export(other, MENUS) != export(ask, MENUS)
