"""Reports: kept over a restart, a crash, and shared by workers; refused where they cannot be."""

import asyncio
from pathlib import Path

from sources.courier import FILE
from sources.outbox import MOST_WAITING
from tests.conftest import Clock
from tests.reports.city import CLIENT_KEY, City, Line, nobody, open_city, visit


def test_what_waited_is_sent_after_a_restart(tmp_path: Path) -> None:
    async def main() -> None:
        clock = Clock()
        line = Line(clock)
        line.before = nobody
        async with open_city(tmp_path, line, clock) as city:
            report = await city.reported()
            await city.delivered()
        line.before = None
        async with open_city(tmp_path, line, clock) as city:
            assert (await city.state(report))["state"] == "RECEIVED"
            await city.delivered(3_600)
            assert (await city.state(report))["number"] == "1001-2026"
            again = await city.issue()
            assert again["data"]["reportIssue"]["id"] == report
        assert len(line.forms) == 1

    asyncio.run(main())


def test_what_was_on_its_way_at_a_crash_is_looked_for_first(tmp_path: Path) -> None:
    """The desk has it, and we stop before its answer: as when the machine loses its power."""

    async def main() -> None:
        clock = Clock()
        line = Line(clock)
        line.arrived = asyncio.Event()
        async with open_city(tmp_path, line, clock) as city:
            report = await city.reported()
            await line.arrived.wait()
        line.arrived = None
        async with open_city(tmp_path, line, clock) as city:
            await city.delivered(3_600)
            assert (await city.state(report))["number"] == "1001-2026"
        assert len(line.forms) == 1

    asyncio.run(main())


def test_workers_that_share_the_folder_send_once(tmp_path: Path) -> None:
    async def main() -> None:
        clock = Clock()
        line = Line(clock)
        async with open_city(tmp_path, line, clock) as one, open_city(tmp_path, line, clock) as two:
            keys = [f"{CLIENT_KEY}-{n}" for n in range(10)]
            mine = await asyncio.gather(*(one.issue(key) for key in keys))
            theirs = await asyncio.gather(*(two.issue(key) for key in keys))
            assert mine == theirs or [a["data"]["reportIssue"]["id"] for a in mine] == [
                a["data"]["reportIssue"]["id"] for a in theirs
            ]
            await asyncio.gather(one.delivered(), two.delivered())
            await asyncio.gather(one.delivered(), two.delivered())
        assert len(line.forms) == 10

    asyncio.run(main())


def test_replicas_with_folders_of_their_own_know_nothing_of_each_other(tmp_path: Path) -> None:
    """What the documentation says of them: one client key is two reports then."""

    async def main() -> None:
        clock = Clock()
        line = Line(clock)
        here, there = tmp_path / "a", tmp_path / "b"
        async with open_city(here, line, clock) as one, open_city(there, line, clock) as two:
            report = await one.reported()
            await one.delivered()
            assert await two.state(report) is None
            assert (await one.state(report))["number"] == "1001-2026"

    asyncio.run(main())


def test_a_disk_that_keeps_nothing_takes_no_report(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        answer = await city.issue()
        [error] = answer["errors"]
        assert answer["data"] == {"reportIssue": None}
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert not city.line.forms

    (tmp_path / FILE).write_bytes(b"this is no database at all" * 100)
    visit(tmp_path, use)


def test_an_outbox_that_is_full_takes_no_report(tmp_path: Path, monkeypatch) -> None:
    assert MOST_WAITING < 100_000
    monkeypatch.setattr("sources.outbox.MOST_WAITING", 2)

    async def use(city: City) -> None:
        city.line.before = nobody
        for n in range(2):
            await city.reported(f"{CLIENT_KEY}-{n}")
        [error] = (await city.issue())["errors"]
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert error["extensions"]["retryAfter"] == 3_600
        known = await city.issue(f"{CLIENT_KEY}-0")  # what is known is not one more
        assert "errors" not in known

    visit(tmp_path, use)
