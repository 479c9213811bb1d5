import asyncio
import json
import struct
import zipfile
from io import BytesIO

import pytest
from hypothesis import given, settings

from sources.languages import texts
from sources.protocols.gtfs import Gtfs
from tests.asked import Asked, broken, read

STOPS = Gtfs(url="https://gtfs.example/feed.zip", file="stops.txt")
TEXT = 'stop_id,stop_name,parent_station\nQ:1,"Porte, nord",P:1\nP:1,"La ""Porte""",\n'
ROWS = [
    {"stop_id": "Q:1", "stop_name": "Porte, nord", "parent_station": "P:1"},
    {"stop_id": "P:1", "stop_name": 'La "Porte"', "parent_station": None},
]


def zipped(files: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    "files",
    [
        {"stops.txt": TEXT},
        {"stops.txt": "\ufeff" + TEXT},
        {"stops.txt": TEXT.replace("\n", "\r\n")},
        {"stops.txt": TEXT.rstrip("\n")},
        {"stops.txt": TEXT.replace(",\n", "\n")},  # a blank value left out at the end
        {"stops.txt": TEXT.replace("\n", ",\n\n")},
        {"stops.txt": TEXT.replace(",s", ", s").replace(",p", " , p").replace(',"', ' , "')},
        {"feed/stops.txt": TEXT, "feed/": ""},
        {"../stops.txt": TEXT, "../feed/._stops.txt": b"\x00\x05\x16\x07"},
        {"__MACOSX/stops.txt": b"\x00\x05", "feed/stops.txt": TEXT},
        {"old/feed/stops.txt": "x\n1\n", "stops.txt": TEXT},
        {"feed\\stops.txt": TEXT},
        {"feed/": "", "feed/inner.zip": zipped({"stops.txt": TEXT})},
        {"bad_stops.txt": "x\n1\n", "stops.txt": TEXT},
    ],
)
def test_every_way_of_packing_gives_the_same_rows(files: dict[str, bytes | str]) -> None:
    rows = [{k: v for k, v in row.items() if k} for row in STOPS.rows(zipped(files))]
    assert rows == ROWS


def test_columns_nobody_knows_come_along() -> None:
    assert list(STOPS.rows(zipped({"stops.txt": "stop_id,moon\n1,full\n"}))) == [
        {"stop_id": "1", "moon": "full"}
    ]


def test_latin_1_is_read_line_by_line() -> None:
    text = b"stop_id,stop_name\n1,Orvault \xe9glise\n2,\xc3\x89glise\n"
    names = [row["stop_name"] for row in STOPS.rows(zipped({"stops.txt": text}))]
    assert names == ["Orvault église", "Église"]


def test_a_broken_line_costs_only_itself() -> None:
    text = 'stop_id,stop_name\n1,"never closed\n2,Porte\n3,too,many\n4,"nor\rthis\n5,"last'
    assert list(STOPS.rows(zipped({"stops.txt": text}))) == [
        {},
        {"stop_id": "2", "stop_name": "Porte"},
        {},
        {},
        {},
    ]


TRANSLATIONS = """table_name,field_name,language,translation,record_id,field_value
stops,stop_name,en,Gate,7,
stops,stop_name,br,Porzh,7,
stops,stop_name,en,Church,,Église
routes,stop_name,en,No,9,
stops,stop_name,en,,9,
"""


@pytest.mark.parametrize(
    ("translations", "said"),
    [
        (TRANSLATIONS, [["Porte", "Gate", "Porzh"], ["Église", "Church"], ["Quai"]]),
        ("", [["Porte"], ["Église"], ["Quai"]]),
        ("what,ever\n1,2\n", [["Porte"], ["Église"], ["Quai"]]),
        ("table_name\n" + "0" * (4 << 20), [["Porte"], ["Église"], ["Quai"]]),  # a bomb
    ],
)
def test_names_in_several_languages(translations: str, said: list[list[str]]) -> None:
    stops = "stop_id,stop_name\n7,Porte\n8,Église\n9,Quai\n"
    rows = STOPS.rows(zipped({"stops.txt": stops, "translations.txt": translations}))
    assert [[one.text for one in texts(row["stop_name"])] for row in rows] == said


