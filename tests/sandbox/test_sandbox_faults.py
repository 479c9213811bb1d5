"""The bad days, each on a real socket, and the address that brings them."""

import io
import socket as sockets
import zipfile
import zlib
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from time import perf_counter

import httpx
import pytest

from sandbox.faults import KINDS, UnknownFault
from sandbox.serve import running
from sandbox.upstreams import UPSTREAMS, parse
from sandbox.upstreams.siri import SIRI_PATH
from sandbox.world import World
from tests.sandbox.conftest import NOON

NANTES = "/data.nantesmetropole.fr/api/explore/v2.1/catalog/datasets"
POOLS = f"{NANTES}/244400404_piscines-nantes-metropole/exports/json"
GTFS = (
    f"{NANTES}/244400404_transports_commun_naolib_nantes_metropole_gtfs"
    "/files/0cc0469a72de54ee045cb66d1a21de9e"
)
REQUEST = (
    '<Siri xmlns="http://www.siri.org.uk/siri" version="2.0"><ServiceRequest>'
    "<StopMonitoringRequest><MonitoringRef>FR_NAOLIB:Quay:94</MonitoringRef>"
    "</StopMonitoringRequest></ServiceRequest></Siri>"
)
Suffer = Callable[[str], httpx.Response]


@pytest.fixture
def suffer(city: httpx.Client) -> Suffer:
    """Asks for the pools under a fault."""

    def ask(kind: str) -> httpx.Response:
        assert city.put("/_control/faults/pools", content=kind).status_code == 200
        return city.get(POOLS)

    return ask


@pytest.mark.parametrize("status", ["401", "403", "404", "500", "502", "503"])
def test_statuses(suffer: Suffer, status: str) -> None:
    assert suffer(status).status_code == int(status)


def test_too_many(suffer: Suffer) -> None:
    answer = suffer("429:17")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "17")


def test_delay(suffer: Suffer) -> None:
    began = perf_counter()
    assert len(suffer("delay:0.2").json()) == 17
    assert perf_counter() - began >= 0.2


def test_hang(city: httpx.Client) -> None:
    city.put("/_control/faults/pools", content="hang")
    with pytest.raises(httpx.ReadTimeout):
        city.get(POOLS, timeout=0.2)


def test_drip(city: httpx.Client) -> None:
    city.put("/_control/faults/pools", content="drip")
    with city.stream("GET", POOLS, timeout=0.2) as answer:
        assert int(answer.headers["content-length"]) > 1000
        received: list[bytes] = []
        with pytest.raises(httpx.ReadTimeout):
            received.extend(answer.iter_raw())
    assert received == [b"["]


def test_reset(suffer: Suffer) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        suffer("reset")


def test_truncated(suffer: Suffer) -> None:
    answer = suffer("truncated")
    assert int(answer.headers["content-length"]) == len(answer.content)
    with pytest.raises(ValueError, match=r"Unterminated|delimiter|Expecting"):
        answer.json()


def test_html(suffer: Suffer) -> None:
    answer = suffer("html")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "<html" in answer.text.lower() or "<!doctype" in answer.text.lower()


def test_wrong_columns(suffer: Suffer) -> None:
    rows = suffer("wrong_columns").json()
    assert len(rows) == 17
    assert set(rows[0]) >= {"idobj_v2", "nom_complet_v2"}
    assert all(name.endswith("_v2") for name in rows[0])


def test_empty_and_half(suffer: Suffer) -> None:
    assert suffer("empty").json() == []
    assert len(suffer("half").json()) == 9


def test_gzip_bomb(city: httpx.Client) -> None:
    city.put("/_control/faults/pools", content="gzip_bomb")
    with city.stream("GET", POOLS) as answer:
        packed = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert len(packed) < 1 << 20
    unpacked, size = zlib.decompressobj(wbits=31), 0
    while packed:
        size += len(unpacked.decompress(packed, 1 << 22))
        packed = unpacked.unconsumed_tail
    assert size > 100 << 20


