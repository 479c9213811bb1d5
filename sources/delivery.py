"""Delivery: one thing's way from the outbox to a city's system, a step at a time, and only once.

WAITING   it is sent as soon as that can be; if nobody was there, again later
unsure    it was sent, and no answer came, or we stopped before it did: then the city's
          own list is looked through until it is found there. Only when the list has not
          had it for SETTLED_S is it sent again; where reports of its kind are not listed,
          never
SENT      the city has it: what was said is deleted here
FAILED    the city does not want it, or it could not be brought within GIVEN_UP
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import msgspec

from cities import City
from schema.reports import Report
from sources.asking import Asking
from sources.errors import Invalid, Refused, Rejected, SourceError, Unheard
from sources.http import Door
from sources.outbox import FAILED, SENT, Entry, Outbox
from sources.protocols.open311 import ID, Open311
from sources.reading import read_all
from sources.reports import private, recognised
from sources.tables import Table

FIRST_PAUSE_S, LONGEST_PAUSE_S = 30.0, 3_600.0
LONGEST_WAIT_S = 86_400.0  # however long the city's system wants to be left alone
SETTLED_S = 900.0  # in which a city's list must have had it
ALIKE = timedelta(days=1)  # for so long, what has a number already is not taken for another
GIVEN_UP = timedelta(days=7)
LATE = "It could not be brought to the city within a week."
UNKNOWN = "The city's system did not answer when it was sent: whether it has it is not known."


@dataclass(frozen=True)
class Delivery:
    """Brings entries of the outbox to one city's system; whoever calls it has taken them."""

    door: Door
    outbox: Outbox
    table: Table
    city: City

    async def advance(self, entry: Entry) -> Entry:
        """Take one entry a step further."""
        now = self.door.clock()
        if now - datetime.fromtimestamp(entry.received_at, UTC) > GIVEN_UP:
            if entry.token is not None:  # the city has it, and never told its number
                return await self._settled(entry, SENT)
            return await self._settled(entry, FAILED, UNKNOWN if entry.unsure_since else LATE)
        if entry.token is not None:
            return await self._redeem(entry, entry.token)
        if entry.unsure_since is not None:
            return await self._look(entry, entry.unsure_since)
        return await self._send(entry)

    async def _send(self, entry: Entry) -> Entry:
        said = _said(entry)
        before = {"unsure_since": entry.unsure_since, "sent_at": entry.sent_at}
        now = self.door.clock()
        at = now.timestamp()
        # Before anything leaves: should we stop now, nobody knows whether it arrived.
        sent = await self.outbox.change(
            entry, now, unsure_since=entry.unsure_since or at, sent_at=at
        )
        try:
            receipt = await self._speaks.send(self._ask(), said)
        except Invalid as error:
            return await self._settled(sent, FAILED, private(error.detail))
        except (Unheard, Refused, Rejected) as error:  # it has not been taken, for sure
            return await self._later(sent, error, **before)
        except (SourceError, ValueError) as error:
            return await self._later(sent, error)
        return await self._accepted(sent, receipt)

    async def _look(self, entry: Entry, since: float) -> Entry:
        """Look for it in the city's list; send it again if it has long not been there."""
        if not msgspec.json.decode(entry.about)["listed"]:
            return await self._settled(entry, FAILED, UNKNOWN)
        now, first = self.door.clock(), datetime.fromtimestamp(since, UTC)
        try:
            listed = await self._listed()
        except (SourceError, ValueError) as error:
            return await self._later(entry, error)
        others = await self.outbox.numbers(entry.city, first - ALIKE)
        listed = [one for one in listed if one.number not in others]
        number = recognised(dict(_said(entry)), first, now, listed)
        if number is not None:
            return await self._accepted(entry, {ID: number})
        if now.timestamp() - (entry.sent_at or since) < SETTLED_S:
            return await self._later(entry)
        return await self._send(entry)

    async def _redeem(self, entry: Entry, token: str) -> Entry:
        try:
            receipt = await self._speaks.redeem(self._ask(), token)
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
            self.door.clock(),
            state=state,
            reason=reason,
            number=number,
            body=None,
            due_at=None,
            unsure_since=None,
        )

    async def _later(self, entry: Entry, error: Exception | None = None, **news: object) -> Entry:
        """Again after a while: twice as long each time, or as long as the upstream says."""
        now = self.door.clock()
        pause_s = min(FIRST_PAUSE_S * 2 ** min(entry.tries, 16), LONGEST_PAUSE_S)
        if isinstance(error, SourceError) and error.retry_after_s is not None:
            pause_s = max(pause_s, min(error.retry_after_s, LONGEST_WAIT_S))
        due = now.timestamp() + pause_s
        return await self.outbox.change(entry, now, tries=entry.tries + 1, due_at=due, **news)

    async def _listed(self) -> Iterable[Report]:
        """What the city lists at this moment, not what we held of it."""
        speaks, table = self._speaks, self.table
        rows = speaks.rows(await speaks.fetch(self._ask()))
        items, _ = read_all(table.reader, rows, self.city, table.binding)
        return items

    def _ask(self) -> Asking:
        return self.door.open(self.table.binding, self._speaks.complaint)

    @property
    def _speaks(self) -> Open311:
        assert isinstance(self.table.speaks, Open311)  # noqa: S101 - for mypy: no others are taken
        return self.table.speaks


def _said(entry: Entry) -> list[tuple[str, str]]:
    return msgspec.json.decode(entry.body or b"[]", type=list[tuple[str, str]])
