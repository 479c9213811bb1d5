"""Interpreter: how Python itself is set, so that nobody waits for its housekeeping.

What is not used any more goes at once, but for unreachable cycles, which Python has to look for:
that takes up to a microsecond for each object that is looked at, half a second for all that a
server holds, and is nearly always in vain, as events, places and the like are in no cycle.

So Python looks at what is new, a few thousand objects at a time, and less and less often while it
finds nothing. All that has been looked at, or passed over, is old from then on, which takes no time
however many they are (`gc.freeze`). What is old is looked at when nobody asks for anything.
"""

import asyncio
import gc
import resource
import sys
import time
from pathlib import Path

SWITCH_S = 0.001  # a thread that reads something large gives way to the event loop so often
NEW = 5_000, 1_000_000, 1_000_000  # objects: Python looks at so many that are new; never at others
MOST = 10_000  # to look at more of them would keep everybody waiting for more than 10 ms
LITTLE = 10  # of them found: it was in vain
PASSED_OVER = 15  # times after a look in vain that followed others in vain

OFTEN_S, SELDOM_S = 0.05, 1.0  # to see to it beside: while the process is busy, and while it is not
EACH_S = 600.0  # at most so often is everything looked at: in a second
BUSY = 0.02  # of which the process works for less than so much, or in any,
GROWN = 128 << 20  # if it holds so many bytes more than after the last look
STATM = Path("/proc/self/statm")


class Interpreter:
    """As the server sets it, from the moment that everything is loaded; needs a running loop."""

    def __init__(self) -> None:
        self._usual = gc.get_threshold(), sys.getswitchinterval()
        self._looks = False
        self._pause = self._left = 0  # times to be passed over: after the last look, and from now
        self.freeze()
        gc.callbacks.append(self._beside)
        gc.set_threshold(*NEW)
        sys.setswitchinterval(SWITCH_S)
        self._tidying = asyncio.create_task(_tidy(), name="tidying")

    def freeze(self) -> None:
        """What is there now is old: it is not looked at while others wait."""
        gc.freeze()

    def close(self) -> None:
        self._tidying.cancel()
        thresholds, switch_s = self._usual
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(self._beside)
        sys.setswitchinterval(switch_s)
        gc.unfreeze()

    def _beside(self, phase: str, look: dict[str, int]) -> None:
        """Python tells when it begins to look, at what is new or at everything, and what it found.

        What is old by then it does not see.
        """
        everything = look["generation"] > 0
        if phase == "stop":
            if self._looks and not everything:
                in_vain = look["collected"] <= LITTLE
                self._pause = self._left = min(2 * self._pause + 1, PASSED_OVER) if in_vain else 0
            gc.freeze()
        elif everything:
            gc.unfreeze()
        else:
            self._looks = not self._left and _new() <= MOST
            self._left = max(0, self._left - 1)
            if not self._looks:
                gc.freeze()


async def _tidy() -> None:
    """What Python does not do by itself: to look often enough, and at everything now and then."""
    each_s, time_of = OFTEN_S, asyncio.get_running_loop().time
    looked_at, most = time_of(), _held() + GROWN
    while True:
        used = time.process_time()
        await asyncio.sleep(each_s)
        quiet = time.process_time() - used < BUSY * each_s
        due = time_of() - looked_at > EACH_S
        if due and ((quiet and each_s == SELDOM_S) or _held() > most):
            gc.collect()
            looked_at, most = time_of(), _held() + GROWN
        elif _new() > NEW[0]:  # by Python's count, what is forgotten makes up for what is new
            gc.collect(0)
        each_s = SELDOM_S if quiet else OFTEN_S


def _new() -> int:
    """How many objects are not old; to list them takes a tenth of looking at them."""
    return len(gc.get_objects(0))


def _held() -> int:
    """Bytes of memory that the process has now; 0 where that cannot be told, as on a Mac."""
    try:
        return int(STATM.read_text("ascii").split()[1]) * resource.getpagesize()
    except OSError:
        return 0
