"""Situations: what disturbs Nantes, read from its SIRI gateway instead of from its tables.

A city file says which; what riders are told is the same.
"""

from pathlib import Path
from typing import Any

import httpx
import pytest

import cities
from sandbox.app import create_app as create_sandbox
from sandbox.world import World
from tests.conftest import Clock, serving

pytestmark = pytest.mark.anyio

TOML = """
[alerts]
protocol = "siri"
service = "situation-exchange"
name = "Perturbations du réseau Naolib (SIRI SX)"
url = "https://api.okina.fr/gateway/sem/realtime/anshar/services"
dataset = "NAOLIBORG"
ttl = "2min"
stale_while_revalidate = "5min"
timeout = "10s"
may_shrink = true
quota = "1 per 30s"

[alerts.fields]
id = "SituationNumber"
header = "Description"
description = "Messages.Site web"
severity = "Severity"
periods = "ValidityPeriod"
start = "StartTime"
end = "EndTime"
entities = "Affected"
stop = "StopPointRef"

[alerts.fields.over]
column = "Progress"
values = { open = "non", closed = "oui" }

[alerts.fields.line]
column = "LineRef"
part = 3
"""
QUERY = """{
  alerts(status: [ACTIVE, UPCOMING, PAST]) { nodes {
    header description status effectiveStart effectiveEnd routes { shortName } stops { gtfsId }
  } }
  route(gtfsId: "FR_NAOLIB:Line:1") { alerts { header } }
  stop(gtfsId: "FR_NAOLIB:StopPlace:20") { alerts { header } }
}"""


def spoken_in_siri(folder: Path) -> Path:
    """Nantes' own file, its alerts those of the gateway."""
    kept, table = list[str](), ""
    for line in (cities.HERE / "nantes.toml").read_text("utf-8").splitlines():
        if line.startswith("["):
            table = line.strip("[]").partition(".")[0]
        if table != "alerts":
            kept.append(line)
    (folder / "nantes.toml").write_text("\n".join(kept) + TOML, "utf-8")
    return folder


async def answer(clock: Clock, **settings: Any) -> dict[str, Any]:
    sandbox = httpx.ASGITransport(create_sandbox(World(clock)))
    async with serving(sandbox, clock, upstream="http://sandbox", **settings) as server:
        return await server.ask(QUERY)


async def test_riders_are_told_the_same(tmp_path: Path) -> None:
    clock = Clock()
    by_siri = await answer(clock, cities=spoken_in_siri(tmp_path))
    by_table = await answer(clock)

    assert "errors" not in by_siri
    assert "errors" not in by_table
    told = {one["header"]: one for one in by_siri["data"]["alerts"]["nodes"]}
    listed = {one["header"]: one for one in by_table["data"]["alerts"]["nodes"]}
    assert len(told) == 5  # the planned ones have a table of their own
    for header, alert in told.items():
        assert alert == listed[header]
    for place in ("route", "stop"):
        assert by_siri["data"][place] == by_table["data"][place]
    assert by_siri["data"]["route"]["alerts"] == [{"header": "Manifestation au centre-ville"}]
    assert by_siri["data"]["stop"]["alerts"] == [{"header": "Quai déplacé à Commerce"}]
    assert {one["status"] for one in told.values()} == {"ACTIVE", "PAST"}


async def test_on_another_day_there_are_others(tmp_path: Path) -> None:
    clock = Clock()
    folder = spoken_in_siri(tmp_path)
    today = await answer(clock, cities=folder)
    clock.advance(86_400)
    tomorrow = await answer(clock, cities=folder)

    def starts(found: dict[str, Any]) -> set[str]:
        return {one["effectiveStart"] for one in found["data"]["alerts"]["nodes"]}

    assert starts(today) != starts(tomorrow)


@pytest.mark.parametrize("fault", ["html", "truncated", "wrong_columns", "500"])
async def test_on_a_bad_day_it_says_so(fault: str, tmp_path: Path) -> None:
    clock = Clock()
    app = create_sandbox(World(clock), control=True)
    settings = {"upstream": "http://sandbox", "cities": spoken_in_siri(tmp_path)}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://sandbox"
    ) as control:
        put = await control.put("/_control/faults/alerts.siri", content=fault)
        assert put.is_success
    async with serving(httpx.ASGITransport(app), clock, **settings) as server:
        found = await server.ask("{ alerts { totalCount } }")
    assert found["data"]["alerts"] is None
    code = "UNAVAILABLE" if fault == "500" else "CHANGED"
    assert found["errors"][0]["extensions"]["code"] == code
    assert found["errors"][0]["extensions"]["source"] == "nantes/alerts"
