"""Interpreter: how Python itself is set, so that nobody waits for its housekeeping.

To look through everything for unreachable cycles takes 50 ms for each 100,000 events, places
and the like that are held, and they are in none: snapshots go when nobody uses them. So only what
is young is looked through, which is quick; and all of it at a time when nobody asks for anything.
"""

import asyncio
import gc
import sys
import time

# Objects more than at the last look; looks at those before the rest of them is looked at again;
# never all by itself. Without the second look a busy server held 40 MB more that nobody could
# reach (`bench.soak`). To look at more at a time takes less in all, and keeps others waiting:
# what is forgotten counts against what is new, so that 20,000 can be 200,000.
YOUNG = (2_500, 3, 1_000_000)
SWITCH_S = 0.001  # a thread that reads something large gives way to the event loop so often
EACH_S = 600.0  # at most so often is everything looked through:
BUSY = 0.02  # in a second of which the process works for less than so much,
PATIENCE = 3_600  # or when there was none among so many


class Interpreter:
    """As the server sets it, from the moment that everything is loaded; needs a running loop."""

    def __init__(self) -> None:
        self._usual = gc.get_threshold(), sys.getswitchinterval()
        self.freeze()
        gc.set_threshold(*YOUNG)
        sys.setswitchinterval(SWITCH_S)
        self._tidying = asyncio.create_task(_tidy(), name="tidying")

    def freeze(self) -> None:
        """What is there now stays as long as the process: it need not be looked through again."""
        gc.freeze()

    def close(self) -> None:
        self._tidying.cancel()
        thresholds, switch_s = self._usual
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(switch_s)
        gc.unfreeze()


async def _tidy() -> None:
    """Look for cycles that are not young any more, when that keeps nobody waiting."""
    while True:
        await asyncio.sleep(EACH_S)
        for _ in range(PATIENCE):
            used = time.process_time()
            await asyncio.sleep(1)
            if time.process_time() - used < BUSY:
                break
        gc.collect()