def encrypted(body: bytes) -> bytes:
    """The same, but for the flag that says that it is encrypted."""
    entry = body.index(b"PK\x01\x02") + 8
    return body[:entry] + struct.pack("<H", 1) + body[entry + 2 :]


BOMB = zipped({"stops.txt": b"stop_id\n" + b"0" * (4 << 20)})


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not a zip"),
        (b"not a zip file", "not a zip"),
        (zipped({"stops.txt": TEXT})[:-30], "not a zip"),
        (zipped({"stops.txt": TEXT}, zipfile.ZIP_STORED).replace(b"Porte", b"Forte"), "CRC"),
        (zipped({"routes.txt": TEXT, "bad_stops.txt": TEXT}), "no stops.txt"),
        (zipped({"a.zip": zipped({"stops.txt": TEXT}), "b.zip": zipped({})}), "no stops.txt"),
        (zipped({"a.zip": zipped({"b.zip": zipped({"stops.txt": TEXT})})}), "no stops.txt"),
        (zipped({"stops.txt": ""}), "no header"),
        (zipped({"stops.txt": TEXT}, zipfile.ZIP_LZMA), "neither stored nor deflated"),
        (encrypted(zipped({"stops.txt": TEXT})), "encrypted"),
        (BOMB, "a bomb"),
        (zipped({"inner.zip": BOMB}), "a bomb"),
    ],
)
def test_what_cannot_be_a_feed_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        list(STOPS.rows(body))


def test_more_than_is_allowed_is_refused() -> None:
    small = STOPS.model_copy(update={"max_unzipped": len(TEXT) - 1})
    with pytest.raises(ValueError, match="more than the"):
        list(small.rows(zipped({"stops.txt": TEXT})))
    with pytest.raises(ValueError, match="more than the"):
        list(small.rows(zipped({"inner.zip": zipped({"stops.txt": TEXT})})))


def test_a_zip_is_fetched_where_the_portal_says() -> None:
    portal = Gtfs(url="https://data.example", dataset="network", file="stops.txt")
    record = {"results": [{"fichier": {"filename": "f.zip", "url": "https://data.example/f/9"}}]}
    ask = Asked(json.dumps(record).encode(), b"zip")
    assert asyncio.run(portal.fetch(ask)) == b"zip"
    assert [(url, params) for url, params, _ in ask.calls] == [
        (
            "https://data.example/api/explore/v2.1/catalog/datasets/network/records",
            {"limit": "1"},
        ),
        ("https://data.example/f/9", {}),
    ]


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"results": []}',
        b'{"results": [{"fichier": null}]}',
        b'{"results": [{"fichier": {"url": 7}}]}',
    ],
)
def test_a_record_without_a_zip_is_told(record: bytes) -> None:
    portal = Gtfs(url="https://data.example", dataset="network", file="stops.txt")
    with pytest.raises(ValueError, match="`fichier`"):
        asyncio.run(portal.fetch(Asked(record)))


def test_a_zip_without_a_portal_is_one_call() -> None:
    ask = Asked(b"zip")
    assert asyncio.run(STOPS.fetch(ask)) == b"zip"
    assert [call[0] for call in ask.calls] == ["https://gtfs.example/feed.zip"]


def test_files_of_one_zip_share_it() -> None:
    assert STOPS.feed() == STOPS.model_copy(update={"file": "routes.txt"}).feed()
    assert STOPS.feed() != STOPS.model_copy(update={"url": "https://gtfs.example/b.zip"}).feed()


@settings(max_examples=300, deadline=None)
@given(
    broken(zipped({"stops.txt": TEXT}))
    | broken(zipped({"feed/stops.txt": TEXT, "feed/x.txt": "x"}, zipfile.ZIP_STORED))
    | broken(zipped({"inner.zip": zipped({"stops.txt": TEXT})}))
    | broken(TEXT.encode()).map(lambda text: zipped({"stops.txt": text}))
)
def test_any_bytes_are_rows_or_refused(body: bytes) -> None:
    rows = read(STOPS, body)
    assert rows is None or len(rows) < 1000
