"""Open311: GeoReport v2, how a city takes what its citizens report, and lists it.

https://wiki.open311.org/GeoReport_v2/

    url           up to the version: "https://sags-uns.stadt-koeln.de/georeport/v2"
    resource      "requests" (default): what was reported; "services": what can be; "definitions":
                  what else is asked of a service, one at a time, which has to be one of those
    jurisdiction  `jurisdiction_id`, where one server serves several cities
    format        "json" (default) or "xml", which every server must speak
    days          of requests, only those of so many days, 1 to 90; left out = the server's default
    page_size     of requests, where the server pages: how many it gives at once
    pages         at most so many of them

Limits: 90 days or 1,000 requests in an answer, less where a server pages. A key goes into the
form of what is sent: `key = { place = "form", name = "api_key" }`. Errors are a list of `code` and
`description`. Codes are texts, even where they come as 001, as in the specification's own
examples. What is sent gets an id, or a token that becomes one (`requests` from `tokens`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Literal, Self
from urllib.parse import quote, urlencode

import msgspec
from lxml import etree
from pydantic import Field

from sources.protocols import Ask, Speaks

BOM = b"\xef\xbb\xbf"
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
# A number that JSON does not know, where it is not in a text.
ZERO_LED = re.compile(rb'("(?:\\.|[^"\\])*")|(?<![\w.+-])(0\d+)(?![\w.])')
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
ID = "service_request_id"


class Open311(Speaks):
    url: str
    resource: Literal["requests", "services", "definitions"] = "requests"
    jurisdiction: str | None = None
    format: Literal["json", "xml"] = "json"
    days: int | None = Field(default=None, ge=1, le=90)
    page_size: int | None = Field(default=None, ge=1, le=1_000)
    pages: int = Field(default=1, ge=1, le=20)
    asked: str = ""  # by `one`, never by a city file

    @property
    def keyed(self) -> bool:
        return self.resource == "definitions"

    def one(self, key: str) -> Self:
        return self.but(asked=key)

    async def fetch(self, ask: Ask) -> bytes:
        params = self._params
        if self.resource == "definitions":
            place = self._place(f"services/{quote(self.asked, '')}")
            return (await ask.get(place, params, whole=True)).body
        if self.resource == "requests" and self.days is not None:
            params["start_date"] = f"{ask.now - timedelta(days=self.days):%Y-%m-%dT%H:%M:%SZ}"
        if self.resource == "services" or self.page_size is None:
            return (await ask.get(self._place(self.resource), params, whole=True)).body
        found: dict[str, Mapping[str, Any]] = {}
        for page in range(1, self.pages + 1):
            asked = {**params, "page": str(page), "page_size": str(self.page_size)}
            rows = list(_rows((await ask.get(self._place(self.resource), asked)).body))
            new = {str(row.get(ID)): row for row in rows}
            known = len(found)
            found = {**new, **found}
            if len(rows) < self.page_size or len(found) == known:  # some do not know of pages
                break
        return msgspec.json.encode(list(found.values()))

    def rows(self, body: bytes) -> Iterator[Mapping[str, Any]]:
        """The records; of requests with their `position`, of definitions the attributes."""
        if self.resource == "definitions":
            yield from _attributes(body)
            return
        for row in _rows(body):
            yield {**row, "position": {"lat": row.get("lat"), "lon": row.get("long")}}

    async def send(self, ask: Ask, form: Iterable[tuple[str, str]]) -> Mapping[str, Any]:
        """Report something, once; what the server says of it: its id, or a token.

        ValueError if the answer says neither.
        """
        body = urlencode([*self._params.items(), *form]).encode()
        reply = await ask.post(self._place("requests"), body, FORM, once=True)
        return _receipt(reply.body)

    async def redeem(self, ask: Ask, token: str) -> Mapping[str, Any]:
        """What has become of a token: the id if there is one by now; ValueError as for `send`."""
        reply = await ask.get(self._place(f"tokens/{quote(token, '')}"), self._params)
        return _receipt(reply.body)

    def complaint(self, body: bytes) -> str | None:
        try:
            errors = list(_rows(body))
        except ValueError:
            return super().complaint(body)
        said = [str(one["description"]) for one in errors if one.get("description")]
        return "; ".join(said)[:500] or super().complaint(body)

    @property
    def _params(self) -> dict[str, str]:
        return {} if self.jurisdiction is None else {"jurisdiction_id": self.jurisdiction}

    def _place(self, path: str) -> str:
        return f"{self.url.rstrip('/')}/{path}.{self.format}"


def _receipt(body: bytes) -> Mapping[str, Any]:
    for row in _rows(body):
        if row.get(ID) or row.get("token"):
            return row
    raise ValueError("neither an id nor a token")


def _rows(body: bytes) -> Iterable[Mapping[str, Any]]:
    """The records of an answer in either format, whatever wraps them; ValueError if it is none."""
    body = body.removeprefix(BOM).strip()
    return _xml(body) if body.startswith(b"<") else _json(body)


def _attributes(body: bytes) -> Iterator[Mapping[str, Any]]:
    """What a service definition asks for, in either format; ValueError if it is none."""
    body = body.removeprefix(BOM).strip()
    if body.startswith(b"<"):
        root = _parsed(body)
        if etree.QName(root).localname != "service_definition":
            raise ValueError("no service definition")
        for one in root.iter("{*}attribute"):
            values = [_texts(value) for value in one.iter("{*}value")]
            yield {**_texts(one), "values": values}
        return
    for row in _json(body):
        inside = row.get("attributes")  # of one that is wrapped in a list
        for one in inside if isinstance(inside, list) else (row,):
            yield one if isinstance(one, dict) else {}


def _json(body: bytes) -> list[Mapping[str, Any]]:
    try:
        found = msgspec.json.decode(body)
    except NOT_JSON:
        mended = ZERO_LED.sub(lambda m: m[1] or b'"' + m[2] + b'"', body)
        try:
            found = msgspec.json.decode(mended)
        except NOT_JSON as error:
            raise ValueError(f"not JSON, or cut off: {error}") from None
    if isinstance(found, dict):
        lists = [value for value in found.values() if isinstance(value, list)]
        found = lists[0] if len(lists) == 1 else [found]
    if not isinstance(found, list):
        raise ValueError("no list of records")
    return [row if isinstance(row, dict) else {} for row in found]


def _xml(body: bytes) -> list[Mapping[str, Any]]:
    return [_texts(row) for row in _parsed(body) if isinstance(row.tag, str)]


def _parsed(body: bytes) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"not XML, or cut off: {error}") from None
    if etree.QName(root).localname == "html":
        raise ValueError("a page, not a list of records")
    return root


def _texts(row: Any) -> dict[str, Any]:
    """What the elements within one say, by their names."""
    return {etree.QName(one).localname: one.text for one in row if isinstance(one.tag, str)}