def test_wrong_type(suffer: Suffer) -> None:
    answer = suffer("wrong_type")
    assert len(answer.json()) == 17
    assert answer.headers["content-type"].startswith("text/html")


def test_interrupted(suffer: Suffer) -> None:
    answer = suffer("interrupted")
    assert answer.status_code == 200
    assert answer.text.startswith("[")
    assert "Streaming interrupted due to the following error" in answer.text


def test_always_304(suffer: Suffer) -> None:
    answer = suffer("304")
    assert (answer.status_code, answer.content) == (304, b"")


def test_redirect(suffer: Suffer) -> None:
    answer = suffer("redirect")
    assert answer.status_code == 302
    assert httpx.URL(answer.headers["location"]).host == "maintenance.example"


def test_flaky_recovers(city: httpx.Client) -> None:
    city.put("/_control/faults/pools", content="flaky:2")
    assert [city.get(POOLS).status_code for _ in range(4)] == [502, 502, 200, 200]
    assert city.get("/_control").json()["faults"] == {}


def test_skew_moves_the_clock_of_one_upstream(city: httpx.Client) -> None:
    city.put("/_control/faults/departures", content="skew:-7200")
    answer = city.post(SIRI_PATH, content=REQUEST)
    assert "<ResponseTimestamp>2026-11-24T10:00:00" in answer.text
    assert (NOON - parsedate_to_datetime(answer.headers["date"])).total_seconds() == 7200
    assert parsedate_to_datetime(city.get(POOLS).headers["date"]) == NOON


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"delay", "hang", "drip", "reset"}))
def test_departures_suffer_every_kind(city: httpx.Client, kind: str) -> None:
    """XML or JSON, each kind leaves its mark."""
    well = city.post(SIRI_PATH, content=REQUEST)
    text = f"{kind}:40" if KINDS[kind].number else kind
    city.put("/_control/faults/departures", content=text)
    with city.stream("POST", SIRI_PATH, content=REQUEST) as ill:
        raw = b"".join(ill.iter_raw())
    assert (ill.status_code, ill.headers.get("content-type"), raw) != (
        well.status_code,
        well.headers["content-type"],
        well.content,
    )
    city.delete("/_control/faults/departures")
    assert city.post(SIRI_PATH, content=REQUEST).content == well.content


def test_the_file_loses_names_or_rows(city: httpx.Client) -> None:
    def stops(kind: str) -> list[str]:
        city.put("/_control/faults/stops", content=kind)
        with zipfile.ZipFile(io.BytesIO(city.get(GTFS).content)) as archive:
            return archive.read("stops.txt").decode().splitlines()

    whole = stops("skew:0")
    assert len(stops("half")) - 1 == len(whole) // 2
    assert len(stops("empty")) == 1
    assert stops("wrong_columns")[0].startswith("\ufeffstop_id_v2,")
    with pytest.raises(zipfile.BadZipFile):
        stops("truncated")


def test_departures_lose_names_or_rows(city: httpx.Client) -> None:
    def answer(kind: str) -> str:
        city.put("/_control/faults/departures", content=kind)
        return city.post(SIRI_PATH, content=REQUEST).text

    whole = answer("skew:0").count("<MonitoredStopVisit>")
    assert answer("half").count("<MonitoredStopVisit>") == (whole + 1) // 2
    assert answer("empty").count("<MonitoredStopVisit>") == 0
    renamed = answer("wrong_columns")
    assert renamed.count("<MonitoredStopVisit>") == whole
    assert "<LineRef>" not in renamed
    assert renamed.count("<LineRef_v2>") == whole


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("school=delay:2", UPSTREAMS),
        ("schools=slow", KINDS),
        ("schools=delay", ["seconds"]),
        ("schools=delay:soon", ["seconds"]),
        ("schools=delay:inf", ["seconds"]),
        ("schools=html:2", ["no number"]),
        ("schools", KINDS),
    ],
)
def test_a_wrong_word_names_the_right_ones(text: str, words: list[str]) -> None:
    with pytest.raises(UnknownFault) as refused:
        parse(text)
    assert all(word in str(refused.value) for word in words)


