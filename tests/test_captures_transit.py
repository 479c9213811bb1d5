"""Captures: the transit adapters over what real networks really sent, where that folder is."""

import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

import cities
from cities import Column
from schema.departures import Departure
from schema.routes import Mode, Route
from schema.stops import LocationType, Stop
from sources.protocols import Speaks
from sources.protocols.gtfs import Gtfs
from sources.protocols.opendatasoft import Opendatasoft
from sources.protocols.siri import Siri
from sources.reading import readers
from sources.row import Row

SAMPLES = Path(__file__).parents[1].parent / "shared" / "samples"
NANTES = cities.read(Path(cities.__file__).parent / "nantes.toml")
PORTAL = Opendatasoft(url="https://data.example", dataset="any")

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no captures here")


def tell(line: str) -> None:
    print(line)


def collected(
    kind: type,
    rows: Iterable[Mapping[str, Any]],
    name: str,
    fields: Mapping[str, Column] | None = None,
) -> list[Any]:
    """What is read of the rows; prints how many were read, left out, and dropped and why."""
    reader = readers[kind]
    fields = fields or NANTES.bindings[reader.table].fields
    items, left_out, why = [], 0, Counter[str]()
    for raw in rows:
        try:
            item = reader.read(Row(NANTES, raw, fields))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            why[repr(error)] += 1
            continue
        left_out += item is None
        items += [] if item is None else [item]
    counts = f"{len(items):6} read {left_out:4} left out {sum(why.values()):4} dropped"
    tell(f"{name:45} {kind.__name__:10} {counts} {dict(why) or ''}")
    return items


def refused(speaks: Speaks, body: bytes, name: str) -> str:
    with pytest.raises(ValueError) as caught:
        list(speaks.rows(body))
    tell(f"{name:45} refused: {str(caught.value)[:110]}")
    return str(caught.value)


def test_commerce_on_an_evening_in_august() -> None:
    name = "siri-sm_commerce_2026-08-06T2205_first11.xml"
    body = (SAMPLES / "nantes/naolib-siri" / name).read_bytes()
    found: list[Departure] = collected(Departure, Siri(url="").rows(body), name)
    told = [
        f"{d.expected_at:%H:%M:%S} {'real' if d.realtime else 'plan'} "
        f"{d.line} {d.headsign} {d.stop_id.rpartition(':')[2]}"
        for d in sorted(found, key=lambda d: d.expected_at)
    ]
    # Line 1 at quay 94, twice: those trams end there. `plan`: not looked at for half an hour.
    assert told == [
        "22:13:00 plan C8 Marcel Paul 92",
        "22:14:00 plan C2 Le Cardo 92",
        "22:16:01 real 2 Orvault Grand Val 90",
        "22:20:19 real 3 Neustrie 93",
        "22:23:00 plan C3 Bd de Doulon 95",
        "22:24:00 plan C8 Saupin 95",
        "22:45:00 real 3 Neustrie 93",
        "22:52:59 real C8 Marcel Paul 92",
        "23:20:00 real C8 Saupin 95",
    ]


def test_a_notification_in_soap() -> None:
    name = "siri-sm_soap-notify_2025-03-24.xml"
    body = (SAMPLES / "nantes/naolib-siri" / name).read_bytes()
    [found] = collected(Departure, Siri(url="").rows(body), name)
    assert (found.line, found.headsign, found.at_stop) == ("C3", "Bd de Doulon", True)
    assert str(found.expected_at) == "2025-03-24 09:11:07+01:00"
    assert found.delay().total_seconds() == 67


def test_situations_are_no_departures() -> None:
    name = "siri-sx_2025-04-07.xml"
    body = (SAMPLES / "nantes/naolib-siri" / name).read_bytes()
    assert "no StopMonitoringDelivery" in refused(Siri(url=""), body, name)


