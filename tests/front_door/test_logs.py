"""Lines of requests are written once a turn of the loop, whole and in order."""

import asyncio
import io
import logging
import subprocess
import sys

import pytest

from server import logs

pytestmark = pytest.mark.anyio


class Written(io.StringIO):
    """Standard error, and how often it was written to."""

    times = 0

    def write(self, text):
        self.times += 1
        return super().write(text)


def listening(monkeypatch):
    """In the test itself: pytest has another standard error for what goes before it."""
    written = Written()
    monkeypatch.setattr(sys, "stderr", written)
    return written


async def test_those_of_one_turn_are_written_together(monkeypatch):
    stderr = listening(monkeypatch)
    for number in range(3):
        logs.LINES.add(b"%d\n" % number)
    assert stderr.getvalue() == ""
    await asyncio.sleep(0)
    assert (stderr.getvalue(), stderr.times) == ("0\n1\n2\n", 1)
    logs.LINES.add(b"next turn\n")
    await asyncio.sleep(0)
    assert stderr.getvalue().endswith("next turn\n")


async def test_nothing_overtakes_them(monkeypatch):
    stderr = listening(monkeypatch)
    logs.LINES.add(b"first\n")
    logs.Stderr().msg("second")
    logs.LINES.add(b"third\n")
    logs.Handler(stderr).emit(logging.makeLogRecord({"msg": "fourth"}))
    assert stderr.getvalue().split() == ["first", "second", "third", "fourth"]
    await asyncio.sleep(0)


def test_a_process_that_ends_in_the_middle_of_a_turn_has_written_them():
    code = """
import asyncio, sys
from server.logs import LINES
async def main():
    LINES.add(b"last words\\n")
    sys.exit(3)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (3, "last words\n")


def test_nor_does_a_loop_that_was_given_up_keep_those_of_the_next(monkeypatch):
    stderr = listening(monkeypatch)
    loop = asyncio.new_event_loop()

    async def abandoned():
        logs.LINES.add(b"one\n")
        loop.stop()

    task = loop.create_task(abandoned())
    loop.run_forever()
    loop.close()
    assert task.done()

    async def later():
        logs.LINES.add(b"two\n")
        await asyncio.sleep(0)

    asyncio.run(later())
    assert stderr.getvalue() == "one\ntwo\n"
