"""A town of one tram line: its GTFS zip and its GTFS-Realtime, made by hand, behind the server.

It speaks as Bordeaux does, so that Bordeaux' own city file reads it. The tram runs every ten
minutes, from Port over the station Gare to Mairie; each trip is called by the minute it leaves
Port: `t-600` at ten o'clock.
"""

import zipfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
from google.transit.gtfs_realtime_pb2 import FeedMessage, TripUpdate

from sources.errors import SourceError
from sources.timetable import Timetable
from tests.conftest import NOW, Clock, Server, serving

MIDNIGHT = int(NOW.timestamp()) - 10 * 3600 - 5 * 60  # NOW is five past ten there
STOPS = """\
stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,platform_code,wheelchair_boarding
GARE,Gare,44.84,-0.57,1,,,
gare-a,Gare,44.84,-0.57,0,GARE,A,1
gare-b,Gare,44.84,-0.57,0,GARE,B,1
port,Port,44.85,-0.58,0,,,1
mairie,Mairie,44.83,-0.56,0,,,2
phare,Phare,44.86,-0.59,0,,,
"""
ROUTES = """\
route_id,route_short_name,route_long_name,route_type,route_color,route_text_color
T1,A,Port - Mairie,0,83134F,FFFFFF
"""
WEEK = "monday,tuesday,wednesday,thursday,friday,saturday,sunday"
CALENDAR = f"service_id,{WEEK},start_date,end_date\ndaily,1,1,1,1,1,1,1,20261101,20261231\n"
EVERY_TEN_MINUTES = range(8 * 60, 20 * 60, 10)


def hhmm(minute: float) -> str:
    return f"{int(minute) // 60:02}:{int(minute) % 60:02}:00"


def gtfs(minutes: Iterable[int] = EVERY_TEN_MINUTES, **files: str) -> dict[str, str]:
    """The files of the feed; those that are named take the place of its own (`trips=...`)."""
    trips = "route_id,service_id,trip_id,trip_headsign,direction_id,wheelchair_accessible\n"
    times = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    for minute in minutes:
        trips += f"T1,daily,t-{minute},Mairie,0,1\n"
        for place, (stop, after) in enumerate((("port", 0), ("gare-a", 3), ("mairie", 8)), 1):
            times += f"t-{minute},{hhmm(minute + after)},{hhmm(minute + after)},{stop},{place}\n"
    own = {"stops": STOPS, "routes": ROUTES, "trips": trips, "stop_times": times}
    own |= {"calendar": CALENDAR}
    own["agency"] = "agency_id,agency_name,agency_url,agency_timezone\nA,T,https://t.example,"
    own["agency"] += "Europe/Paris\n"
    return {f"{name}.txt": text for name, text in (own | files).items()}


def packed(files: dict[str, str]) -> bytes:
    into = BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return into.getvalue()


class Town:
    """Its upstreams: what they answer may be changed while they are asked."""

    def __init__(self, files: dict[str, str] | None = None) -> None:
        self.zip = packed(gtfs() if files is None else files)
        self.feed = FeedMessage()
        self.feed.header.gtfs_realtime_version = "2.0"
        self.feed.header.timestamp = int(NOW.timestamp())
        self.body: bytes | None = None  # instead of the feed

    def update(self, trip_id: str | None = None, **trip: Any) -> TripUpdate:
        """One more update in the feed, to be filled."""
        update = self.feed.entity.add(id=str(len(self.feed.entity))).trip_update
        if trip_id is not None:
            trip["trip_id"] = trip_id
        for name, value in trip.items():
            setattr(update.trip, name, value)
        return update  # type: ignore[no-any-return]

    def late(self, trip_id: str, delay_s: int) -> TripUpdate:
        """A trip that is so many seconds late from its first stop on."""
        update = self.update(trip_id)
        update.stop_time_update.add(stop_sequence=1).departure.delay = delay_s
        return update

    def __call__(self, request: httpx.Request) -> httpx.Response:
        table = request.extensions["binding"].table
        if table in ("stops", "routes", "stops.timetable"):
            content = self.zip
        elif table == "departures.updates":
            content = self.feed.SerializeToString() if self.body is None else self.body
        else:
            return httpx.Response(404)
        return httpx.Response(200, stream=httpx.ByteStream(content))


@asynccontextmanager
async def living(town: Town, data: Path, clock: Clock | None = None) -> AsyncIterator[Server]:
    """The server, in that town, once it has imported the timetable, or tried to."""
    async with serving(httpx.MockTransport(town), clock, data=data) as server:
        with suppress(SourceError):
            await server.app.state.editions.sources.collection(Timetable, "bordeaux")
        yield server


BOARD = """query ($stop: String!, $first: Int! = 5, $omit: Boolean! = true, $range: Int! = 3600) {
  stop(city: "bordeaux", gtfsId: $stop) {
    departures(first: $first, omitCanceled: $omit, timeRange: $range) {
      scheduledAt expectedAt delay realtime realtimeState platformCode headsign
      wheelchairAccessible route { shortName } trip { gtfsId }
    }
  }
}"""


async def board(server: Server, stop: str, **variables: Any) -> list[dict[str, Any]]:
    """What leaves the stop next."""
    answer = await server.ask(BOARD, {"stop": stop, **variables})
    assert "errors" not in answer, answer["errors"]
    found: list[dict[str, Any]] = answer["data"]["stop"]["departures"]
    return found


def told(departures: list[dict[str, Any]], *more: str) -> list[tuple[Any, ...]]:
    """Of each the minute of the hour at which it is expected, and more of its fields."""
    return [(one["expectedAt"][11:16], *(one[name] for name in more)) for one in departures]


async def source(server: Server, name: str) -> dict[str, Any]:
    """What the server says of one of its sources."""
    answer = await server.ask('{ sources(city: "bordeaux") { id state lastError ageS rowsRead } }')
    found: list[dict[str, Any]] = answer["data"]["sources"]
    return next(one for one in found if one["id"] == f"bordeaux/{name}")