STOPS_AND_ROUTES = {
    "caltrain.gtfs.zip": (64, 6),
    "ctran-flex.gtfs.zip": (293, 6),
    "example-nested-zip.zip": (9, 5),
    "google-example.gtfs.zip": (9, 5),
    "gtfs-structure-basic.zip": (5, 1),
    "gtfs_with_bom.zip": (5, 2),
    "macosx.zip": (5, 2),
    "peribus-perigueux.gtfs.zip": (1329, 80),
    "subdirectory.zip": (5, 1),
    "transport-site.gtfs.zip": (9, 1),
    "vvs-stuttgart-bus-751.gtfs.zip": (47, 1),
}
NO_FEEDS = {
    "badgtfs.zip": "no stops.txt",
    "invalid.zip": "not a zip",
    "transport-site.netex.zip": "no stops.txt",
}


@pytest.mark.parametrize(("name", "expected"), STOPS_AND_ROUTES.items())
def test_feeds(name: str, expected: tuple[int, int]) -> None:
    body = (SAMPLES / "standards/gtfs" / name).read_bytes()
    found = tuple(
        len(collected(kind, Gtfs(url="", file=file).rows(body), name))
        for kind, file in ((Stop, "stops.txt"), (Route, "routes.txt"))
    )
    assert found == expected


@pytest.mark.parametrize(("name", "why"), NO_FEEDS.items())
def test_what_is_no_feed(name: str, why: str) -> None:
    body = (SAMPLES / "standards/gtfs" / name).read_bytes()
    assert why in refused(Gtfs(url="", file="stops.txt"), body, name)


def test_every_feed_is_looked_at() -> None:
    there = {path.name for path in (SAMPLES / "standards/gtfs").glob("*.zip")}
    assert there == STOPS_AND_ROUTES.keys() | NO_FEEDS.keys()


def test_nantes_in_the_winter_of_2015() -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in (SAMPLES / "nantes/naolib-gtfs/tan-gtfs-hiver2015-2016").glob("*.txt"):
            archive.write(path, path.name)
    body = packed.getvalue()
    name = "tan-gtfs-hiver2015-2016"
    stops: list[Stop] = collected(Stop, Gtfs(url="", file="stops.txt").rows(body), name)
    routes: list[Route] = collected(Route, Gtfs(url="", file="routes.txt").rows(body), name)
    kinds = Counter(stop.location_type for stop in stops)
    assert kinds == {LocationType.STATION: 1_047, LocationType.STOP: 2_404}
    stations = {stop.gtfs_id for stop in stops if stop.location_type is LocationType.STATION}
    assert all(stop.parent_id in stations for stop in stops if stop.parent_id is not None)
    assert all(stop.position is not None for stop in stops)
    routes.sort(key=lambda route: route.sort)
    assert " ".join(route.short_name or "?" for route in routes) == (
        "1 2 3 4 10 11 12 20 23 26 27 28 29 30 33 36 39 40 42 47 50 54 59 66 67 68 69 71 75 77 78 "
        "79 80 81 85 86 87 88 89 91 93 95 96 97 98 102 105 111 112 116 122 125 127 129 132 137 "
        "139 159 167 169 189 C1 C2 C3 C4 C5 C6 C7 E1 E4 E5 E8 LU NA NL"
    )
    assert (routes[0].color, routes[0].text_color, routes[0].mode) == (
        "007A45",
        "FFFFFF",
        Mode.TRAM,
    )
    black = {route.short_name for route in routes if route.text_color == "000000"}
    assert {"C1", "23", "47"} <= black  # published as white on light blue, on light violet


def test_lines_whose_published_text_could_not_be_read() -> None:
    body = (SAMPLES / "standards/gtfs/peribus-perigueux.gtfs.zip").read_bytes()
    rows = list(Gtfs(url="", file="routes.txt").rows(body))
    routes: list[Route] = collected(Route, rows, "peribus-perigueux.gtfs.zip")
    published = {str(row["route_id"]): str(row["route_text_color"]).upper() for row in rows}
    changed = [
        route for route in routes if route.color and route.text_color != published[route.gtfs_id]
    ]
    assert len(changed) == 10
    assert all(route.text_color == "000000" for route in changed)


