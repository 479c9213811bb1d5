"""Editions: the timetable as it is republished, week by week, in one directory.

    current -> 1-0f3a...    the edition in use; the link is swapped in one step
    1-0f3a.../              an edition, named by its format and its feed's hash
    1-77b0.../              the one before, for a process that is about to open it
    lock                    held by the process that imports

Several processes may share the directory: the first one that is given a new
feed imports it, and the others find it there. An edition takes its place only
when it is whole and can be opened.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakValueDictionary

from sources.archive import MIB
from sources.timetable.layout import FORMAT, MANIFEST, Report
from sources.timetable.timetable import Timetable

CURRENT = "current"
REASON_LENGTH = 500
NOT_WRITTEN = 3  # the importing process's exit code where the disk refused, not the feed

# Editions that this process has open, by directory and the manifest's file.
opened: WeakValueDictionary[tuple[Path, int, int], Timetable] = WeakValueDictionary()


class Editions:
    """The editions in `directory`, which is made if need be.

    An import may take `timeout_s` seconds and `max_memory` bytes; `timezone` is for
    feeds that do not say theirs.
    """

    def __init__(
        self,
        directory: Path,
        *,
        timezone: str | None = None,
        timeout_s: int = 120,
        max_memory: int = 2048 * MIB,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._timezone = timezone
        self._timeout_s = timeout_s
        self._max_memory = max_memory
        self._opened: tuple[str, Timetable] | None = None

    def current(self) -> Timetable | None:
        """The edition in use, opened once; None if there is none that can be opened."""
        for _ in range(2):  # again if it was replaced, twice, while we opened it
            link = self._directory / CURRENT
            name = link.readlink().name if link.is_symlink() else None
            if name is None:
                return None
            if self._opened is not None and self._opened[0] == name:
                return self._opened[1]
            timetable = self._open(name)
            if timetable is not None:
                self._opened = name, timetable
                return timetable
        return None

    def add(self, zipped: Path) -> Report:
        """Import a feed and make it the edition in use; ValueError if it is refused."""
        timetable = self.imported(zipped)
        self.use(timetable)
        return timetable.manifest.report

    def imported(self, zipped: Path) -> Timetable:
        """The edition that a feed makes, imported unless it is there already.

        It blocks for as long as the import takes, here or in another process.
        ValueError if the feed is refused, OSError if it cannot be kept in this directory.
        What is in use stays in use.
        """
        with zipped.open("rb") as body:
            name = _name(hashlib.file_digest(body, "sha256").hexdigest())
        timetable = self._open(name)
        if timetable is not None:  # so that nothing need be written where nothing can be
            return timetable
        with self._lock():
            timetable = self._open(name)
            if timetable is None:
                shutil.rmtree(self._directory / name, ignore_errors=True)
                self._import(zipped, self._directory / name)
                timetable = self._open(name)
            if timetable is None:
                raise ValueError("the new edition cannot be opened")
        return timetable

    def use(self, timetable: Timetable) -> None:
        """Make this the edition in use; ValueError if another process has removed it meanwhile."""
        name = _name(timetable.manifest.sha256)
        with self._lock():
            if not (self._directory / name).is_dir():
                raise ValueError("another process has made room for another edition")
            self._swap(name)
        self._opened = name, timetable

    def _open(self, name: str) -> Timetable | None:
        """An edition, mapped once however often it is read again: that is mostly the same."""
        directory = self._directory / name
        try:
            made = (directory / MANIFEST).stat()
            key = directory, made.st_ino, made.st_mtime_ns
            known = opened.get(key)
            if known is None:
                known = opened[key] = Timetable.open(directory)
            return known
        except (OSError, ValueError):
            return None

    def _import(self, zipped: Path, into: Path) -> None:
        command = [sys.executable, "-m", "sources.timetable", str(zipped), str(into)]
        command += ["--max-cpu-s", str(2 * self._timeout_s)]  # it has two threads
        command += ["--max-memory", str(self._max_memory)]
        if self._timezone is not None:
            command += ["--timezone", self._timezone]
        try:
            done = subprocess.run(  # noqa: S603 - our own program, and no shell
                command, capture_output=True, timeout=self._timeout_s, check=False
            )
        except subprocess.TimeoutExpired:
            raise ValueError(f"the import took more than {self._timeout_s} s") from None
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip()[-REASON_LENGTH:]
            kind = OSError if done.returncode == NOT_WRITTEN else ValueError
            raise kind(reason or f"the import ended with {done.returncode}")

    def _swap(self, name: str) -> None:
        """Put the edition in use, and remove all but the one before and what is not ours."""
        link, new = self._directory / CURRENT, self._directory / f".{CURRENT}"
        before = link.readlink().name if link.is_symlink() else name
        new.unlink(missing_ok=True)
        new.symlink_to(name)
        new.replace(link)
        for path in self._directory.iterdir():
            old = path.name.startswith((".import-", *(f"{n}-" for n in range(FORMAT + 1))))
            if old and path.name not in (name, before):
                shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with (self._directory / "lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _name(sha256: str) -> str:
    """What the edition of a feed with this hash is called."""
    return f"{FORMAT}-{sha256[:16]}"
