"""Wfs: OGC Web Feature Service 2.0, the tables behind a map, as GeoServer serves them.

https://docs.geoserver.org/latest/en/user/services/wfs/reference.html

    url        the service's address: "https://data.atmo-france.org/geoserver/ind/ows"
    layer      its name there: "ind:ind_atmo"
    filter     CQL condition on the features; left out = all. `{communes}` writes its codes
               with double quotes, which CQL has for names: they become single ones
    day        the property that holds the day a feature is for: only those of today and of the
               `days` - 1 that follow are asked for, so that each day has a question of its own
    days       2 unless told
    timezone   whose today; "Europe/Paris" unless told
    may_be_empty   whether no feature at all is an answer; false unless told, for layers are
               emptied while they are made anew, and then the last good answer is shown instead

One call. Rows are the features' properties, with `geometry` beside them. An answer that
holds fewer features than matched is refused rather than shown as the whole; so is what
GeoServer says in XML, at times inside a 200, when it does not like the question.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field

from sources import geojson
from sources.protocols import Ask, Speaks, TimeZone

MOST = 10_000  # features of one answer
NAME = r"[A-Za-z_][A-Za-z0-9_]*"
EXCEPTION = re.compile(rb"Exception(?:Text)?[^<>]*>\s*([^<>\s][^<>]*)<")


class Wfs(Speaks):
    url: str
    layer: str
    filter: str | None = None
    day: str | None = Field(default=None, pattern=rf"^{NAME}$")
    days: int = Field(default=2, ge=1, le=31)
    timezone: TimeZone = "Europe/Paris"
    may_be_empty: bool = False

    async def fetch(self, ask: Ask) -> bytes:
        params = {
            "service": "WFS",
            "version": "2.0.0",
            "request": "GetFeature",
            "typeNames": self.layer,
            "outputFormat": "application/json",
            "srsName": "EPSG:4326",
            "count": str(MOST),
        }
        if condition := self._condition(ask.now):
            params["CQL_FILTER"] = condition
        return (await ask.get(self.url, params, whole=True)).body

    def rows(self, body: bytes) -> Iterator[Mapping[str, Any]]:
        if body.lstrip()[:1] == b"<":
            raise ValueError(self.complaint(body) or "XML, and no exception in it")
        found = geojson.decoded(body)
        if isinstance(found.number_matched, int) and len(found.features) < found.number_matched:
            raise ValueError(f"{len(found.features)} features of {found.number_matched}")
        if not found.features and not self.may_be_empty:
            raise ValueError("no feature at all")
        yield from geojson.rows(body)

    def complaint(self, body: bytes) -> str | None:
        """The text of an ExceptionReport."""
        said = EXCEPTION.search(body[:10_000])
        if said is None:
            return super().complaint(body)
        return " ".join(said[1].decode("utf-8", "replace").split())[:200]

    def _condition(self, now: datetime) -> str:
        """Equalities, since not every version compares a date with each member of a list."""
        parts = []
        if self.day is not None:
            today = now.astimezone(ZoneInfo(self.timezone)).date()
            asked = (today + timedelta(days=n) for n in range(self.days))
            parts.append(" OR ".join(f"{self.day}='{day}'" for day in asked))
        if self.filter is not None:
            parts.append(self.filter.replace('"', "'"))
        return " AND ".join(f"({part})" for part in parts)
