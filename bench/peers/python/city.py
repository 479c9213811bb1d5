"""City: what the peers on Python have in common: the upstream, and loaders for each request."""

import os
from collections.abc import Callable
from typing import Any

import aiohttp
from aiodataloader import DataLoader

UPSTREAM = "http://127.0.0.1:9100"
kept: dict[str, Any] | None = {} if os.environ.get("MEM") == "1" else None
_session: aiohttp.ClientSession | None = None


async def get(path: str, made: Callable[[Any], Any] = lambda body: body) -> Any:
    """What the upstream answers, made into something; MEM=1 keeps that."""
    global _session
    if kept is not None and path in kept:
        return kept[path]
    if _session is None:
        connector = aiohttp.TCPConnector(limit=100, keepalive_timeout=300)
        _session = aiohttp.ClientSession(UPSTREAM, connector=connector)
    async with _session.get(path) as reply:
        reply.raise_for_status()
        value = made(await reply.json())
    if kept is not None:
        kept[path] = value
    return value


class Loaders:
    """One request's; its operation has one key."""

    def __init__(
        self, user: Callable[[Any], Any] = dict, departure: Callable[[Any], Any] = dict
    ) -> None:
        self.key = 0
        self._user, self._departure = user, departure
        self.users = DataLoader(self._users)
        self.departures = DataLoader(self._departures)

    async def _users(self, ids: list[int]) -> list[Any]:
        def by_id(rows: list[Any]) -> dict[int, Any]:
            return {row["id"]: self._user(row) for row in rows}

        asked = "&".join(f"id={one}" for one in ids)
        found = await get(f"/users?key={self.key}&{asked}", by_id)
        return [found.get(one) for one in ids]

    async def _departures(self, ids: list[str]) -> list[Any]:
        def by_stop(rows: list[Any]) -> dict[str, list[Any]]:
            found: dict[str, list[Any]] = {}
            for row in rows:
                found.setdefault(row["stopId"], []).append(self._departure(row))
            return found

        asked = "&".join(f"stop={one}" for one in ids)
        found = await get(f"/departures?key={self.key}&{asked}", by_stop)
        return [found.get(one, []) for one in ids]
