"""Screens: all that each city publishes, and which of its fields rest on which upstream.

Nantes and Bordeaux as they are, but without their timetables, which stand in for real
time; Bordeaux once more with SIRI Lite, which is asked for one stop at a time; and
Nantes once more with its timetable.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import cities
from sources import Sources
from sources.feeds import Feed
from sources.keyed import Keyed
from sources.store import Memory
from sources.tables import Tables
from tests.conftest import Server

MORNING = datetime(2026, 11, 24, 4, 40, tzinfo=UTC)  # 05:40: some vehicles are on their way
# Nothing is read behind or ahead, and no quota stands in the way: what is under test is one read.
POLICY = {
    "ttl": '"60s"',
    "stale_while_revalidate": '"0s"',
    "stale_if_error": '"1h"',
    "grace": '"1min"',
    "timeout": '"60s"',
    "max_bytes": "16_000_000",
}
LITE = """
[departures]
protocol = "siri_lite"
name = "Prochains passages (SIRI Lite)"
url = "https://bdx.mecatran.com/utw/ws/siri/2.0/bordeaux/stop-monitoring.json"
params = { MonitoringRef = "bordeaux:StopPoint:BP:{id}:LOC" }
key = { place = "query", name = "AccountKey", public = "opendata-bordeaux-metropole-flux-gtfs-rt" }

[departures.fields]
stop = { column = "MonitoringRef", part = 4 }
line = { column = "LineRef", part = 3 }
headsign = "DestinationName"
scheduled = "AimedDepartureTime"
expected = "ExpectedDepartureTime"
"""
BOARD = """{ stops(city: "%s", name: "%s", first: 1) { nodes { name
  departures(first: 4) { headsign expectedAt realtime } } } }"""
SCREENS = {
    "nantes": """{
  stops(name: "Commerce", first: 1) { nodes { name departures(first: 4) { headsign expectedAt } } }
  pools(first: 3) { nodes { name openNow closesAt hours(days: 7) { timeSpans { from to } } } }
  school(uai: "0441456U") { name menus(days: 2) { date courses { name } } }
  menus(from: "2026-11-23", days: 5) { date courses { dishes { name } } }
  alerts(status: [ACTIVE, UPCOMING], first: 3) { totalCount nodes { header } }
  bikes(first: 3) { nodes { name availableVehicles { total } } }
  parkings(first: 40) { nodes { name parkAndRide availability { carSpaces } } }
}""",
    "bordeaux": """{
  stops(city: "bordeaux", name: "Quinconces", first: 1) { nodes { name
    departures(first: 4) { headsign expectedAt } } }
  schools(city: "bordeaux", first: 3) { nodes { name } }
  alerts(city: "bordeaux", status: [ACTIVE, UPCOMING], first: 3) { totalCount nodes { header } }
  vehicles(city: "bordeaux") { vehicleId position { lat lon } }
  bikes(city: "bordeaux", first: 3) { nodes { name availableVehicles { total } } }
  parkings(city: "bordeaux", first: 40) { nodes { name availability { carSpaces } } }
}""",
    "lite": BOARD % ("lite", "Quinconces"),
    "planned": BOARD.rpartition("}")[0] % ("planned", "Commerce")
    + 'route(city: "planned", gtfsId: "FR_NAOLIB:Line:1") { shortName patterns { code } } }',
}


class Upstream(NamedTuple):
    """What the sandbox calls it, and the fields of its city's screen that rest on it."""

    name: str
    fields: frozenset[str]
    moves: bool = False  # what it says moves with the clock


def _upstream(name: str, fields: str, *, moves: bool = False) -> Upstream:
    return Upstream(name, frozenset(fields.split()), moves)