def test_parse() -> None:
    name, fault = parse("pools.hours=delay:2.5")
    assert (name, fault.kind, fault.number, str(fault)) == (
        "pools.hours",
        "delay",
        2.5,
        "delay:2.5",
    )
    assert str(parse("menus=html")[1]) == "html"


def test_control_tells_and_forgets(city: httpx.Client) -> None:
    city.put("/_control/faults/menus", content="html")
    state = city.put("/_control/faults/pools.hours", content="delay:2").json()
    assert state["faults"] == {"menus": "html", "pools.hours": "delay:2"}
    assert state["upstreams"].keys() == UPSTREAMS.keys()
    assert "429:SECONDS" in state["kinds"]
    assert city.delete("/_control/faults/menus").json()["faults"] == {"pools.hours": "delay:2"}
    assert city.delete("/_control/faults").json()["faults"] == {}
    wrong = city.put("/_control/faults/buses", content="html")
    assert wrong.status_code == 400
    assert "departures" in wrong.text
    assert city.put("/_control/faults/menus", content="boom").status_code == 400
    assert city.delete("/_control/faults/buses").status_code == 400


def test_calls_are_counted_with_their_times(city: httpx.Client) -> None:
    city.put("/_control/clock", content="2026-06-02T12:00:00+02:00")
    city.get(POOLS)
    city.put("/_control/clock", content="2026-06-02T10:00:30Z")
    city.get(POOLS)
    city.get(f"{NANTES}/none")
    state = city.get("/_control").json()
    times = ["2026-06-02T10:00:00+00:00", "2026-06-02T10:00:30+00:00"]
    assert state["calls"]["pools"] == {"count": 2, "times": times}
    assert state["calls"]["menus"] == {"count": 0, "times": []}
    assert state["paths"][POOLS]["count"] == 2
    assert state["paths"][f"{NANTES}/none"]["count"] == 1
    assert city.post("/_control/calls/reset").json()["paths"] == {}


def test_the_clock_can_be_set(city: httpx.Client) -> None:
    assert city.put("/_control/clock", content="2026-06-02T12:00:00+02:00").status_code == 200
    assert city.get(POOLS).headers["date"] == "Tue, 02 Jun 2026 10:00:00 GMT"
    for wrong in ("noon", "2026-06-02T12:00:00"):
        assert city.put("/_control/clock", content=wrong).status_code == 400
    assert city.put("/_control/clock", content="real").json()["clock"] == NOON.isoformat()


def test_control_can_be_closed_and_faults_given_at_the_start(world: World) -> None:
    with running(world, control=False, faults=[parse("pools=503")]) as base:
        assert httpx.get(f"{base}/_control").status_code == 404
        assert httpx.get(f"{base}{POOLS}").status_code == 503


def test_it_stops_even_while_it_hangs(world: World) -> None:
    with running(world, faults=[parse("pools=hang")]) as base:
        host, port = httpx.URL(base).host, httpx.URL(base).port
        waiting = sockets.create_connection((host, port or 0))
        waiting.sendall(f"GET {POOLS} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert httpx.get(f"{base}/_control").json()["calls"]["pools"]["count"] <= 1
    waiting.close()


def test_a_taken_port_is_an_error(city: httpx.Client, world: World) -> None:
    with pytest.raises(OSError, match="in use"), running(world, city.base_url.port or 0):
        pass


def test_the_front_page_lists_the_upstreams(city: httpx.Client) -> None:
    page = city.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert all(f"<b>{name}</b>" in page.text for name in UPSTREAMS)
