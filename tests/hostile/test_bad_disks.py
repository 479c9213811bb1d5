"""Disks that are full, or read-only: nothing is kept, and all is answered."""

import errno
import subprocess
from contextlib import contextmanager

import httpx
import pytest

from tests.conftest import serving
from tests.front_door.asking import settled

pytestmark = pytest.mark.anyio

# The second one is about tomorrow, which only the timetable knows.
QUERIES = (
    "{ pools(first: 2) { nodes { name openNow } } stops(first: 2) { nodes { name } } }",
    """{ stop(gtfsId: "FR_NAOLIB:StopPlace:20") { departures(
      first: 3, startTime: "2026-11-25T07:00:00Z") { scheduledAt headsign } } }""",
)


@contextmanager
def mounted(folder, options):
    """A file system of its own in a folder, for as long as a test lasts."""
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs root, to mount a disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(params=["full", "read-only"])
def bad(request, tmp_path):
    """A folder that nothing can be written to any more, and how that is told."""
    options = {"full": "size=64k", "read-only": "ro"}[request.param]
    with mounted(tmp_path, options):
        for name in ("others", "more") if request.param == "full" else ("any",):
            with pytest.raises(OSError) as told:
                (tmp_path / name).write_bytes(bytes(1 << 17))
        assert told.value.errno in (errno.ENOSPC, errno.EROFS)
        yield tmp_path


@pytest.mark.usefixtures("_timetables")
async def test_all_is_answered(bad, replay):
    async with serving(httpx.MockTransport(replay)) as server:
        good = [(await server.ask(query))["data"] for query in QUERIES]
        assert good[1]["stop"]["departures"]
    async with serving(httpx.MockTransport(replay), data=bad) as server:
        for query in QUERIES:
            assert "errors" not in await server.ask(query)
        await settled()  # an import takes its time
        for query, expected in zip(QUERIES, good, strict=True):
            answer = await server.ask(query)
            assert answer["data"] == expected
            assert {one["state"] for one in answer["extensions"]["sources"]} == {"LIVE"}
