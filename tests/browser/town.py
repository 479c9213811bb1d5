"""A town for citizens: Poche over the sandbox, on real sockets, at a time that tests move.

It is asked as strangers are asked where nobody may ask but what is published
(`POCHE_ANONYMOUS=safelist`): the page has no other rights than a partner's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sandbox.serve import running
from sandbox.world import World
from server.app import create_app
from server.home import DOCUMENTS
from server.settings import Settings
from tests.conftest import Clock, listening, settled

BY_NAME = {
    re.findall(r"\b(?:query|subscription) (\w+)", text)[-1]: name
    for name, text in json.loads(DOCUMENTS.read_text("utf-8")).items()
}
PATIENCE_S = 60.0  # machines that are busy are no failure
STRANGERS: dict[str, Any] = {"rate": 0, "anonymous": "safelist"}


@dataclass(frozen=True)
class Town:
    """A running server and its upstreams."""

    address: str
    clock: Clock
    upstream: str

    def fault(self, name: str, kind: str) -> None:
        """Break an upstream."""
        where = f"{self.upstream}/_control/faults/{name}"
        httpx.put(where, content=kind, timeout=PATIENCE_S).raise_for_status()

    def mend(self) -> None:
        """All upstreams are well."""
        where = f"{self.upstream}/_control/faults"
        httpx.delete(where, timeout=PATIENCE_S).raise_for_status()

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The answer to one of the page's own documents, from memory or not."""
        answer = httpx.post(
            f"{self.address}/graphql",
            json={"documentId": BY_NAME[document], "variables": {"city": "nantes", **variables}},
            timeout=PATIENCE_S,
        )
        found: dict[str, Any] = answer.json()
        return found

    def document(self, name: str) -> str:
        """The id of one of the page's documents."""
        return BY_NAME[name]

    def find(self, text: str) -> str:
        """The id of what a search finds first."""
        found: str = self.ask("Search", text=text)["data"]["search"]["nodes"][0]["node"]["id"]
        return found

    def station(self) -> str:
        """The id of a station with bikes."""
        return str(self.ask("Starter")["data"]["bikes"]["nodes"][0]["id"])

    def ready(self) -> bool:
        """Whether all has been read that has a name, and the timetable."""
        found = self.ask("Search", text="commerce")["data"]["search"]
        if found is None or found["missing"]:  # on a busy machine the deadline may come first
            return False
        stop = self.ask("Directions", stop=self.find("commerce"), city=None)
        return any(quay["departures"] for quay in stop["data"]["stop"]["quays"] or ())

    def platform(self, stop: str) -> str:
        """The id of a stop's first platform that something leaves from."""
        quays = self.ask("Directions", stop=stop, city=None)["data"]["stop"]["quays"]
        return next(str(quay["id"]) for quay in quays if quay["departures"])


@contextmanager
def opened(data: Path, **settings: Any) -> Iterator[Town]:
    """A town with nothing broken, all of it read."""
    clock = Clock()
    with running(World(clock)) as upstream:
        app = create_app(
            Settings(upstream=upstream, data=data, **{**STRANGERS, **settings}),
            clock=clock,
            ticks=lambda: clock().timestamp(),
        )
        with listening(app) as address:
            with httpx.Client(base_url=address) as client:
                settled(client)
            town = Town(address, clock, upstream)
            while not town.ready():  # and each answer has waited for what is still being read
                clock.advance(60)  # what a busy machine failed to read is due again
            yield town
