"""The disturbances of the sandbox: around any day there are some, on lines that exist."""

import json
import re
from datetime import date, timedelta

import pytest

from sandbox.tables import read
from sandbox.upstreams.info_trafic import FIELDS, NOW, PLANNED

LINES = {row["line"] for row in read("nantes/lines")}
DAYS = [date(2026, 11, 24) + timedelta(days=n) for n in range(0, 400, 37)]


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_there_is_always_something(today: date) -> None:
    now, planned = NOW.rows(today, 1), PLANNED.rows(today, 1)

    in_force = [
        row
        for row in now
        if not row["perturbation_terminee"]
        and str(row["date_debut"]) <= str(today) <= str(row["date_fin"])
    ]
    assert len(in_force) >= 3
    assert any(row["perturbation_terminee"] for row in now)
    assert any(str(row["date_debut"]) > str(today) for row in planned)
    assert {row["code"] for row in now} & {row["code"] for row in planned}
    for row in now + planned:
        assert row.keys() == {field.name for field in FIELDS}
        assert set(re.findall(r"\[(\w+)/", str(row["troncons"]))) <= LINES
        json.loads(str(row["listes_arrets"] or "null"))


def test_the_same_thing_keeps_its_code_for_a_week() -> None:
    monday = DAYS[0] - timedelta(days=DAYS[0].weekday())

    codes = [{row["code"] for row in PLANNED.rows(monday + timedelta(n), 1)} for n in range(8)]

    assert all(of_day == codes[0] for of_day in codes[:7])
    assert codes[7].isdisjoint(codes[0])
