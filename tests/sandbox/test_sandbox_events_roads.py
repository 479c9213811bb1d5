"""Events, roads and full pools of the sandbox: alive, odd, and the same for the same minute."""

import json
from collections import Counter
from datetime import date, timedelta

from sandbox.upstreams.attendance import zones
from sandbox.upstreams.events import bordeaux as met_agenda
from sandbox.upstreams.events import nantes as agenda
from sandbox.upstreams.roads import bordeaux, closures, nantes
from tests.sandbox.conftest import NOON

DAY = [NOON + timedelta(minutes=20 * n) for n in range(72)]
MONDAY = date(2026, 11, 23)


def test_an_event_keeps_its_id_and_its_days_all_week() -> None:
    weeks = [agenda(MONDAY + timedelta(days=n), 1) for n in range(8)]

    assert all(rows == weeks[0] for rows in weeks[:7])
    assert not {row["id_manif"] for row in weeks[0]} & {row["id_manif"] for row in weeks[7]}
    assert Counter(row["annule"] for row in weeks[0])["oui"] == 1
    assert max(Counter(row["id_manif"] for row in weeks[0]).values()) > 50


def test_openagenda_has_its_times_twice() -> None:
    for row in met_agenda(MONDAY, 1):
        timings = json.loads(str(row["timings"]))
        assert len(timings) >= 1
        assert str(row["firstdate_begin"]) <= str(row["lastdate_begin"])


def test_traffic_comes_and_goes_around_the_clock() -> None:
    seen = [{row["cha_id"]: row for row in nantes(at, 1)} for at in DAY]

    assert len({moment[39]["mf1_vit"] for moment in seen}) > 8
    assert {moment[497]["mf1_vit"] for moment in seen} == {-1}
    words = {(row["couleur_tp"], row["etat_trafic"]) for moment in seen for row in moment.values()}
    assert words == {
        ("2", "Indéterminé"),
        ("3", "Fluide"),
        ("4", "Dense"),
        ("5", "Saturé"),
        ("6", "Bloqué"),
    }
    assert nantes(NOON, 1) == nantes(NOON, 1) != nantes(NOON, 2)
    assert {row["etat"] for at in DAY for row in bordeaux(at, 1)} == {
        "FLUIDE",
        "DENSE",
        "EMBOUTEILLE",
    }


def test_pools_fill_and_are_never_fuller_than_they_may() -> None:
    for at in DAY:
        for row in zones(at, 1):
            assert row["fmicourante"] == -4 or 0 <= int(str(row["fmicourante"])) <= int(
                str(row["fmizonmax"])
            )
    assert len({zones(at, 1)[0]["fmicourante"] for at in DAY}) > 20


def test_the_bridge_opens_the_next_day_once() -> None:
    overnight = [
        row
        for row in closures(MONDAY, 1)
        if str(row["re_ouverture_a_la_circulation"]) <= str(row["fermeture_a_la_circulation"])
    ]
    assert len(overnight) == 1
