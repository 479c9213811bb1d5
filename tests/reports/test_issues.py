"""Reports: what may be handed in, and what is refused at once."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.reports.city import BROKEN, CLIENT_KEY, ISSUE, City, nobody, visit


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"service": "099"}, ["input", "service"]),
        ({"description": " \n "}, ["input", "description"]),
        ({"description": "x" * 4_001}, ["input", "description"]),
        ({"lat": None}, ["input"]),
        ({"lat": None, "lon": None}, ["input"]),
        ({"address": "12 rue Noire"}, ["input"]),
        ({"lat": 91}, ["input", "lat"]),
        ({"mediaUrl": "javascript:alert(1)"}, ["input", "mediaUrl"]),
        ({"mediaUrl": "http://10.0.0.1/"}, ["input", "mediaUrl"]),
        ({"details": [{"code": "a", "value": "b"}] * 21}, ["input", "details"]),
        ({"contact": {"email": "a@b.fr\r\nBcc: c@d.fr"}}, ["input", "contact", "email"]),
        ({"contact": {"phone": "0" * 201}}, ["input", "contact", "phone"]),
    ],
)
def test_what_cannot_be_sent_is_said_at_once(tmp_path: Path, changes: Any, path: Any) -> None:
    async def use(city: City) -> None:
        [error] = (await city.issue(**changes))["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["extensions"]["argumentPath"] == path
        await city.delivered()
        assert not city.line.forms

    visit(tmp_path, use)


WRECK = {
    "GENRE": ["2"],
    "PLAQUE": ["AA-123-AA"],
    "DEGATS": ["VITRES", "ROUES"],
    "ROUES": ["-1.5"],
    "DEPUIS": ["2026-11-20T08:00:00+01:00"],
    "NOTES": ["Depuis longtemps.\nDevant le 3."],
}


def details(**changes: list[str]) -> list[dict[str, str]]:
    """What a form was filled in with."""
    filled = {**WRECK, **changes}
    return [{"code": code, "value": value} for code in filled for value in filled[code]]


def test_what_a_service_asks_for_is_told_in_its_order(tmp_path: Path) -> None:
    query = "{ reportServices { code needsDetails details { %s } } }"
    fields = "code label hint type required values { key name }"

    async def use(city: City) -> None:
        answer = await city.server.ask(query % fields)
        assert "errors" not in answer
        services = {one["code"]: one for one in answer["data"]["reportServices"]}
        assert (services["001"]["needsDetails"], services["001"]["details"]) == (False, [])
        asked = services["005"]["details"]
        assert [(one["code"], one["type"]) for one in asked] == [
            ("PREVENIR", "NOTICE"),
            ("GENRE", "ONE_OF"),
            ("PLAQUE", "LINE"),
            ("DEGATS", "SOME_OF"),
            ("ROUES", "NUMBER"),
            ("DEPUIS", "DATE_TIME"),
            ("NOTES", "TEXT"),
        ]
        assert [one["code"] for one in asked if one["required"]] == ["GENRE"]
        assert asked[1]["values"][1] == {"key": "2", "name": "Deux-roues"}
        assert asked[2]["hint"] == "AA-123-AA"
        called = [call for call in city.line.calls if call == "GET 005.json"]
        assert len(called) == 1  # and nothing is asked of services that need no details

    visit(tmp_path, use)


def test_an_address_and_details_go_along(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        where = {"lat": None, "lon": None, "address": "12 rue Noire & co"}
        report = await city.reported(service="005", details=details(), **where)
        await city.delivered()
        assert (await city.state(report))["number"] == "1001-2026"
        [form] = city.line.forms
        for code, values in WRECK.items():
            assert form[f"attribute[{code}]" + "[]" * (len(values) > 1)] == values
        assert form["address_string"] == ["12 rue Noire & co"]
        assert not {"lat", "long", "api_key"} & form.keys()

    visit(tmp_path, use)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (details(GENRE=[]), "requires the details `GENRE`"),
        (details(GENRE=["3"]), "`GENRE` takes one of `1`, `2`"),
        (details(GENRE=["1", "2"]), "`GENRE` takes one value"),
        (details(DEGATS=["VITRES", "VITRES"]), "given twice"),
        (details(DEGATS=["AILES"]), "`DEGATS` takes one of"),
        (details(ROUES=["deux"]), "`ROUES` takes a number"),
        (details(DEPUIS=["2026-11-20 08:00"]), "`DEPUIS` takes an instant"),
        (details(PLAQUE=["a\nb"]), "`PLAQUE` takes one line"),
        (details(PREVENIR=["oui"]), "asks for no detail `PREVENIR`"),
        (details(INCONNU=["oui"]), "asks for no detail `INCONNU`"),
        (details(NOTES=["x" * 4_000]), "more than 4000 characters"),
        (details(NOTES=[" \x00 "]), "`value` is empty"),
    ],
)
def test_details_are_those_that_are_asked_for(tmp_path: Path, given: Any, said: str) -> None:
    async def use(city: City) -> None:
        [error] = (await city.issue(service="005", details=given))["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["extensions"]["argumentPath"][:2] == ["input", "details"]
        assert said in error["message"]
        await city.delivered()
        assert not city.line.forms

    visit(tmp_path, use)


def test_where_nothing_is_asked_for_no_details_are_taken(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        [error] = (await city.issue(details=details()))["errors"]
        assert "asks for no detail `GENRE`" in error["message"]

    visit(tmp_path, use)


def test_a_form_that_cannot_be_read_keeps_nobody_from_reporting(tmp_path: Path) -> None:
    """Then it is the city's system that says what is missing; whatever a code is, it is one."""

    def formless(request: httpx.Request) -> None:
        if "/services/" in request.url.path:
            nobody(request)

    async def use(city: City) -> None:
        city.line.before = formless
        odd = [{"code": "N°&x", "value": "1=2&api_key=3"}]
        report = await city.reported(service="005", details=odd)
        await city.delivered()
        assert city.line.forms[0]["attribute[N°&x]"] == ["1=2&api_key=3"]
        failed = await city.state(report)
        assert failed["failure"] == "HTTP 400: attribute GENRE was not provided"

    visit(tmp_path, use)


@pytest.mark.parametrize("key", ["short", "x" * 101, "a b c d e f g h i j k", "é" * 20])
def test_a_client_key_is_made_for_it(tmp_path: Path, key: str) -> None:
    async def use(city: City) -> None:
        [error] = (await city.issue(key))["errors"]
        assert error["extensions"]["argumentPath"] == ["clientKey"]

    visit(tmp_path, use)


def test_a_city_without_a_desk_offers_none(graphql) -> None:
    query = "{ reports { totalCount } reportServices { code } }"
    answer = graphql(query)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_OFFERED"] * 2
    variables = {"input": BROKEN, "key": CLIENT_KEY}
    [error] = graphql(ISSUE, variables, anonymous_mutations=True)["errors"]
    assert error["extensions"] == {
        "code": "NOT_OFFERED",
        "city": "nantes",
        "service": "reports",
    }
