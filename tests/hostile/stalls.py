"""Stalls: how long one turn of an event loop keeps everybody else waiting.

Counted in processor time of the loop's own thread, which other programs on a
busy machine do not add to.
"""

import gc
from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager
from time import thread_time

import pytest

LONGEST_S = 0.05  # that anybody may have to wait for somebody else's bad request


class Turns:
    """The longest turn of any loop in this process, in seconds."""

    longest = 0.0


@contextmanager
def turns() -> Iterator[Turns]:
    """Measure what the loops do inside; garbage is collected before, so as to blame nobody."""
    found, real = Turns(), events.Handle._run

    def run(handle: events.Handle) -> None:
        began = thread_time()
        real(handle)
        found.longest = max(found.longest, thread_time() - began)

    gc.collect()
    gc.disable()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(events.Handle, "_run", run)
            yield found
    finally:
        gc.enable()
