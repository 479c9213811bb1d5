"""Open311: every dialect that was captured, both formats, pages, and what is no answer."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

import cities
from schema.report_details import ReportDetailType
from schema.reports import Report, ReportState
from sources.protocols.open311 import Open311
from sources.reports import private, report, report_detail, report_service
from sources.row import Row
from tests.asked import Asked, broken, read

ESTUAIRE = cities.load(Path(__file__).parent / "cities")["estuaire"]
DESK = Open311(url="https://desk.example/v2/")
SAMPLES = Path(__file__).parents[1].parent / "shared/samples/standards/open311"
captured = pytest.mark.skipif(not SAMPLES.exists(), reason="no captures here")
REQUESTS = b"""[{"service_request_id": 7, "status": "open", "service_code": 006,
  "requested_datetime": "2026-11-24T08:00:00Z", "lat": "47.2", "long": "-1.5",
  "description": "le \\"007, 008\\" :009", "media_url": "http://desk.example/7.jpg "}]"""


def rows(body: bytes) -> list[Any]:
    return list(DESK.rows(body))


def read_report(raw: Any) -> Report:
    return report(Row(ESTUAIRE, raw, {}))


def sample(name: str) -> bytes:
    """A capture, without the HTTP that stands above some of the specification's examples."""
    body = (SAMPLES / name).read_bytes()
    return body.partition(b"\n\n")[2] if body.startswith(b"HTTP/") else body


def test_codes_are_texts_and_texts_are_left_alone() -> None:
    [row] = rows(REQUESTS)
    found = read_report(row)
    assert (found.service_code, found.number) == ("006", "7")
    assert found.description == 'le "007, 008" :009'
    assert found.position is not None
    assert (found.position.lat, found.position.lon) == (47.2, -1.5)
    assert found.media_url == "http://desk.example/7.jpg"


def test_pages_are_asked_for_until_one_is_not_full() -> None:
    desk = Open311(url="https://desk.example/v2", page_size=2, pages=9, days=30, jurisdiction="a.b")
    pages = [
        b'[{"service_request_id": %d}, {"service_request_id": %d}]' % (n, n + 1) for n in (1, 3)
    ]
    asked = Asked(*pages, b'[{"service_request_id": 5}]')
    found = list(desk.rows(asyncio.run(desk.fetch(asked))))
    assert sorted(row["service_request_id"] for row in found) == [1, 2, 3, 4, 5]
    assert [params["page"] for _, params, _ in asked.calls] == ["1", "2", "3"]
    assert {params["start_date"] for _, params, _ in asked.calls} == {"2026-07-07T20:05:07Z"}
    assert {params["jurisdiction_id"] for _, params, _ in asked.calls} == {"a.b"}


def test_a_server_that_does_not_know_of_pages_is_not_asked_for_ever() -> None:
    desk = Open311(url="https://desk.example/v2", page_size=1, pages=20)
    asked = Asked(*[b'[{"service_request_id": 1}]'] * 3)
    assert len(list(desk.rows(asyncio.run(desk.fetch(asked))))) == 1
    assert len(asked.calls) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b"7",
        b'"open"',
        b"<html><p>Hello</p></html>",
        b"<a><b>",
        b"\xff\xfe",
        b"[" * 9_999,
    ],
)
def test_what_is_no_answer_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(ValueError):
        rows(body)


def test_entities_are_not_followed() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><b><c>&x;</c></b></a>'
    assert "root:" not in str(rows(bomb))


@settings(max_examples=200)
@given(broken(REQUESTS))
def test_nothing_that_comes_back_breaks_it(body: bytes) -> None:
    for row in read(DESK, body) or ():
        try:
            read_report(row)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError):
            continue  # dropped and counted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("appelez le 06 12 34 56 78 svp", "appelez le … svp"),
        ("+33 (0)2 40 41 90 00, mairie@ville.fr", "…, …"),
        ("0221/221-0 ou 0049.221.1234567", "0221/221-0 ou …"),
        ("12 rue Noire, 44000 Nantes, n° 207604", "12 rue Noire, 44000 Nantes, n° 207604"),
        ("depuis le 24 novembre 2026 à 09:05", "depuis le 24 novembre 2026 à 09:05"),
    ],
)
def test_mail_addresses_and_telephone_numbers_are_taken_out(text: str, shown: str) -> None:
    assert private(text) == shown


# What was captured


