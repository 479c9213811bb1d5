"""Editions: what the city files say now; a request ends with the edition that it began with.

A file that changes is read with all others, away from those who are being answered, and takes
effect whole; if there is a mistake in any of them, all goes on as before, and `/health` says
what is wrong. What the files still say in the same words is not read again (`succession.py`).
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

import cities
from cities import CityError
from server import parts
from server.reloading import Signature, signature
from server.settings import Settings
from sources import Sources
from sources.calendar import load_days
from sources.http import Door

log = structlog.get_logger("server")

Signatures = dict[Path, Signature | None]


class Editions:
    """`sources` is the edition for whoever asks now; CityError if the first cannot be used."""

    def __init__(self, settings: Settings, door: Door) -> None:
        self.version = 0  # how often they were read again
        self.problem: str | None = None  # why the files, as they are now, are not used
        self._then: list[Callable[[], None]] = []
        self._settings = settings
        self._door = door
        self._reading = asyncio.Lock()
        self._signatures = self._signed()
        self.sources = self._made(None)

    @property
    def problems(self) -> dict[str, str]:
        """What an operator should put right in the city files."""
        return {"cities": self.problem} if self.problem else {}

    def then(self, call: Callable[[], None]) -> None:
        """Have this called with each edition, and once now, before anybody asks for it."""
        self._then.append(call)
        call()

    async def refresh(self, *, again: bool = False) -> None:
        """Read the city files if one has changed, come or gone; or `again` in any case."""
        async with self._reading:
            signatures = self._signed()
            if signatures == self._signatures and not again:
                return
            self._signatures = signatures
            try:
                edition = await asyncio.to_thread(self._checked)
            except Exception as error:  # such as a file that is nested too deep to be read
                known = isinstance(error, CityError)
                self.problem = str(error) if known else f"cannot be read: {type(error).__name__}"
                log.error("cities refused", why=self.problem, exc_info=not known)
                return
            self.problem = None
            edition.succeed(self.sources)
            self.sources = edition
            self.version += 1
            for call in self._then:
                call()
            if self._settings.warm:
                edition.start(parts.services(self._settings.services))
            log.info("cities read again", cities=sorted(edition.cities))

    def _checked(self) -> Sources:
        """The edition after this one, with all that its tables name; CityError."""
        edition = self._made(self.sources)
        load_days(edition.cities.values(), self._door.clock().date())
        return edition

    def _made(self, was: Sources | None) -> Sources:
        known = cities.load(self._settings.cities)
        home = self._settings.city
        if home not in known:
            raise CityError("POCHE_CITY", f"no city `{home}`", home, known)
        return Sources(known, self._door, was)

    def _signed(self) -> Signatures:
        return {file: signature(file) for file in self._settings.cities.glob("*.toml")}
