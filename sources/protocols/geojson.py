"""Geojson: a file of features, as any map tool writes it (RFC 7946).

https://www.rfc-editor.org/rfc/rfc7946

    url   the file's address

One call. Rows are the features' properties, with `geometry` beside them, in which a position is
found: `position = "geometry"`, of an area or a line one of its points. A feature's `id` is a
column, too, where no property is called so. Points are [lon, lat] in WGS 84, as the RFC has it;
other systems are not understood.
A file that is cut off, or no FeatureCollection, is refused; a feature that cannot be read is
dropped.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sources import geojson
from sources.protocols import Ask, Speaks


class Geojson(Speaks):
    url: str

    async def fetch(self, ask: Ask) -> bytes:
        return (await ask.get(self.url, whole=True)).body

    def rows(self, body: bytes) -> Iterator[Mapping[str, Any]]:
        return geojson.rows(body)
