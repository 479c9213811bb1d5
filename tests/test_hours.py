"""Hours: rows as cities type them."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cities import load
from sources.hours import COLUMNS, Slot, slot
from sources.reading import readers
from sources.row import Row

NANTES = load()["nantes"]
MONDAY = {"place": "110", "weekday": "lundi", "opens": "07:30", "closes": "20:00"}


def read(**columns: Any) -> Slot:
    return slot(Row(NANTES, {**MONDAY, **columns}, {}), Slot)


def test_a_row() -> None:
    columns = {"from": "2026-09-01", "until": "2027-07-03", "period_fallback": "Année"}
    assert read(**columns) == Slot(
        place="110",
        weekday=0,
        opens=450,
        closes=1200,
        from_=date(2026, 9, 1),
        until=date(2027, 7, 3),
        period="Année",
        exception=None,
    )


@pytest.mark.parametrize("text", ["7h30", "07:30", "07:30:00", "7 h 30", "7H30"])
def test_times(text: str) -> None:
    assert read(opens=text).opens == 450


@pytest.mark.parametrize("text", ["23:59", "24:00", "00:00", "0h", "23:59:59"])
def test_closing_at_midnight(text: str) -> None:
    assert read(closes=text).closes == 1440


@pytest.mark.parametrize(
    ("text", "weekday"),
    [
        ("lundi", 0),
        ("Lundi", 0),
        ("lun.", 0),
        ("MARDIS", 1),
        ("Mer", 2),
        ("dimanche", 6),
        ("jour férié", None),
        ("Jours fériés", None),
        ("férié", None),
    ],
)
def test_weekdays(text: str, weekday: int | None) -> None:
    assert read(weekday=text).weekday == weekday


def test_closed() -> None:
    assert read(opens=None, closes="").opens is None
    assert read(kind="Fermeture").closes is None
    assert read(kind="Ouverture").opens == 450
    shut = read(weekday="", exception="2026-12-25", opens=None, closes=None, kind="Fermeture")
    assert (shut.exception, shut.weekday, shut.opens) == (date(2026, 12, 25), None, None)


@pytest.mark.parametrize(
    "columns",
    [
        {"place": ""},
        {"weekday": ""},
        {"weekday": "lundi au vendredi"},
        {"weekday": "m"},
        {"opens": "25:00"},
        {"opens": "07:60"},
        {"opens": "matin"},
        {"opens": "24:00"},
        {"opens": None},
        {"closes": "-"},
        {"closes": "07:30"},
        {"opens": "22:00", "closes": "02:00"},
        {"exception": "le 25 décembre"},
        {"from": "2026-02-30"},
        {"from": "2026-02-02", "until": "2026-02-01"},
    ],
)
def test_rows_that_cannot_be_read(columns: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        read(**columns)


@given(st.fixed_dictionaries({}, optional={name: st.text() for name in COLUMNS.split()}))
def test_any_row_is_a_slot_or_a_value_error(columns: dict[str, str]) -> None:
    try:
        found = read(**columns)
    except ValueError:
        return
    assert found.opens is None or (found.closes and 0 <= found.opens < found.closes <= 1440)


def test_every_reader_of_hours_takes_these_columns() -> None:
    for reader in readers.values():
        if issubclass(reader.kind, Slot):
            assert reader.columns == frozenset(COLUMNS.split())
