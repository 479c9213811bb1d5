"""JoursFeries: the public holidays of France, as calendrier.api.gouv.fr publishes them.

https://calendrier.api.gouv.fr/jours-feries/

    url        a zone's file: ".../jours-feries/metropole.json", "alsace-moselle.json"
               (`region` of such a city is "57" or "6AE"), "la-reunion.json", ...

One call: all years that are published, some twenty of the past and five to come, as one
JSON object of names by day. No key, no published quota. Rows are `date` and `name`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from sources.protocols import Ask, Speaks

NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class JoursFeries(Speaks):
    url: str

    async def fetch(self, ask: Ask) -> bytes:
        return (await ask.get(self.url, whole=True)).body

    def rows(self, body: bytes) -> Iterator[Mapping[str, Any]]:
        try:
            found = msgspec.json.decode(body, type=dict[str, Any])
        except NOT_JSON as error:
            raise ValueError(f"no object of days: {error}; begins {body[:200]!r}") from None
        for day, name in found.items():
            yield {"date": day, "name": name}
