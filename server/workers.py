"""Workers: processes that answer at one port together, and the one that looks after them.

All code is loaded once, before they are forked, and they take connections from one socket,
each when it has time. Each has an application of its own: what they share goes through the
store, as with replicas, and timetables are files that all of them map. One that ends by
itself is replaced; a signal to the first process is passed on to all.

Under systemd: `KillMode=mixed`, else each is told twice to stop, and does so at once.
"""

import gc
import os
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from signal import (
    SIG_BLOCK,
    SIG_DFL,
    SIG_UNBLOCK,
    SIGCHLD,
    SIGHUP,
    SIGINT,
    SIGTERM,
    pthread_sigmask,
    signal,
    sigwait,
)
from threading import Thread
from time import sleep

import structlog

log = structlog.get_logger("server")

AUTO = "auto"
HEARD = {SIGTERM, SIGINT, SIGHUP, SIGCHLD}
COULD_NOT_START = 3  # uvicorn's exit code; nor can the others, then
PAUSE_S = 1.0  # before one that ended is replaced
CGROUPS, OURS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def counted(text: str) -> int:
    """A number of workers, or `auto`: one for each processor; ValueError."""
    many = processors() if text == AUTO else int(text)
    if many < 1:
        raise ValueError("at least one")
    return many


def processors(cgroups: Path = CGROUPS, ours: Path = OURS) -> int:
    """How many processors this process may use: by its affinity, and its control group (v2)."""
    many = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min(many, _quota(cgroups, ours))))


def _quota(cgroups: Path, ours: Path) -> float:
    """The least that this group, or one around it, may use of processors."""
    try:
        lines = ours.read_text().splitlines()
    except OSError:
        return float("inf")
    quotas = [float("inf")]
    for path in (line.removeprefix("0::/") for line in lines if line.startswith("0::/")):
        group = cgroups / path
        for one in (group, *group.parents):
            limit = one / "cpu.max"
            if one.is_relative_to(cgroups) and limit.is_file():
                quota, _, period = limit.read_text().partition(" ")
                if quota != "max":
                    quotas.append(int(quota) / int(period))
    return min(quotas)


class Workers:
    """So many processes, each of which does `work` with its number, the first one's being 1."""

    def __init__(self, work: Callable[[int], None], many: int) -> None:
        self._work = work
        self._many = many
        self._processes: dict[BaseProcess, tuple[int, float]] = {}
        self._lifeline, self._held = os.pipe()  # closed by the system when this process ends

    def run(self) -> int:
        """Until a signal says to stop, or none of them can start: the exit code."""
        signal(SIGCHLD, lambda *_: None)
        pthread_sigmask(SIG_BLOCK, HEARD)  # each is waited for below, in its turn
        gc.freeze()  # so that looking for cycles does not copy what they share
        for number in range(1, self._many + 1):
            self._begin(number, 0)
        leaving, code = False, 0
        while self._processes:
            heard = sigwait(HEARD)
            if heard != SIGCHLD:
                leaving = leaving or heard != SIGHUP
                self._tell(heard)
                continue
            for process, (number, paused_s) in list(self._processes.items()):
                if process.exitcode is None:
                    continue
                del self._processes[process]
                if leaving:
                    continue
                if process.exitcode == COULD_NOT_START and not paused_s:
                    leaving, code = True, COULD_NOT_START
                    self._tell(SIGTERM)
                else:
                    log.error("worker ended", worker=number, code=process.exitcode)
                    self._begin(number, PAUSE_S)
        return code

    def _tell(self, heard: int) -> None:
        for process in self._processes:
            if process.exitcode is None and process.pid is not None:
                os.kill(process.pid, heard)

    def _begin(self, number: int, in_s: float) -> None:
        process = get_context("fork").Process(target=self._worker, args=(number, in_s))
        process.start()
        self._processes[process] = number, in_s

    def _worker(self, number: int, in_s: float) -> None:
        os.setpgid(0, 0)  # Ctrl-C is for the first process, which passes it on
        signal(SIGCHLD, SIG_DFL)
        pthread_sigmask(SIG_UNBLOCK, HEARD)
        os.close(self._held)
        Thread(target=_follow, args=(self._lifeline,), daemon=True).start()
        sleep(in_s)
        self._work(number)


def _follow(lifeline: int) -> None:
    """End with the first process, however that ends."""
    os.read(lifeline, 1)
    os.kill(os.getpid(), SIGTERM)