@captured
@pytest.mark.parametrize(
    ("name", "count", "open_", "placed"),
    [
        ("koeln.requests.50.json", 50, 50, 50),
        ("koeln.requests.one.json", 1, 0, 1),
        ("spec.json-service-request.json", 1, 0, 1),
        ("spec.json-service-requests.json", 2, 1, 2),
        ("spec.xml-service-request.xml", 1, 0, 1),
        ("spec.xml-service-requests.xml", 2, 1, 2),
    ],
)
def test_captured_reports(name: str, count: int, open_: int, placed: int) -> None:
    found = [read_report(row) for row in rows(sample(name))]
    assert len(found) == count
    assert sum(one.state is ReportState.OPEN for one in found) == open_
    assert sum(one.position is not None for one in found) == placed
    assert all(one.reported_at and one.name and one.address for one in found)
    assert not any(re.search(r"@\w+\.\w+", one.description or "") for one in found)


@captured
def test_captured_words() -> None:
    [first, *_] = [read_report(row) for row in rows(sample("koeln.requests.50.json"))]
    assert (first.number, first.service_code) == ("A-173480", "009")
    assert first.address is not None
    assert first.address.street == "Rondorfer Str. 5, 50968 Köln - Marienburg"
    [recent] = [read_report(row) for row in rows(sample("koeln.requests.one.json"))]
    assert (recent.service_code, recent.description) == ("3.2", None)
    assert recent.address is not None
    assert recent.address.street == "50997 Köln - Godorf, Amselweg 3"
    for name in ("spec.json-service-requests.json", "spec.xml-service-requests.xml"):
        closed, _ = (read_report(row) for row in rows(sample(name)))
        assert (closed.service_code, closed.status_notes) == ("006", "Duplicate request.")
        assert closed.media_url == "http://city.gov.s3.amazonaws.com/requests/media/638344.jpg"


@captured
@pytest.mark.parametrize("name", ["spec.json-service-list.json", "spec.xml-service-list.xml"])
def test_captured_services(name: str) -> None:
    found = [report_service(Row(ESTUAIRE, row, {})) for row in rows(sample(name))]
    assert [one.code for one in found] == ["001", "002", "003"]
    assert found[0].keywords == ["lorem", "ipsum", "dolor"]
    assert (found[0].group, found[0].needs_details) == ("sanitation", True)


@captured
@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_captured_definition(form: str) -> None:
    body = sample(f"spec.{form}-service-definition.{form}")
    asked = Asked(body)
    desk = Open311(url="https://desk.example/v2", format=form, resource="definitions").one("a/b")
    assert desk.keyed
    assert asyncio.run(desk.fetch(asked)) == body
    assert asked.calls[0][0] == f"https://desk.example/v2/services/a%2Fb.{form}"
    [detail] = [report_detail(Row(ESTUAIRE, row, {})) for row in desk.rows(body)]
    assert (detail.code, detail.label) == ("WHISHETN", "What is the ticket/tag/DL number?")
    assert (detail.type, detail.required) == (ReportDetailType.ONE_OF, True)
    assert [(one.key, one.name) for one in detail.values] == [("123", "Ford"), ("124", "Chrysler")]


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        (b'{"service_code": 005, "attributes": []}', []),
        (b'[{"service_code": "5", "attributes": [{"code": 07}, {"code": "B"}]}]', ["07", "B"]),
        (b"<service_definition><attributes/></service_definition>", []),
    ],
)
def test_definitions_in_their_dialects(body: bytes, codes: list[str]) -> None:
    rows_ = Open311(url="https://desk.example/v2", resource="definitions").rows(body)
    assert [report_detail(Row(ESTUAIRE, row, {})).code for row in rows_] == codes


@pytest.mark.parametrize("body", [b"<html/>", b"<services/>", b"oops", b'{"attributes": ['])
def test_what_is_no_definition_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"no|page"):
        list(Open311(url="https://desk.example/v2", resource="definitions").rows(body))


@captured
@pytest.mark.parametrize("form", ["json", "xml"])
def test_captured_receipts_and_errors(form: str) -> None:
    receipt = sample(f"spec.{form}-service-request-post.{form}")
    asked = Asked(receipt, sample(f"spec.{form}-request-from-token.{form}"))
    desk = Open311(url="https://desk.example/v2", format=form)
    sent = asyncio.run(desk.send(asked, [("service_code", "001"), ("description", "é & =")]))
    assert str(sent["service_request_id"]) == "293944"
    redeemed = asyncio.run(desk.redeem(asked, "a/b"))
    assert str(redeemed["service_request_id"]) == "638344"
    (post, body, _), (token, _, _) = asked.calls
    assert post == f"https://desk.example/v2/requests.{form}"
    assert body == b"service_code=001&description=%C3%A9+%26+%3D"
    assert token == f"https://desk.example/v2/tokens/a%2Fb.{form}"
    said = desk.complaint(sample(f"spec.{form}-errors.{form}"))
    assert said == "Invalid api_key received -- can't proceed with create_request."
