"""Courier: keeps what citizens report, and brings it to the systems of the cities (`delivery.py`).

What another file or another machine's outbox has is not known here.
"""

import asyncio
import hashlib
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec
import structlog

from cities import City
from schema.issues import Issue
from sources.delivery import Delivery
from sources.errors import (
    NotOffered,
    Unavailable,
)
from sources.http import Door
from sources.outbox import Entry, Full, Outbox
from sources.protocols.open311 import Open311
from sources.reports import digest, form
from sources.tables import Table

log = structlog.get_logger("sources.courier")

FILE = "reports.sqlite"
TAKEN_S, MOST_CALLS = 60.0, 25  # whoever took it, and went, has lost it then
LOOK_S = 60.0  # how often somebody else's entries are looked for
FULL_S = 3_600.0


class Reused(Exception):
    """A client key is of another report."""


class Courier:
    """Keeps what citizens report, and brings it; one outbox in `folder` for all cities."""

    def __init__(self, door: Door, tables: Mapping[str, Table], cities: Mapping[str, City]) -> None:
        self._door = door
        self.outbox = Outbox(door.folder / FILE)
        self._news = asyncio.Event()
        self._going = asyncio.Lock()
        self._round: asyncio.Task[None] | None = None
        self._started = False
        self._cities: Mapping[str, City] = {}
        self.change(tables, cities)

    def change(self, tables: Mapping[str, Table], cities: Mapping[str, City]) -> None:
        """Bring to these from now on; what waits for others goes on waiting."""
        self._cities = {**self._cities, **cities}
        self._tables = {at: one for at, one in tables.items() if isinstance(one.speaks, Open311)}
        if self._started:
            self.start()

    async def known(self, city: str, client_key: str, issue: Issue) -> Entry | None:
        """The report of this client key, if it is kept. Errors are those of `submit`."""
        with self._disk(city):
            found = await self.outbox.find_client(city, _hashed(client_key))
        return found and _same(found, issue)

    async def submit(self, city: str, client_key: str, issue: Issue, *, listed: bool) -> Entry:
        """Keep a report durably; the one of this client key, if there is one.

        `listed` says whether the city publishes reports of this kind. NotOffered;
        Unavailable if it cannot be kept; Reused if the client key is of another report.
        """
        now = self._door.clock().timestamp()
        about = {"service": issue.service, "address": issue.address, "point": issue.point}
        entry = Entry(
            id=secrets.token_urlsafe(18),
            city=city,
            client_key=_hashed(client_key),
            digest=digest(issue),
            about=msgspec.json.encode({**about, "listed": listed}).decode(),
            body=msgspec.json.encode(form(issue)),
            received_at=now,
            updated_at=now,
            due_at=now,
        )
        with self._disk(city):
            kept = await self.outbox.put(entry)
        self._news.set()
        return _same(kept, issue)

    async def find(self, city: str, name: str) -> Entry | None:
        """What became of a report that was submitted here; Unavailable if nobody can tell."""
        if city not in self._tables:
            return None
        with self._disk(city):
            found = await self.outbox.find(name)
        return found if found is not None and found.city == city else None

    @contextmanager
    def _disk(self, city: str) -> Iterator[None]:
        """NotOffered where reports are not taken, Unavailable where the outbox does not work."""
        table = self._tables.get(city)
        if table is None:
            raise NotOffered(city, "reports")
        try:
            yield
        except Full:
            raise Unavailable("the outbox is full", table.binding, retry_after_s=FULL_S) from None
        except (sqlite3.Error, OSError) as error:
            log.error("the outbox does not work", why=str(error))
            raise Unavailable(f"the outbox does not work: {error}", table.binding) from error

    def start(self) -> None:
        """Bring what waits, from now on, also what waited before a restart."""
        self._started = True
        self._news.set()
        if self._tables and self._round is None:
            self._round = asyncio.create_task(self._go_round(), name="courier")

    async def close(self) -> None:
        """Stop; what is on its way is looked for at the next start."""
        if self._round is not None:
            self._round.cancel()
            await asyncio.wait((self._round,))
        await self.outbox.close()

    async def deliver(self) -> None:
        """Do what is due now, of each city one thing after another; one round at a time."""
        async with self._going:
            await asyncio.gather(*(self._deliver(city) for city in self._tables))
            await self.outbox.forget(self._door.clock())

    async def _go_round(self) -> None:
        while True:
            self._news.clear()
            try:
                await self.deliver()
                due = await self.outbox.next_due()
            except Exception as error:  # a full disk, or a bug: what waits goes on waiting
                log.error("cannot bring reports", why=type(error).__name__, exc_info=error)
                due = None
            now = self._door.clock().timestamp()
            pause_s = LOOK_S if due is None else min(max(due - now, 1.0), LOOK_S)
            try:
                async with asyncio.timeout(pause_s):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _deliver(self, city: str) -> None:
        while True:
            table = self._tables.get(city)
            if table is None:  # its file takes no reports any more
                return
            for_s = TAKEN_S + MOST_CALLS * table.binding.timeout_s
            entry = await self.outbox.take(city, self._door.clock(), for_s)
            if entry is None:
                return
            try:
                changed = await Delivery(
                    self._door, self.outbox, table, self._cities[city]
                ).advance(entry)
            except (sqlite3.Error, OSError):
                raise  # the disk's, and so everybody's
            except Exception as error:  # a bug of ours: the others go on
                log.error("bug with a report", id=entry.id[:6], exc_info=error)
                continue
            log.info(
                "report", id=changed.id[:6], city=city, state=changed.state, tries=changed.tries
            )  # never what it says


def _hashed(client_key: str) -> str:
    return hashlib.sha256(client_key.encode()).hexdigest()


def _same(kept: Entry, issue: Issue) -> Entry:
    if kept.digest != digest(issue):
        raise Reused
    return kept
