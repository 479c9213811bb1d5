"""Row: what is read of a record, whatever somebody put into it."""

import math
from typing import Any
from unicodedata import category

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cities import Column, load
from sources import lines
from sources.row import Row

NANTES = load()["nantes"]


def row(**raw: Any) -> Row:
    return Row(NANTES, raw, {})


@given(st.text(st.characters(codec="utf-8") | st.sampled_from(" \t\n\u00a0\u200e-.nulaeoNULAEO/")))
@example("NuLl")
@example("N/a")
@example(" None")
def test_a_text_is_one_line_of_what_can_be_seen(written: str) -> None:
    seen = "".join("" if category(c) == "Cf" else c if c.isprintable() else " " for c in written)
    line = " ".join(seen.split())
    nothing = line.casefold() in {"", "-", ".", "null", "none", "n/a"}
    assert row(name=written).find_text("name") == (None if nothing else line)
    if nothing:
        with pytest.raises(ValueError, match="no name"):
            row(name=written).text("name")
    else:
        assert row(name=written).text("name") == line


def test_the_same_text_is_held_once_however_often_it_is_said() -> None:
    first, second = (row(name=" ".join(["Place", "du", "Commerce"])) for _ in range(2))
    assert first.raw["name"] is not second.raw["name"]
    assert first.text("name") is second.find_text("name")


def test_what_is_known_of_texts_has_a_bound() -> None:
    for number in range(lines.MOST + 2):
        assert row(name=f" text {number}").text("name") == f"text {number}"
        assert len(lines.LINES) <= lines.MOST
    for length in (lines.SHORT, lines.SHORT + 1):
        assert (row(name="x" * length).text("name") in lines.LINES) is (length == lines.SHORT)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("47,2", 47.2),
        (" 3 ", 3.0),
        (7, 7.0),
        (0.5, 0.5),
        ("1e3", 1000.0),
        (10**400, None),
        ("9" * 5_000, None),
        (math.nan, None),
        (math.inf, None),
        ("inf", None),
        (True, None),
        ("sept", None),
        ("", None),
        (None, None),
        ([1], None),
    ],
)
def test_numbers(written: Any, number: float | None) -> None:
    assert row(many=written).find_number("many") == number


@pytest.mark.parametrize(
    ("column", "found"),
    [
        (Column(column="a"), "x:y"),
        (Column(column="a", part=2), "y"),
        (Column(column="a", part=3), None),
        (Column(column="a", part=2, values={"y": "yes"}), "yes"),
        (Column(column="a", values={"y": "yes"}), None),
        (Column(column="none", otherwise="else"), "else"),
        (Column(column="empty", otherwise="else"), "else"),
        (Column(column="empty"), ""),
        (Column(column=("none", "empty", "a")), "x:y"),
        (Column(column=("none", "empty")), ""),
        (Column(column=("none", "empty"), otherwise="else"), "else"),
        (Column(column="in.side"), 1),
        (Column(column="in.side.deeper"), None),
        (Column(column="dot.ted"), 2),
    ],
)
def test_where_a_column_is(column: Column, found: Any) -> None:
    raw = {"a": "x:y", "empty": "", "in": {"side": 1}, "dot.ted": 2}
    assert Row(NANTES, raw, {"it": column}).find("it") == found
    assert Row(NANTES, {}, {"it": column}).find("it") == column.otherwise


def test_what_has_no_column_is_called_so_by_the_upstream() -> None:
    found = Row(NANTES, {"name": "x", "in": {"side": 1}}, {"id": Column(column="name")})
    assert (found.find("name"), found.find("in.side"), found.find("other")) == ("x", 1, None)


@pytest.mark.parametrize(
    ("method", "value", "found"),
    [
        ("text", "Quai", "Quai"),
        ("text", " Quai ", "Quai"),
        ("find_text", "Quai", "Quai"),
        ("find_text", 4, "4"),
        ("find_flag", False, False),
        ("find_flag", "oui", True),
        ("find_number", 2, 2.0),
        ("find_number", 0.5, 0.5),
        ("find_number", "2,5", 2.5),
        ("find_number", True, None),
        ("find_number", math.inf, None),
        ("find_number", 10**400, None),
    ],
)
def test_what_is_within_is_read_as_what_is_not(method: str, value: Any, found: Any) -> None:
    for raw, column in (({"a": value}, "a"), ({"in": {"side": value}}, "in.side")):
        said = getattr(Row(NANTES, raw, {"it": Column(column=column)}), method)("it")
        assert (said, type(said)) == (found, type(found))
