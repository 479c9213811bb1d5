"""DATEX II: car parks described in one publication and counted in another."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

import cities
from schema.parkings import VehicleParking, VehicleParkingState
from sources.parkings import vehicle_parking
from sources.protocols.datex2 import Datex2
from sources.row import Row
from tests.asked import Asked, broken, read

SAMPLES = Path(__file__).parents[1].parent / "shared/samples/standards/parking"
captured = pytest.mark.skipif(not SAMPLES.exists(), reason="no captures here")
NANTES = cities.load()["nantes"]
SPEAKS = Datex2(url="https://x/table", status="https://x/status")
COLUMNS = cities.load(Path(__file__).parent / "cities")["estuaire"].bindings["parkings"].fields

HEAD = '<m:d2LogicalModel xmlns:m="http://datex2.eu/schema/2/2_0"><m:payloadPublication>'
TAIL = "</m:payloadPublication></m:d2LogicalModel>"
TABLE = f"""{HEAD}<m:parkingTable><m:parkingRecord id="P1">
  <m:parkingName><m:values><m:value lang="fr">Gare &amp; Nord</m:value><m:value lang="en">Station
  </m:value></m:values></m:parkingName><m:parkingNumberOfSpaces>100</m:parkingNumberOfSpaces>
  <m:openingTimes><m:latitude>0</m:latitude></m:openingTimes>
  <m:parkingLocation><m:latitude>47.2</m:latitude><m:longitude>-1.5</m:longitude>
  </m:parkingLocation></m:parkingRecord></m:parkingTable>{TAIL}"""


def status(inner: str, reference: str = "P1") -> str:
    return f"""{HEAD}<m:parkingRecordStatus><m:parkingRecordReference id="{reference}"/>
    <m:parkingStatusOriginTime>2026-11-24T09:04:00Z</m:parkingStatusOriginTime>{inner}
    </m:parkingRecordStatus>{TAIL}"""


def spaces(**counts: int) -> str:
    inner = "".join(
        f"<m:parkingNumberOf{name}>{count}</m:parkingNumberOf{name}>"
        for name, count in counts.items()
    )
    return f"<m:parkingOccupancy>{inner}</m:parkingOccupancy>"


def payload(*bodies: bytes) -> bytes:
    return msgspec.json.encode(bodies)


def parkings(*bodies: str | bytes) -> list[VehicleParking]:
    given = (body.encode() if isinstance(body, str) else body for body in bodies)
    rows = SPEAKS.rows(payload(*given))
    return [vehicle_parking(Row(NANTES, row, COLUMNS)) for row in rows]


def test_both_publications_are_asked_and_joined():
    counts = spaces(SpacesOverride=98, VacantSpaces=12)
    door = Asked(TABLE.encode(), status(counts).encode())
    [row] = SPEAKS.rows(asyncio.run(SPEAKS.fetch(door)))
    found = vehicle_parking(Row(NANTES, row, COLUMNS))

    assert [url for url, _, _ in door.calls] == ["https://x/table", "https://x/status"]
    assert (found.vehicle_parking_id, found.name) == ("P1", "Gare & Nord")
    assert (found.position.lat, found.position.lon) == (47.2, -1.5)
    assert (found.free_spaces, found.capacity.car_spaces) == (12, 98)
    assert found.updated_at.isoformat() == "2026-11-24T10:04:00+01:00"


@pytest.mark.parametrize(
    ("counts", "free"),
    [
        ({"SpacesOverride": 100, "OccupiedSpaces": 60}, 40),
        ({"SpacesOverride": 100, "OccupiedSpaces": 60, "VacantSpaces": 39}, 39),
        ({"SpacesOverride": 100, "OccupiedSpaces": 101}, None),  # below 0: nobody knows
        ({"VacantSpaces": -3}, None),
        ({"OccupiedSpaces": 60}, None),
        ({}, None),
    ],
)
def test_free_spaces_are_told_or_worked_out_or_unknown(counts, free):
    [found] = parkings(TABLE, status(spaces(**counts)))

    assert found.free_spaces == free


@pytest.mark.parametrize(
    ("site", "opening", "state"),
    [
        ("spacesAvailable", "open", VehicleParkingState.OPEN),
        ("full", "open", VehicleParkingState.FULL),
        ("unknown", "closed", VehicleParkingState.CLOSED),
        ("unknown", "unknown", VehicleParkingState.UNKNOWN),
    ],
)
def test_a_state_is_that_of_the_site_else_of_its_gate(site, opening, state):
    inner = f"<m:parkingSiteStatus>{site}</m:parkingSiteStatus>"
    inner += f"<m:parkingSiteOpeningStatus>{opening}</m:parkingSiteOpeningStatus>"
    [found] = parkings(TABLE, status(inner))

    assert found.status is state


def test_what_is_not_reported_is_unknown_and_what_is_not_described_is_left_out():
    [found] = parkings(TABLE, status(spaces(VacantSpaces=5), "P2"))

    assert (found.name, found.free_spaces, found.updated_at) == ("Gare & Nord", None, None)


@pytest.mark.parametrize(
    "body", ["", "<html/>", "{}", TABLE[:-20], f'<!DOCTYPE x [<!ENTITY a "b">]>{TABLE}']
)
def test_what_is_no_publication_is_refused(body):
    with pytest.raises(ValueError):
        parkings(body)


@given(broken(TABLE.encode()), broken(status(spaces(VacantSpaces=5)).encode()))
@settings(max_examples=300, deadline=None)
def test_whatever_comes_is_rows_or_refused(table, reports):
    for row in read(SPEAKS, payload(table, reports)) or ():
        try:
            vehicle_parking(Row(NANTES, row, COLUMNS))
        except ValueError:
            continue


def test_an_empty_list_of_texts_is_no_name():
    table = TABLE.replace('<m:value lang="fr">Gare &amp; Nord</m:value>', "").replace(
        '<m:value lang="en">Station\n  </m:value>', ""
    )
    with pytest.raises(ValueError, match="no name"):
        parkings(table)


@pytest.mark.parametrize("body", [b"", b"{}", b'["not base64"]', b"\xff"])
def test_a_payload_that_is_none_is_refused(body):
    assert read(SPEAKS, body) is None


@captured
def test_aachen_is_read_whole():
    found = parkings(
        (SAMPLES / "datex2.aachen-static.xml").read_bytes(),
        (SAMPLES / "datex2.aachen-realtime.xml").read_bytes(),
    )

    assert len(found) == 17
    assert all(one.position is not None and one.updated_at is not None for one in found)
    states = [one.status for one in found]
    assert states.count(VehicleParkingState.OPEN) == 13
    assert states.count(VehicleParkingState.CLOSED) == 4
    [first, *_] = found
    assert (first.name, first.free_spaces, first.capacity.car_spaces) == ("P01-Eurogress", 412, 560)


@captured
def test_bondorf_is_one_car_park_in_two_dialects():
    [found] = parkings(
        (SAMPLES / "datex2.vrs_bondorf-static.xml").read_bytes(),
        (SAMPLES / "datex2.vrs_bondorf-realtime.xml").read_bytes(),
    )

    assert (found.vehicle_parking_id, found.name) == ("1035", "P+R Bondorf")
    assert (found.free_spaces, found.capacity.car_spaces) == (215, 313)
    assert found.capacity.wheelchair_accessible_car_spaces == 4
    assert round(found.position.lat, 4) == 48.5244
