"""Json: a file that holds a list of objects, the simplest of all tables.

https://www.rfc-editor.org/rfc/rfc8259

    url    the file's address
    path   where in it the list is, by dots: "results", "data.places"; left out = it is the list

One call: an API that gives its list in pages is no file. Rows are the list's objects; what
lies deeper in one is named by dots in the city file (`street = "address.street"`). Without a
list there, the file is refused; what is no object in it is dropped.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from sources.protocols import Ask, Speaks

BOM = b"\xef\xbb\xbf"
NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Json(Speaks):
    url: str
    path: str | None = None

    async def fetch(self, ask: Ask) -> bytes:
        return (await ask.get(self.url, whole=True)).body

    def rows(self, body: bytes) -> Iterator[Mapping[str, Any]]:
        try:
            found = msgspec.json.decode(body.removeprefix(BOM))
        except NOT_JSON as error:
            raise ValueError(f"not JSON, or cut off: {error}; begins {body[:200]!r}") from None
        for step in self.path.split(".") if self.path else ():
            found = found.get(step) if isinstance(found, dict) else None
        if not isinstance(found, list):
            raise ValueError(f"no list at `{self.path or 'its top'}`; begins {body[:200]!r}")
        for one in found:
            yield one if isinstance(one, dict) else {}
