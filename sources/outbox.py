"""Outbox: what is to be told an upstream, kept on disk until it has been.

One SQLite file, which the workers of one machine may share. An entry is taken by one of them
at a time, and it is on disk that it was before anything is sent: after a crash it is known
which ones may have arrived. What was said (`body`) is overwritten as soon as it is not needed
any more; what is left tells what became of it, for a while.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
VERSION = 1
MOST_WAITING = 10_000  # more are refused
MOST_BYTES = 64 << 10  # of one
MOST_KEPT = 200_000
KEPT = timedelta(days=90)  # after the last news of it
BUSY_S = 5.0  # to wait for another worker
TABLE = """
CREATE TABLE entries (
  id TEXT PRIMARY KEY, city TEXT NOT NULL, client_key TEXT NOT NULL, digest BLOB NOT NULL,
  about TEXT NOT NULL, body BLOB, state TEXT NOT NULL, reason TEXT, number TEXT, token TEXT,
  received_at REAL NOT NULL, updated_at REAL NOT NULL, due_at REAL, tries INTEGER NOT NULL,
  unsure_since REAL, sent_at REAL, UNIQUE (city, client_key)
) STRICT;
CREATE INDEX entries_due ON entries (city, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX entries_updated ON entries (updated_at);
"""
WAITING, SENT, FAILED = "WAITING", "SENT", "FAILED"


@dataclass(frozen=True)
class Entry:
    """One thing to tell. Times are seconds since 1970.

    `about` may be shown, `body` never. `due_at` is when something is to be done about it, None
    if nothing is; `unsure_since`, since when it may have arrived without our knowing, and
    `sent_at`, when it was last sent so.
    """

    id: str
    city: str
    client_key: str  # a digest of it
    digest: bytes  # of what it says
    about: str
    body: bytes | None
    received_at: float
    updated_at: float
    due_at: float | None
    state: str = WAITING
    reason: str | None = None
    number: str | None = None
    token: str | None = None
    tries: int = 0
    unsure_since: float | None = None
    sent_at: float | None = None


FIELDS = tuple(Entry.__dataclass_fields__)
COLUMNS, PLACES = ", ".join(FIELDS), ", ".join(f":{name}" for name in FIELDS)


class Full(Exception):
    """So much waits that no more is taken."""


class Outbox:
    """The entries of one file; sqlite3.Error where the disk does not do what it should."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "outbox")  # SQLite's own, one call at a time
        self._db: sqlite3.Connection | None = None

    async def put(self, entry: Entry) -> Entry:
        """Keep it, durably; the one that has its client key already, if there is one. Full."""
        return await self._do(lambda db: _put(db, entry))

    async def find(self, name: str) -> Entry | None:
        return await self._do(lambda db: _one(db, "id = ?", name))

    async def find_client(self, city: str, client_key: str) -> Entry | None:
        return await self._do(lambda db: _client(db, city, client_key))

    async def take(self, city: str, now: datetime, for_s: float) -> Entry | None:
        """The entry of a city that has been due the longest; nobody else's for so long."""
        at = now.timestamp()

        def taken(db: sqlite3.Connection) -> Entry | None:
            due = "city = ? AND due_at <= ? ORDER BY due_at, received_at LIMIT 1"
            found = _one(db, due, city, at)
            if found is None:
                return None
            db.execute("UPDATE entries SET due_at = ? WHERE id = ?", (at + for_s, found.id))
            return replace(found, due_at=at + for_s)

        return await self._do(taken)

    async def change(self, entry: Entry, now: datetime, **news: object) -> Entry:
        """What is known of it by now."""
        changed = replace(entry, updated_at=now.timestamp(), **news)  # type: ignore[arg-type]

        def store(db: sqlite3.Connection) -> Entry:
            sets = ", ".join(f"{name} = :{name}" for name in FIELDS)
            db.execute(f"UPDATE entries SET {sets} WHERE id = :id", vars(changed))  # noqa: S608
            return changed

        return await self._do(store)

    async def numbers(self, city: str, since: datetime) -> set[str]:
        """The numbers that entries of a city have, of which there was news since then."""
        query = "SELECT number FROM entries WHERE city = ? AND updated_at >= ?"
        return await self._do(
            lambda db: {row[0] for row in db.execute(query, (city, since.timestamp())) if row[0]}
        )

    async def next_due(self) -> float | None:
        """When something is to be done next."""

        def least(db: sqlite3.Connection) -> float | None:
            found: float | None = db.execute("SELECT min(due_at) FROM entries").fetchone()[0]
            return found

        return await self._do(least)

    async def forget(self, now: datetime) -> None:
        """What nobody needs to know any more."""
        before = (now - KEPT).timestamp()

        def deleted(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM entries WHERE due_at IS NULL AND updated_at < ?", (before,))
            db.execute(
                "DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE due_at IS NULL "
                "ORDER BY updated_at DESC LIMIT -1 OFFSET ?)",
                (MOST_KEPT,),
            )

        await self._do(deleted)

    async def close(self) -> None:
        def closed() -> None:
            if self._db is not None:
                self._db.close()
                self._db = None

        await asyncio.get_running_loop().run_in_executor(self._thread, closed)
        self._thread.shutdown()

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """One transaction: all of it is on disk when this returns, or nothing."""

        def run() -> T:
            db = self._db = self._db or _opened(self._path)
            db.execute("BEGIN IMMEDIATE")
            try:
                done = work(db)
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")
            return done

        # Whoever asked may go: the transaction is finished all the same.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, run))


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # nobody else's to read
    db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("BEGIN IMMEDIATE")
        [version] = db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in filter(str.strip, TABLE.split(";")):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")
        elif version != VERSION:
            raise sqlite3.DatabaseError(f"{path.name} is of version {version}, not {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.close()
        raise
    return db


def _put(db: sqlite3.Connection, entry: Entry) -> Entry:
    known = _client(db, entry.city, entry.client_key)
    if known is not None:
        return known
    [waiting] = db.execute("SELECT count(*) FROM entries WHERE due_at IS NOT NULL").fetchone()
    if waiting >= MOST_WAITING or len(entry.body or b"") > MOST_BYTES:
        raise Full
    db.execute(f"INSERT INTO entries ({COLUMNS}) VALUES ({PLACES})", vars(entry))  # noqa: S608
    return entry


def _client(db: sqlite3.Connection, city: str, client_key: str) -> Entry | None:
    return _one(db, "city = ? AND client_key = ?", city, client_key)


def _one(db: sqlite3.Connection, where: str, *values: object) -> Entry | None:
    row = db.execute(f"SELECT {COLUMNS} FROM entries WHERE {where}", values).fetchone()  # noqa: S608
    return None if row is None else Entry(**dict(row))