SOURCES = {
    "nantes/stops": _upstream("stops", "stops"),
    "nantes/departures": _upstream("departures", "departures", moves=True),
    "nantes/alerts": _upstream("alerts", "alerts"),
    "nantes/alerts.planned": _upstream("alerts.planned", "alerts"),
    "nantes/pools": _upstream("pools", "pools"),
    "nantes/pools.hours": _upstream("pools.hours", "openNow closesAt hours", moves=True),
    "nantes/schools": _upstream("schools", "school"),
    "nantes/menus": _upstream("menus", "menus"),
    "nantes/bikes": _upstream("bikes", "bikes", moves=True),
    "nantes/parkings": _upstream("parkings", "parkings", moves=True),
    "nantes/parkings.relays": _upstream("parkings.relays", "parkings", moves=True),
    "bordeaux/stops": _upstream("bordeaux.stops", "stops"),
    "bordeaux/departures.updates": _upstream("bordeaux.departures", "departures", moves=True),
    "bordeaux/vehicles": _upstream("bordeaux.vehicles", "vehicles", moves=True),
    "bordeaux/alerts": _upstream("bordeaux.alerts", "alerts"),
    "bordeaux/schools": _upstream("schools", "schools"),
    "bordeaux/bikes": _upstream("bordeaux.bikes", "bikes", moves=True),
    "bordeaux/parkings": _upstream("bordeaux.parkings", "parkings", moves=True),
    "lite/departures": _upstream("bordeaux.siri", "departures", moves=True),
}
# Where one stands in for the other, neither is missed.
STAND_INS = {
    "planned/departures": _upstream("departures", ""),
    "planned/stops.timetable": _upstream("stops", "patterns"),
}


def written(folder: Path) -> Path:
    """The folder, with the city files."""
    nantes, bordeaux = (
        (cities.HERE / f"{name}.toml").read_text("utf-8") for name in ("nantes", "bordeaux")
    )
    files = {
        "nantes": _tables(nantes, without={"stops.timetable"}),
        "bordeaux": _tables(bordeaux, without={"stops.timetable"}),
        "lite": _tables(bordeaux, only={"", "communes", "stops", "routes"}) + LITE,
        "planned": _tables(
            nantes, only={"", "communes", "stops", "stops.timetable", "routes", "departures"}
        ),
    }
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(_by_one_policy(text), "utf-8")
    return folder


def _tables(text: str, only: set[str] | None = None, without: set[str] = frozenset()) -> str:
    """A city file with some of its tables; with the top of it, which has no name."""
    lines, table = list[str](), ""
    for line in text.splitlines():
        if line.startswith("["):
            table = line.partition("]")[0].strip("[").partition(".fields")[0]
        if table not in without and (only is None or table in only):
            lines.append(line)
    return "\n".join(lines)


def _by_one_policy(text: str) -> str:
    lines = []
    for line in text.splitlines():
        if line.partition(" = ")[0] not in (*POLICY, "quota"):
            lines.append(line)
        if line.startswith("protocol = "):
            lines += [f"{word} = {value}" for word, value in POLICY.items()]
    return "\n".join(lines)


def stand_still(server: Server) -> None:
    """Read nothing ahead of time any more: what is held stays as it is."""
    for feed in server.app.state.editions.sources._feeds.values():
        feed.cached.ahead = False


@contextmanager
def instead(
    server: Server, *cold: str, timeout_s: float | None = None, folder: Path | None = None
) -> Iterator[None]:
    """The server as if it had just started, but that it holds what it does, `cold` sources aside.

    Afterwards it is as before. `timeout_s` is that of the cold ones, or else of all;
    `folder` is where timetables are kept.
    """
    sources: Sources = server.app.state.editions.sources
    door = sources._door
    before = sources._feeds, sources._keyed, door._breakers, door.store, door.folder
    door.folder = folder or door.folder
    patience = {} if timeout_s is None else {"timeout_s": timeout_s}

    def table(old: Any) -> Any:
        hurry = patience if not cold or old.binding.source in cold else {}
        return replace(old, binding=old.binding.model_copy(update=hurry))

    made: dict[Feed, Feed] = {}

    def feed(old: Feed) -> Feed:
        if old in made:
            return made[old]
        follows = None if old._follows is None else feed(old._follows)
        tables = Tables(old._tables.city, [table(one) for one in old.tables], door)
        new = made[old] = Feed(tables, follows, old._one)
        if not {one.binding.source for one in old.tables} & set(cold):
            new.cached.held = old.cached.held
        new.cached.ahead = False
        return new

    def keyed(old: Keyed) -> Keyed:
        new = Keyed(old._tables.city, table(old.table), door)
        if old.table.binding.source not in cold:
            new._feeds.update({key: feed(one) for key, one in old._feeds.items()})
        return new

    sources._feeds = {at: feed(old) for at, old in sources._feeds.items()}
    sources._keyed = {at: keyed(old) for at, old in sources._keyed.items()}
    door._breakers, door.store = {}, Memory(door._ticks)
    try:
        yield
    finally:
        for one in (*sources._feeds.values(), *sources._keyed.values()):
            (one.cached if isinstance(one, Feed) else one).close()
        sources._feeds, sources._keyed, door._breakers, door.store, door.folder = before
