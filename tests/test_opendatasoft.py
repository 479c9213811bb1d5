import asyncio
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.protocols.opendatasoft import Opendatasoft, quoted
from tests.asked import Asked, broken, read

PORTAL = Opendatasoft(url="https://data.example/", dataset="pools")
PAGED = PORTAL.model_copy(update={"via": "records"})
RECORDS = [{"name": "Bain, l'un", "lanes": 6}, {"name": "Bain, l'autre", "lanes": None}]


def page(records: list[Any], total: int) -> bytes:
    return json.dumps({"total_count": total, "results": records}).encode()


def fetched(portal: Opendatasoft, *replies: bytes) -> tuple[list[Any], Asked]:
    ask = Asked(*replies)
    return list(portal.rows(asyncio.run(portal.fetch(ask)))), ask


def test_an_export_is_one_call_for_everything() -> None:
    portal = Opendatasoft(
        url="https://data.example",
        dataset="pools",
        where="lanes > 2",
        refine={"commune": "Nantes", "open": "yes"},
        timezone="Europe/Paris",
    )
    rows, ask = fetched(portal, json.dumps(RECORDS).encode())
    assert rows == RECORDS
    [(url, params, _)] = ask.calls
    assert url == "https://data.example/api/explore/v2.1/catalog/datasets/pools/exports/json"
    assert params == {
        "where": "lanes > 2",
        "refine": ["commune:Nantes", "open:yes"],
        "timezone": "Europe/Paris",
        "limit": "-1",
        "use_labels": "false",
    }


def test_pages_are_asked_until_all_rows_are_there() -> None:
    many = [{"n": n} for n in range(230)]
    rows, ask = fetched(PAGED, *(page(many[n : n + 100], 230) for n in (0, 100, 200)))
    assert rows == many
    assert [(c[1]["offset"], c[1]["limit"]) for c in ask.calls] == [
        ("0", "100"),
        ("100", "100"),
        ("200", "100"),
    ]


def test_ten_thousand_rows_can_be_paged_and_not_one_more() -> None:
    full = page([{}] * 100, 10_000)
    rows, ask = fetched(PAGED, *[full] * 100)
    assert len(rows) == 10_000
    assert ask.calls[-1][1]["offset"] == "9900"
    with pytest.raises(ValueError, match='more than 10,000 rows: use via = "exports"'):
        fetched(PAGED, page([{}] * 100, 10_001))


@pytest.mark.parametrize(
    "replies",
    [
        [page([{}] * 100, 150), page([{}] * 20, 150)],  # pages ran out early
        [page([{}] * 100, 150), page([{}] * 60, 150)],  # rows were added meanwhile
        [page([], 1)],
        [b'{"results": []}'],
        [b"[]"],
    ],
)
def test_pages_that_do_not_add_up_are_refused(replies: list[bytes]) -> None:
    with pytest.raises(ValueError):
        fetched(PAGED, *replies)


def test_an_empty_dataset_has_no_rows() -> None:
    assert fetched(PAGED, page([], 0))[0] == fetched(PORTAL, b"[]")[0] == []


@pytest.mark.parametrize(
    "body",
    [
        {"total_count": 2, "results": RECORDS},
        {"results": RECORDS},
        {"nhits": 2, "records": [{"recordid": "a", "fields": r} for r in RECORDS]},
        [{"recordid": "a", "fields": r, "geometry": None} for r in RECORDS],
        {"total_count": 2, "records": [{"record": {"id": "a", "fields": r}} for r in RECORDS]},
    ],
    ids=["v2.1", "grouped", "v1", "v1 download", "v2.0"],
)
def test_every_shape_gives_the_same_rows(body: Any) -> None:
    assert list(PORTAL.rows(json.dumps(body).encode())) == RECORDS


def test_a_bad_record_costs_only_itself() -> None:
    body = b'\xef\xbb\xbf[{"n": 1}, 7, null, {"n": "\xff"}, {"n": 2}]'
    assert list(PORTAL.rows(body)) == [{"n": 1}, {}, {}, {}, {"n": 2}]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'[{"n": 1}, {"n"',
        b'[{"n": 1}]Streaming interrupted due to the following error: too many',
        b'[{"n": 1},Streaming interrupted due to the following error: too many',
        b'{"error_code": "ODSQLError", "message": "no such field"}',
        b'{"total_count": 3}',
        b"42",
        b"<html>",
        b"[" * 1_000_000 + b"]" * 1_000_000,
    ],
)
def test_what_is_not_whole_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        list(PORTAL.rows(body))


def test_an_interrupted_export_is_told_in_its_own_words() -> None:
    with pytest.raises(ValueError, match="Streaming interrupted"):
        list(PORTAL.rows(b'[{"n": 1}' + b" " * 500 + b"Streaming interrupted: quota"))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error_code": "ODSQLError", "message": "bad where"}', "ODSQLError: bad where"),
        (
            b'{"errorcode": 10005, "error": "Too many", "reset_time": "2026-08-07T00:00:00Z"}',
            "10005: Too many (until 2026-08-07T00:00:00Z)",
        ),
        (b'{"message": "no Route matched"}', "no Route matched"),
        (b"<html>Bad gateway", "<html>Bad gateway"),
        (b'{"error": {}}', '{"error": {}}'),
        (b"", None),
    ],
)
def test_complaints_are_worded(body: bytes, said: str | None) -> None:
    assert PORTAL.complaint(body) == said


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("Piscine", '"Piscine"'),
        ("Rue de l'Hôtel", '"Rue de l\'Hôtel"'),
        ('" or "1" = "1', r'"\" or \"1\" = \"1"'),
        ('\\" or 1 = 1', r'"\\\" or 1 = 1"'),
        ("ends in \\", r'"ends in \\"'),
        ("a\nb\x00c\u2028d", '"a b c d"'),
    ],
)
def test_quoted_says_nothing_but_a_string(text: str, literal: str) -> None:
    assert quoted(text) == literal


@given(st.text())
def test_no_text_leaves_its_quotes(text: str) -> None:
    assert re.fullmatch(r'"([^"\\]|\\["\\])*"', quoted(text))


@settings(max_examples=300, deadline=None)
@given(broken(json.dumps(RECORDS).encode()) | broken(page(RECORDS, 2)))
def test_any_bytes_are_rows_or_refused(body: bytes) -> None:
    rows = read(PORTAL, body)
    assert rows is None or len(rows) <= len(body)
    PORTAL.complaint(body)
