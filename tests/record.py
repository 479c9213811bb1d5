"""Record: what each upstream of each city answers, as small files that the tests replay.

    python -m tests.record           from the sandbox, at the tests' own moment
    python -m tests.record bikes     only this service; or only this city, or both
    python -m tests.record --live    from the real upstreams

Of what is asked for one thing at a time, what the golden query asks. Golden answers are
written by the tests themselves where there are none.
"""

import asyncio
import gzip
import re
import sys
from collections import Counter

import httpx

import cities
from sandbox.app import create_app
from sandbox.world import World
from server.network import Network
from sources import Sources
from sources.http import Door
from sources.reading import readers
from tests.conftest import DATA, HERE, NOW, RECORDINGS, serving
from tests.elsewhere import asked_in

SUFFIXES = {
    "application/json": "json",
    "application/xml": "xml",
    "application/zip": "zip",
    "application/x-protobuf": "pb",
}

VISIT = re.compile(rb"<MonitoredStopVisit>.*?</MonitoredStopVisit>", re.DOTALL)
QUAY = re.compile(rb"<MonitoringRef>(.*?)</MonitoringRef>")
WHOLE = {f"FR_NAOLIB:Quay:{n}".encode() for n in range(90, 96)}  # Commerce


def fewer(body: bytes) -> bytes:
    """A whole network's visits, but of most quays only the first."""
    seen: set[bytes] = set()

    def kept(visit: re.Match[bytes]) -> bytes:
        [quay] = QUAY.findall(visit[0])
        again = quay in seen
        seen.add(quay)
        return b"" if again and quay not in WHOLE else visit[0]

    return VISIT.sub(kept, body)


class Recorder(httpx.AsyncBaseTransport):
    """Passes calls on, and keeps what comes back."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self._calls: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        binding = request.extensions["binding"]
        response = await self._inner.handle_async_request(request)
        body = b"".join([chunk async for chunk in response.aiter_raw()])
        self._calls[binding.source] += 1
        media_type = response.headers["content-type"].partition(";")[0]
        name = f"{binding.table}-{self._calls[binding.source]}.{SUFFIXES[media_type]}"
        if media_type == "application/xml":
            body = fewer(body)
        folder = RECORDINGS / binding.city
        folder.mkdir(parents=True, exist_ok=True)
        if media_type == "application/zip":
            (folder / name).write_bytes(body)
        else:
            (folder / f"{name}.gz").write_bytes(gzip.compress(body, mtime=0))
        print(f"{name}: {len(body)} bytes")
        headers = {k: v for k, v in response.headers.items() if k != "content-encoding"}
        return httpx.Response(response.status_code, headers=headers, content=body)


async def main(live: bool, words: set[str]) -> None:
    known = cities.load()
    slugs, services = words & known.keys() or known.keys(), words - known.keys()
    if live:
        inner = Network(None, known.values())
    else:
        inner = httpx.ASGITransport(create_app(World(lambda: NOW)))
    reroute = None if live else "http://sandbox"
    async with httpx.AsyncClient(transport=Recorder(inner)) as client:
        sources = Sources(known, Door(client, lambda: NOW, reroute=reroute, folder=DATA))
        for kind, city in sources.kinds():
            service = sources.binding(kind, city).service
            if city not in slugs or (services and service not in services):
                continue
            found = await sources.collection(kind, city)
            print(f"{kind.__name__}: {len(found.items)} read, {found.dropped} dropped")
        sources.close()
    for city in sorted(slugs):
        for service in sorted({binding.service for binding in known[city].bindings.values()}):
            if service in services or not services:
                await by_query(service, city, sources, inner, reroute)


async def by_query(
    service: str, city: str, sources: Sources, inner: httpx.AsyncBaseTransport, reroute: str | None
) -> None:
    """Record what a golden query asks, if its service is one that is asked for single things."""
    kinds = [kind for kind, reader in readers.items() if reader.table == service]
    if not any(sources.is_keyed(kind, city) for kind in kinds):
        return
    query = asked_in(city, (HERE / "queries" / f"{service}.graphql").read_text())
    async with serving(Recorder(inner), upstream=reroute, data=DATA, city=city) as server:
        print(await server.ask(query))


if __name__ == "__main__":
    asyncio.run(main("--live" in sys.argv, set(sys.argv[1:]) - {"--live"}))
