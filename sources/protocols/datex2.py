"""Datex2: DATEX II 2 in XML, how road operators tell of their car parks, full or not.

https://docs.datex2.eu/v2/, its parking publications and the older parking facilities

    url      the publication that describes them (ParkingTablePublication)
    status   the one that tells how they are (ParkingStatusPublication); left out if there is
             none, or if both are one

Calls: one for each. One row per car park: the two are joined by its id, of which reports may know
only the beginning (`1035[P+R Bondorf]` is `1035`). Elements stand under their local names, whatever
their namespace and depth, texts in the first of their languages, and `id` is the attribute.
`assignedParkingSpaces` holds how many are for whom, by DATEX's word: `disabled`, `families`.
Where the vacant spaces are not told, they are what all less the occupied ones leave.
"""

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

import msgspec
from lxml import etree

from sources.protocols import Ask, Speaks
from sources.protocols.siri import local

RECORDS = {"parkingRecord", "parkingFacility"}
REPORTS = {"parkingRecordStatus": "parkingRecordReference"}
REPORTS["parkingFacilityStatus"] = "parkingFacilityReference"
PUBLISHED = "payloadPublication"
ASSIGNED, COUNT = "assignedParkingSpaces", "numberOfAssignedParkingSpaces"
TOTAL, OCCUPIED = "parkingNumberOfSpacesOverride", "parkingNumberOfOccupiedSpaces"
VACANT = "parkingNumberOfVacantSpaces"
# What says other things under the same names: of an owner, an entrance, a time.
LEFT_OUT = {"openingTimes", "tariffsAndPayment", "owner", "operator", "contact", "parkingAccess"}
LEFT_OUT |= {"vehicleCountAndRate", "overrideParkingThresholds"}
Json = dict[str, Any]


class Datex2(Speaks):
    url: str
    status: str | None = None

    async def fetch(self, ask: Ask) -> bytes:
        """The publications as they came, in one list."""
        bodies = [(await ask.get(self.url, whole=self.status is None)).body]
        if self.status is not None:
            bodies.append((await ask.get(self.status)).body)
        return msgspec.json.encode(bodies)

    def rows(self, body: bytes) -> Iterator[Mapping[str, Any]]:
        """One row per car park that is described; what is reported of no other is left out."""
        described: list[Json] = []
        reported: dict[str, Json] = {}
        for publication in _publications(body):
            for name, row in _elements(publication):
                if name in RECORDS:
                    described.append(row)
                else:
                    reported[row["id"]] = row
                    reported.setdefault(row["id"].partition("[")[0], row)
        for row in described:
            yield {**row, **reported.get(row["id"], {}), "id": row["id"]}


def _publications(body: bytes) -> list[bytes]:
    try:
        return msgspec.json.decode(body, type=list[bytes])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"no list of publications: {error}") from None


def _elements(body: bytes) -> Iterator[tuple[str, Json]]:
    """The car parks and reports of a publication, by their elements; ValueError if it is none."""
    # Whoever answers is not to be trusted: no entities, no DTD, no files, no network.
    events = etree.iterparse(
        BytesIO(body),
        events=("end",),
        tag=[f"{{*}}{name}" for name in (*RECORDS, *REPORTS, PUBLISHED)],
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    published = False
    try:
        for _, element in events:
            if element.getroottree().docinfo.doctype:
                raise ValueError("a document type, which no publication has")
            name = local(element.tag)
            if name == PUBLISHED:
                published = True
            else:
                yield name, _row(element, name)
                element.clear()
    except etree.LxmlError as error:
        raise ValueError(f"not XML, or cut off: {error}") from None
    if not published:
        raise ValueError("no publication")


def _row(element: etree._Element, name: str) -> Json:
    row: Json = {}
    _flatten(element, row)
    row["id"] = element.get("id") or ""
    if name in REPORTS:
        [*about] = element.iterchildren(f"{{*}}{REPORTS[name]}")
        row["id"] = about[0].get("id") or "" if about else ""
        if VACANT not in row and str(row.get(TOTAL)).isdecimal():
            occupied = str(row.get(OCCUPIED))
            if occupied.isdecimal():
                row[VACANT] = str(int(row[TOTAL]) - int(occupied))
    return row


def _flatten(element: etree._Element, row: Json) -> None:
    """Everything an element says, by local names; of several by one name the first."""
    for child in element:
        name = local(child.tag)
        if name == ASSIGNED:
            _assign(child, row.setdefault(ASSIGNED, {}))
        elif len(child) and local(child[0].tag) == "values":
            first = next(iter(child[0]), child[0])
            row.setdefault(name, " ".join("".join(map(str, first.itertext())).split()))
        elif len(child):
            if name not in LEFT_OUT:
                _flatten(child, row)
        elif child.text and child.text.strip():
            row.setdefault(name, child.text.strip())


def _assign(element: etree._Element, counts: dict[str, str]) -> None:
    """How many spaces are for whom: a number among words that say so."""
    texts = {local(one.tag): (one.text or "").strip() for one in element.iter() if not len(one)}
    number = texts.pop(COUNT, "")
    for word in filter(None, texts.values()):
        counts.setdefault(word, number)
