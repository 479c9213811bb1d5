"""Courier: brings what waits in the outbox to the systems of the cities, each thing once.

    WAITING   it is sent as soon as that can be; if nobody was there, again later
    unsure    it was sent, and no answer came, or we stopped before it did: then the city's
              own list is looked through until it is found there. Only when the list has not
              had it for SETTLED_S is it sent again; where reports of its kind are not listed,
              never
    SENT      the city has it: what was said is deleted here
    FAILED    the city does not want it, or it could not be brought within GIVEN_UP

What another file or another machine's outbox has is not known here.
"""

import asyncio
import hashlib
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import structlog

from cities import City
from schema.issues import Issue
from schema.reports import Report
from sources.errors import (
    Invalid,
    NotOffered,
    Refused,
    Rejected,
    SourceError,
    Unavailable,
    Unheard,
)
from sources.feeds import Table
from sources.http import Asking, Door
from sources.outbox import FAILED, SENT, Entry, Full, Outbox
from sources.protocols.open311 import ID, Open311
from sources.reading import read_all
from sources.replies import Validators
from sources.reports import digest, form, private, recognised

log = structlog.get_logger("sources.courier")

FILE = "reports.sqlite"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 30.0, 3_600.0
LONGEST_WAIT_S = 86_400.0  # however long the city's system wants to be left alone
TAKEN_S, MOST_CALLS = 60.0, 25  # whoever took it, and went, has lost it then
LOOK_S = 60.0  # how often somebody else's entries are looked for
SETTLED_S = 900.0  # in which a city's list must have had it
ALIKE = timedelta(days=1)  # for so long, what has a number already is not taken for another
GIVEN_UP = timedelta(days=7)
FULL_S = 3_600.0
LATE = "It could not be brought to the city within a week."
UNKNOWN = "The city's system did not answer when it was sent: whether it has it is not known."


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
                changed = await self._advance(table, entry)
            except (sqlite3.Error, OSError):
                raise  # the disk's, and so everybody's
            except Exception as error:  # a bug of ours: the others go on
                log.error("bug with a report", id=entry.id[:6], exc_info=error)
                continue
            log.info(
                "report", id=changed.id[:6], city=city, state=changed.state, tries=changed.tries
            )  # never what it says

    async def _advance(self, table: Table, entry: Entry) -> Entry:
        """Take one entry a step further."""
        now = self._door.clock()
        if now - datetime.fromtimestamp(entry.received_at, UTC) > GIVEN_UP:
            if entry.token is not None:  # the city has it, and never told its number
                return await self._settled(entry, SENT)
            return await self._settled(entry, FAILED, UNKNOWN if entry.unsure_since else LATE)
        if entry.token is not None:
            return await self._redeem(table, entry, entry.token)
        if entry.unsure_since is not None:
            return await self._look(table, entry, entry.unsure_since)
        return await self._send(table, entry)

    async def _send(self, table: Table, entry: Entry) -> Entry:
        said = _said(entry)
        before = {"unsure_since": entry.unsure_since, "sent_at": entry.sent_at}
        now = self._door.clock()
        at = now.timestamp()
        # Before anything leaves: should we stop now, nobody knows whether it arrived.
        sent = await self.outbox.change(
            entry, now, unsure_since=entry.unsure_since or at, sent_at=at
        )
        try:
            receipt = await _protocol(table).send(self._ask(table), said)
        except Invalid as error:
            return await self._settled(sent, FAILED, private(error.detail))
        except (Unheard, Refused, Rejected) as error:  # it has not been taken, for sure
            return await self._later(sent, error, **before)
        except (SourceError, ValueError) as error:
            return await self._later(sent, error)
        return await self._accepted(sent, receipt)

    async def _look(self, table: Table, entry: Entry, since: float) -> Entry:
        """Look for it in the city's list; send it again if it has long not been there."""
        if not msgspec.json.decode(entry.about)["listed"]:
            return await self._settled(entry, FAILED, UNKNOWN)
        now, first = self._door.clock(), datetime.fromtimestamp(since, UTC)
        try:
            listed = await self._listed(table)
        except (SourceError, ValueError) as error:
            return await self._later(entry, error)
        others = await self.outbox.numbers(entry.city, first - ALIKE)
        listed = [one for one in listed if one.number not in others]
        number = recognised(dict(_said(entry)), first, now, listed)
        if number is not None:
            return await self._accepted(entry, {ID: number})
        if now.timestamp() - (entry.sent_at or since) < SETTLED_S:
            return await self._later(entry)
        return await self._send(table, entry)

    async def _redeem(self, table: Table, entry: Entry, token: str) -> Entry:
        try:
            receipt = await _protocol(table).redeem(self._ask(table), token)
        except (SourceError, ValueError) as error:
            return await self._later(entry, error)
        return await self._accepted(entry, receipt)

    async def _accepted(self, entry: Entry, receipt: Mapping[str, object]) -> Entry:
        """The city has it: under a number, or a token that becomes one."""
        number, token = receipt.get(ID), receipt.get("token")
        if number:
            return await self._settled(entry, SENT, number=str(number))
        if entry.token is None:
            entry = replace(entry, tries=0)
        return await self._later(entry, body=None, token=str(token), state=SENT)

    async def _settled(
        self, entry: Entry, state: str, reason: str | None = None, number: str | None = None
    ) -> Entry:
        """Nothing is to be done about it any more, and what it said is nobody's business."""
        return await self.outbox.change(
            entry,
            self._door.clock(),
            state=state,
            reason=reason,
            number=number,
            body=None,
            due_at=None,
            unsure_since=None,
        )

    async def _later(self, entry: Entry, error: Exception | None = None, **news: object) -> Entry:
        """Again after a while: twice as long each time, or as long as the upstream says."""
        now = self._door.clock()
        pause_s = min(FIRST_PAUSE_S * 2 ** min(entry.tries, 16), LONGEST_PAUSE_S)
        if isinstance(error, SourceError) and error.retry_after_s is not None:
            pause_s = max(pause_s, min(error.retry_after_s, LONGEST_WAIT_S))
        due = now.timestamp() + pause_s
        return await self.outbox.change(entry, now, tries=entry.tries + 1, due_at=due, **news)

    async def _listed(self, table: Table) -> Iterable[Report]:
        """What the city lists at this moment, not what we held of it."""
        speaks = _protocol(table)
        rows = speaks.rows(await speaks.fetch(self._ask(table)))
        items, _ = read_all(table.reader, rows, self._cities[table.binding.city], table.binding)
        return items

    def _ask(self, table: Table) -> Asking:
        return self._door.open(table.binding, table.speaks.complaint, Validators())


def _protocol(table: Table) -> Open311:
    assert isinstance(table.speaks, Open311)  # noqa: S101 - for mypy: no others are taken
    return table.speaks


def _hashed(client_key: str) -> str:
    return hashlib.sha256(client_key.encode()).hexdigest()


def _same(kept: Entry, issue: Issue) -> Entry:
    if kept.digest != digest(issue):
        raise Reused
    return kept


def _said(entry: Entry) -> list[tuple[str, str]]:
    return msgspec.json.decode(entry.body or b"[]", type=list[tuple[str, str]])
