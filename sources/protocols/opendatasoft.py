"""Opendatasoft: Explore API v2.1, the open data portal of most French cities.

https://help.opendatasoft.com/apis/ods-explore-v2/explore_v2.1.html

    url        the portal: "https://data.nantesmetropole.fr"
    dataset    its identifier there
    where      ODSQL condition on the rows; left out = all rows. `date >= now(days=-2)` moves with
               the time, by the portal's clock
    select     ODSQL list of columns; left out = all columns
    order_by   ODSQL order; left out = the portal's own
    refine     facet = value, only the rows which have it: {commune = "Nantes"}
    exclude    facet = value, only the rows which do not have it
    timezone   what instants are written in, "UTC" unless told
    via        "exports" (default): one call, any size; "records": pages of 100, at most 10,000 rows

Limits: a key (`Authorization: Apikey ...`) is optional; anonymous calls have a
daily quota, reset at midnight UTC. An export that fails half-way says so as
text inside a 200. Older portals answer in the shapes of v1 or v2.0, which are
understood too: empty columns are left out there, and points are [lat, lon].
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from sources.protocols import Ask, Speaks
from sources.records import listed, records

PAGE, CEILING = 100, 10_000  # the API refuses pages, and offset + limit, beyond these
BOM = b"\xef\xbb\xbf"
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Envelope(msgspec.Struct):
    """What wraps the records: `results` in v2.1, `records` before; exports have no wrapping."""

    total_count: int | None = None
    results: list[msgspec.Raw] | None = None
    records: list[msgspec.Raw] | None = None


class Complaint(msgspec.Struct):
    """The body of an error: with or without an underscore, by the part of the portal that fails."""

    error_code: str | int | None = None
    message: str | None = None
    errorcode: str | int | None = None
    error: str | None = None
    reset_time: str | None = None


class Opendatasoft(Speaks):
    url: str
    dataset: str
    where: str | None = None
    select: str | None = None
    order_by: str | None = None
    refine: Mapping[str, str] = {}
    exclude: Mapping[str, str] = {}
    timezone: str = "UTC"
    via: Literal["exports", "records"] = "exports"

    async def fetch(self, ask: Ask) -> bytes:
        place = f"{dataset_url(self.url, self.dataset)}/{self.via}"
        if self.via == "records":
            return b"[%s]" % b",".join([bytes(record) for record in await self._pages(ask, place)])
        # Never an offset: it brings the ceiling back, as a failure inside a 200.
        params = {**self._params(), "limit": "-1", "use_labels": "false"}
        return (await ask.get(f"{place}/json", params, whole=True)).body

    def rows(self, body: bytes) -> Iterator[Mapping[str, Any]]:
        """The records, flat; one that is no object is an empty row, for the reader to drop."""
        for raw in _records(body):
            try:
                yield _flat(msgspec.json.decode(raw, type=dict[str, Any]))
            except NOT_JSON:
                yield {}

    def complaint(self, body: bytes) -> str | None:
        try:
            said = msgspec.json.decode(body, type=Complaint)
        except NOT_JSON:
            return super().complaint(body)
        text = said.message or said.error
        if text is None:
            return super().complaint(body)
        code = said.error_code or said.errorcode
        until = f" (until {said.reset_time})" if said.reset_time else ""
        return (f"{code}: {text}" if code else text)[:200] + until

    async def _pages(self, ask: Ask, place: str) -> list[msgspec.Raw]:
        """All pages of 100, or ValueError: never some of them."""
        records: list[msgspec.Raw] = []
        while True:
            params = {**self._params(), "limit": str(PAGE), "offset": str(len(records))}
            found = _decoded((await ask.get(place, params)).body)
            if isinstance(found, list) or found.results is None or found.total_count is None:
                raise ValueError("a page of records has no `results` or no `total_count`")
            if found.total_count > CEILING:
                raise ValueError(f'{self.dataset} has more than 10,000 rows: use via = "exports"')
            records += found.results
            if len(records) == found.total_count:
                return records
            if len(records) > found.total_count or len(found.results) < PAGE:
                raise ValueError(f"{len(records)} rows, where {found.total_count} were announced")

    def _params(self) -> dict[str, Any]:
        """The question, as both endpoints take it; a list repeats its parameter."""
        params: dict[str, Any] = {
            "where": self.where,
            "select": self.select,
            "order_by": self.order_by,
            "refine": [f"{facet}:{value}" for facet, value in self.refine.items()],
            "exclude": [f"{facet}:{value}" for facet, value in self.exclude.items()],
            "timezone": self.timezone,
        }
        return {name: value for name, value in params.items() if value}


def dataset_url(url: str, dataset: str) -> str:
    """Where a portal keeps a dataset."""
    return f"{url.rstrip('/')}/api/explore/v2.1/catalog/datasets/{dataset}"


def quoted(text: str) -> str:
    """Any text as an ODSQL string. Backslashes escape there; control characters become spaces."""
    clean = "".join(char if char.isprintable() else " " for char in text)
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _records(body: bytes) -> Iterator[msgspec.Raw]:
    """The records of any answer; ValueError, at the latest behind the last of them."""
    body = body.removeprefix(BOM)
    if listed(body):  # as long as the dataset is
        try:
            yield from records(body)
        except NOT_JSON as error:
            raise _no_json(body, error) from None
    else:
        found = _decoded(body)
        yield from found if isinstance(found, list) else found.results or found.records or ()


def _no_json(body: bytes, error: Exception) -> ValueError:
    return ValueError(f"not JSON, or cut off: {error}; ends {body[-200:]!r}")


def _decoded(body: bytes) -> Envelope | list[msgspec.Raw]:
    try:
        found = msgspec.json.decode(body.removeprefix(BOM), type=list[msgspec.Raw] | Envelope)
    except NOT_JSON as error:
        raise _no_json(body, error) from None
    if isinstance(found, Envelope) and found.results is None and found.records is None:
        raise ValueError(f"no records: {body[:200]!r}")
    return found


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """A record's columns: its own in v2.1, within `fields` in v1, `record.fields` in v2.0."""
    inner = record.get("record", record)
    fields = inner.get("fields") if isinstance(inner, dict) else None
    return fields if isinstance(fields, dict) else record
