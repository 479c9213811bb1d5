"""Asked JSON: an upstream of the bench, that is asked for one address at a time.

    url    where the upstream is

It is keyed, by the path and the query of what is asked. Rows are the list's objects, or the one
object that there is.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Self

import msgspec

from sources.protocols import Ask, Speaks


class AskedJson(Speaks):
    url: str
    asked: str = ""  # by `one`, never by a city file

    @property
    def keyed(self) -> bool:
        return True

    def one(self, key: str) -> Self:
        return self.but(asked=key)

    async def fetch(self, ask: Ask) -> bytes:
        return (await ask.get(f"{self.url}/{self.asked}", whole=True)).body

    def rows(self, body: bytes) -> Iterable[Mapping[str, Any]]:
        try:
            found = msgspec.json.decode(body)
        except msgspec.DecodeError as error:
            raise ValueError(f"not JSON: {error}") from None
        return found if isinstance(found, list) else [found]
