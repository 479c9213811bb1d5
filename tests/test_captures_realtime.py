"""Captures: real time and disruptions as real networks really sent them, where that folder is.

How many rows each file has was counted by hand, or with another reader of the same file.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import cities
from cities import Column
from schema.alerts import Alert, AlertStatus
from schema.causes import AlertCause, AlertEffect, AlertSeverityLevel
from schema.languages import spoken
from schema.vehicles import VehiclePosition
from sources.protocols import Speaks
from sources.protocols.gtfs_rt import GtfsRt
from sources.protocols.opendatasoft import Opendatasoft
from sources.protocols.siri import Siri
from sources.protocols.siri_lite import SiriLite
from sources.reading import read_all, readers
from sources.updates import TripUpdate
from tests.test_alerts_reader import PORTAL, REALTIME, SIRI

SAMPLES = Path(__file__).parents[1].parent / "shared" / "samples"
NANTES = cities.load()["nantes"]

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no captures here")


def collected(
    kind: type, speaks: Speaks, name: str, fields: Mapping[str, Column] | None = None
) -> list[Any]:
    """Everything in a file, of which nothing may be dropped."""
    binding = NANTES.bindings["alerts"].model_copy(update={"fields": fields or {}})
    body = (SAMPLES / name).read_bytes()
    items, dropped = read_all(readers[kind], speaks.rows(body), NANTES, binding)
    assert dropped == 0
    return items


def gtfs_rt(entities: str) -> GtfsRt:
    return GtfsRt(url="https://rt.example", entities=entities)  # type: ignore[arg-type]


def lite(service: str) -> SiriLite:
    return SiriLite(url="https://lite.example", service=service)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "trips", "stops", "dated"),
    [("ct-trip-updates.pb", 19, 220, 19), ("example.pb", 26, 298, 0)],
)
def test_trip_updates_of_caltrain_and_bart(name: str, trips: int, stops: int, dated: int) -> None:
    found = collected(TripUpdate, gtfs_rt("trip-updates"), f"standards/gtfs-rt/{name}")
    assert len(found) == trips
    assert sum(len(update.stops) for update in found) == stops
    assert sum(update.start_date is not None for update in found) == dated
    assert {update.relationship for update in found} == {"SCHEDULED"}


def test_vehicles_of_caltrain() -> None:
    name = "standards/gtfs-rt/ct-vehicle-positions.pb"
    found = collected(VehiclePosition, gtfs_rt("vehicle-positions"), name)
    assert len(found) == 14
    assert all(37 < one.position.lat < 38 and one.line is not None for one in found)


def test_alerts_of_brest() -> None:
    name = "standards/gtfs-rt/bibus-brest-alerts.pb"
    found = collected(Alert, gtfs_rt("alerts"), name, REALTIME)
    assert len(found) == 12
    assert Counter(one.cause for one in found) == {
        AlertCause.CONSTRUCTION: 11,
        AlertCause.OTHER_CAUSE: 1,
    }
    assert Counter(one.effect for one in found) == {
        AlertEffect.DETOUR: 11,
        AlertEffect.REDUCED_SERVICE: 1,
    }
    assert sum(bool(one.urls) for one in found) == 9
    [three_lines] = [one for one in found if len(one.entities) > 1]
    assert [entity.line for entity in three_lines.entities] == ["02", "04", "14"]
    captured = datetime.fromtimestamp(1_639_668_542, UTC)  # the header's own time
    assert Counter(one.status_at(captured) for one in found) == {
        AlertStatus.ACTIVE: 9,
        AlertStatus.UPCOMING: 3,
    }


def test_an_empty_feed_of_caltrain() -> None:
    assert collected(Alert, gtfs_rt("alerts"), "standards/gtfs-rt/ct-service-alerts.pb") == []


def test_works_in_sainte_luce() -> None:
    fields = {**SIRI, "header": Column(column="Description")}
    fields["description"] = Column(column="Messages.Site web")
    speaks = Siri(url="", service="situation-exchange")
    [found] = collected(Alert, speaks, "nantes/naolib-siri/siri-sx_2025-04-07.xml", fields)
    assert spoken(found.headers, None) == "Travaux rue Louis Gaudin - Ste Luce sur Loire"
    told = spoken(found.descriptions, None)
    assert told is not None
    assert told.splitlines()[0] == "Du lundi 24 mars au vendredi 29 août 2025"
    assert "> Dans les 2 sens" in told.splitlines()
    assert found.cause is AlertCause.CONSTRUCTION
    assert found.severity_level is AlertSeverityLevel.SEVERE
    assert Counter(entity.line for entity in found.entities) == {
        "107": 2, "117": 2, "127": 2, "147": 4, "157": 2, "80": 2,
    }  # fmt: skip
    [period] = found.active_periods
    assert period.start is not None
    assert period.start.isoformat() == "2025-03-24T05:00:00+01:00"


def test_an_obstacle_in_south_tyrol() -> None:
    speaks = Siri(url="", service="situation-exchange")
    [found] = collected(Alert, speaks, "standards/siri/siri-lite-sx.xml", SIRI)
    assert spoken(found.headers, "en") == "The busroute: 120 obstacle on the track"
    assert spoken(found.headers, "it") == "120 Linea 120 . Ostacolo su strada/pista"
    assert found.effect is AlertEffect.REDUCED_SERVICE
    assert len(found.entities) == 1


def test_disturbances_on_the_portal_of_nantes() -> None:
    name = "nantes/ods-tan/244400404_info-trafic-tan-temps-reel_records_2026.json"
    speaks = Opendatasoft(url="https://data.example", dataset="any", via="records")
    picabia, allende = collected(Alert, speaks, name, PORTAL)
    assert [entity.line for entity in picabia.entities] == ["TE1"]
    assert picabia.active_periods[0].start.isoformat() == "2025-10-25T10:52:00+02:00"
    assert picabia.active_periods[0].end.isoformat() == "2026-10-31T18:00:00+01:00"
    assert [entity.line for entity in allende.entities] == ["88"]
    assert allende.active_periods[0].end.isoformat() == "2026-07-04T00:00:00+02:00"


@pytest.mark.parametrize(
    ("name", "service", "rows"),
    [
        ("tbm.stop-monitoring.synth", "stop-monitoring", 2),
        ("tbm.lines-discovery.synth", "lines-discovery", 3),
        ("tbm.stoppoints-discovery.synth", "stoppoints-discovery", 4),
        ("idfm.stop-monitoring.flat", "stop-monitoring", 1),
        ("cts-strasbourg.stop_monitoring.synth", "stop-monitoring", 1),
        ("cts-strasbourg.stoppoints-discovery.real.4", "stoppoints-discovery", 4),
        ("cts-strasbourg.stoppoints_discovery.synth", "stoppoints-discovery", 1),
        ("cts-strasbourg.lines_discovery.synth", "lines-discovery", 1),
        ("cts-strasbourg.general_messages.synth", "general-message", 1),
    ],
)
def test_siri_lite_of_bordeaux_paris_and_strasbourg(name: str, service: str, rows: int) -> None:
    body = (SAMPLES / "standards/siri" / f"{name}.json").read_bytes()
    found = list(lite(service).rows(body))
    assert len(found) == rows


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("idfm.kong-error.json", "no Route matched with those values"),
        ("tbm.stop-monitoring.error.synth.json", "unknown stop"),
    ],
)
def test_refusals_of_bordeaux_and_paris(name: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        list(lite("stop-monitoring").rows((SAMPLES / "standards/siri" / name).read_bytes()))