def test_stops_of_the_portal_as_they_were_in_2024() -> None:
    name = "244400404_tan-arrets.json"
    fields = dict(NANTES.bindings["stops"].fields)
    del fields["lat"], fields["lon"]
    fields["position"] = Column(column="stop_coordinates")
    rows = PORTAL.rows((SAMPLES / "nantes/ods-tan" / name).read_bytes())
    found: list[Stop] = collected(Stop, rows, name, fields)
    assert all(stop.position is not None for stop in found)
    kinds = Counter(stop.location_type for stop in found)
    assert kinds == {LocationType.STATION: 1_131, LocationType.STOP: 2_566}


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("nantes/ods-mobilite/244400404_fluidite-axes-routiers_2023-12-06_v1download.json", 843),
        (
            "nantes/ods-mobilite/"
            "244400404_stations-velos-libre-service-disponibilites_2021-04-08_v1records.json",
            126,
        ),
        ("nantes/ods-tan/244400404_tan-circuits.json", 108),
        ("nantes/ods-tan/244400404_info-trafic-tan-temps-reel_records_2026.json", 2),
        ("standards/bordeaux/st_park_p.exports-json.2023-09-23.json", 90),
        ("standards/ods/bordeaux.st_park_p.records-shape.3.json", 3),
        ("standards/education/annuaire-education.fresnes-94.ecoles.json", 613),
        ("standards/education/annuaire-education.records-shape.20.json", 20),
    ],
)
def test_every_shape_of_a_portal(name: str, count: int) -> None:
    rows = list(PORTAL.rows((SAMPLES / name).read_bytes()))
    tell(f"{Path(name).name:75} {len(rows):6} rows of {max(map(len, rows))} columns")
    assert len(rows) == count
    assert all(row and "fields" not in row and "recordid" not in row for row in rows)


ERRORS = {
    "nantes/ods-protocol/error_400_limit.json": "InvalidRESTParameterError: Invalid value",
    "nantes/ods-protocol/error_400_odsql.json": "ODSQLError: ODSQL query is malformed",
    "nantes/ods-protocol/error_400_offset-plus-limit.json": "InvalidRESTParameterError: Invalid",
    "nantes/ods-protocol/error_400_odsql-syntax.json": "ODSQLSyntaxError: ODSQL syntax exception",
    "nantes/ods-protocol/error_429_anonymous-quota.json": "10005: You have exceeded",
    "nantes/ods-protocol/error_429_domain-quota.json": "10002: Too many requests",
    "standards/ods/error.400.limit.json": "InvalidRESTParameterError: Invalid value",
    "standards/ods/error.429.anonymous.json": "10005: You have exceeded",
    "standards/ods/error.429.quota.json": "10002: Too many requests",
    "standards/ods/error.400.odsql.json": "ODSQLError: ODSQL query is malformed",
    "standards/ods/error.200.export-stream-interrupted.txt": "Streaming interrupted",
    "standards/siri/idfm.kong-error.json": "no Route matched",
}


@pytest.mark.parametrize(("name", "said"), ERRORS.items())
def test_errors_of_a_portal(name: str, said: str) -> None:
    body = (SAMPLES / name).read_bytes()
    refused(PORTAL, body, Path(name).name)
    complaint = PORTAL.complaint(body)
    tell(f"{'':45} {complaint}")
    assert complaint is not None
    assert complaint.startswith(said)


def test_an_export_broken_off_in_the_middle() -> None:
    name = "standards/ods/error.200.export-stream-interrupted.txt"
    whole = json.dumps([{"n": n} for n in range(50)]).encode()
    body = whole[:200] + (SAMPLES / name).read_bytes()
    assert "Streaming interrupted" in refused(PORTAL, body, Path(name).name)
