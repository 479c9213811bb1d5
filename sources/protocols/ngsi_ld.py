"""NgsiLd: ETSI NGSI-LD, how a broker tells its sensors' last state; and NGSI-v2, its elder.

https://www.etsi.org/deliver/etsi_gs/CIM/001_099/009/01.08.01_60/gs_cim009v010801p.pdf,
NGSI-v2: https://fiware.github.io/specifications/ngsiv2/stable/

    url            the broker: "https://broker.example"; what follows is `/ngsi-ld/v1/entities`,
                   or `/v2/entities`
    version        "ld" (default), or "v2"
    type           of which entities: "NoiseLevelObserved"; in full (https://...) without `context`
    q              condition on them, in NGSI's own language; left out = all
    attrs          which of their attributes, apart by commas; left out = all
    context        address of the JSON-LD context that short names are meant in, sent as `Link`
    tenant         sent as `NGSILD-Tenant`, or `Fiware-Service`
    service_path   of NGSI-v2: sent as `Fiware-ServicePath`

Pages of 1,000 entities, the most that brokers give; one call each. What comes must be as many as
were counted (`NGSILD-Results-Count`), and no more than 20,000.

A row has the entity's `id` and `type`, and the plain value of each of its attributes under its
name, however it is written: normalized, concise or as key and value, in either version. Beside them
`observedAt` and `unitCode` hold what is said of a value, by the name of its attribute. Of an
attribute that is there several times (`datasetId`), the one without a name holds, else the first.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from sources.protocols import Ask, Reply, Speaks

PAGE, MOST = 1_000, 20_000
BOM = b"\xef\xbb\xbf"
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
CONTEXT = "http://www.w3.org/ns/json-ld#context"
ENTITIES = {"ld": "/ngsi-ld/v1/entities", "v2": "/v2/entities"}
COUNTS = {"ld": "ngsild-results-count", "v2": "fiware-total-count"}
# Where an attribute's value is, by what it is: a property, a relationship, a text in languages.
VALUES = ("value", "object", "languageMap", "vocab")
# What is said of a value, and the names of the metadata that say it in NGSI-v2.
SAID = {"observedAt": ("observedAt", "TimeInstant", "timestamp"), "unitCode": ("unitCode", "unit")}
Json = Mapping[str, Any]


class Complaint(msgspec.Struct):
    """The body of an error: a problem (RFC 7807), or NGSI-v2's own words."""

    title: str | None = None
    detail: str | None = None
    error: str | None = None
    description: str | None = None


class NgsiLd(Speaks):
    url: str
    version: Literal["ld", "v2"] = "ld"
    type: str
    q: str | None = None
    attrs: str | None = None
    context: str | None = None
    tenant: str | None = None
    service_path: str | None = None

    async def fetch(self, ask: Ask) -> bytes:
        """All pages as one list; ValueError rather than some of them."""
        entities: list[msgspec.Raw] = []
        while True:
            reply = await self._page(ask, len(entities))
            some = _decoded(reply.body)
            entities += some
            told = reply.headers.get(COUNTS[self.version], "")
            count = int(told) if told.isdecimal() else None
            if max(count or 0, len(entities)) > MOST:
                raise ValueError(f"more than {MOST} entities: `q` says which of them")
            if len(entities) == count or (count is None and len(some) < PAGE):
                return b"[%s]" % b",".join(map(bytes, entities))
            if count is not None and (not some or len(entities) > count):
                raise ValueError(f"{len(entities)} entities, where {count} were counted")

    def rows(self, body: bytes) -> Iterator[Json]:
        """One row per entity; one that is no object is an empty row, for the reader to drop."""
        for raw in _decoded(body):
            try:
                yield _flat(msgspec.json.decode(raw, type=dict[str, Any]))
            except NOT_JSON:
                yield {}

    def complaint(self, body: bytes) -> str | None:
        try:
            said = msgspec.json.decode(body, type=Complaint)
        except NOT_JSON:
            return super().complaint(body)
        words = filter(None, (said.title or said.error, said.detail or said.description))
        return ": ".join(words)[:200] or super().complaint(body)

    async def _page(self, ask: Ask, offset: int) -> Reply:
        counted = {"count": "true"} if self.version == "ld" else {"options": "count"}
        asked = {"type": self.type, "q": self.q, "attrs": self.attrs, **counted}
        params = {name: value for name, value in asked.items() if value is not None}
        params |= {"limit": str(PAGE), "offset": str(offset)}
        url = self.url.rstrip("/") + ENTITIES[self.version]
        return await ask.get(url, params, self._headers())

    def _headers(self) -> dict[str, str]:
        headers = {"accept": "application/json"}
        if self.context is not None and self.version == "ld":
            headers["link"] = f'<{self.context}>; rel="{CONTEXT}"; type="application/ld+json"'
        if self.tenant is not None:
            headers["ngsild-tenant" if self.version == "ld" else "fiware-service"] = self.tenant
        if self.service_path is not None:
            headers["fiware-servicepath"] = self.service_path
        return headers


def _decoded(body: bytes) -> list[msgspec.Raw]:
    """The entities, still raw."""
    try:
        return msgspec.json.decode(body.removeprefix(BOM), type=list[msgspec.Raw])
    except NOT_JSON as error:
        raise ValueError(f"no entities: {error}; begins {body[:200]!r}") from None


def _flat(entity: Json) -> Json:
    row: dict[str, Any] = {}
    said: dict[str, dict[str, Any]] = {name: {} for name in SAID}
    for name, given in entity.items():
        attribute = _one(given)
        row[name] = _value(attribute)
        for what, found in said.items():
            if (about := _said(attribute, what)) is not None:
                found[name] = about
    return {**row, **said}


def _one(given: Any) -> Any:
    """Of several instances of one attribute, the one that is meant by its name alone."""
    if not (isinstance(given, list) and given and all(map(_is_attribute, given))):
        return given
    return next((one for one in given if "datasetId" not in one), given[0])


def _is_attribute(given: Any) -> bool:
    return isinstance(given, dict) and any(name in given for name in VALUES)


def _value(attribute: Any) -> Any:
    if _is_attribute(attribute):
        attribute = next(attribute[name] for name in VALUES if name in attribute)
    if isinstance(attribute, dict) and "@value" in attribute:
        return attribute["@value"]
    return attribute


def _said(attribute: Any, what: str) -> Any:
    """What an attribute says of its value, in its own words or in NGSI-v2's metadata."""
    if not isinstance(attribute, dict):
        return None
    if what in attribute:
        return _value(attribute[what])
    metadata = attribute.get("metadata")
    named = (metadata.get(name) for name in SAID[what]) if isinstance(metadata, dict) else ()
    return next((_value(one) for one in named if one is not None), None)
