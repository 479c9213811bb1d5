"""Atmo_data: the API of Atmo France, which one enters with an account.

https://admindata.atmo-france.org/api/doc/v2

    url        "https://admindata.atmo-france.org"
    index      the number of what is asked for: 122 is the pollen index
    timezone   whose today; "Europe/Paris" unless told

It is keyed, by the INSEE code of a commune: its days from today on. A read is two calls, one of
which brings the user's name and password, for a token; so let what is read last for hours, for
how often one may enter is limited (429). They are the key, `name:password`, which goes into the
body under the API's words: `key = { place = "json", name = "username password" }`. Rows are the
features' properties.

Seen in other clients' code only, and in no answer: look at the first ones that come.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Self
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from pydantic import Field

from sources import geojson
from sources.protocols import Ask, Speaks, TimeZone

JSON = {"content-type": "application/json"}


class Entry(msgspec.Struct):
    """What one gets for a name and a password."""

    token: str


class AtmoData(Speaks):
    url: str
    index: int = Field(ge=1)
    timezone: TimeZone = "Europe/Paris"
    asked: str = ""  # by `one`, never by a city file

    @property
    def keyed(self) -> bool:
        return True

    def one(self, key: str) -> Self:
        return self.but(asked=key)

    async def fetch(self, ask: Ask) -> bytes:
        base = self.url.rstrip("/")
        entered = await ask.post(f"{base}/api/login", b"", JSON)
        try:
            token = msgspec.json.decode(entered.body, type=Entry).token
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ValueError("no token for this account") from None
        today = ask.now.astimezone(ZoneInfo(self.timezone)).date()
        wanted = {
            "code_zone": {"operator": "=", "value": self.asked},
            "date_ech": {"operator": ">=", "value": today},
        }
        place = f"{base}/api/data/{self.index}/{quote(msgspec.json.encode(wanted), '')}"
        bearer = {"authorization": f"Bearer {token}"}
        return (await ask.get(place, {"withGeom": "false"}, bearer)).body

    def rows(self, body: bytes) -> Iterator[Mapping[str, Any]]:
        return geojson.rows(body)
