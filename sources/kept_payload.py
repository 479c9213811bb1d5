"""Kept payload: what a feed was last read from, as a file, for the time after a restart."""

import os
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

import structlog

from cities import Binding
from sources.cache import CLOCKS_APART_S
from sources.store import Payload

log = structlog.get_logger("sources.feeds")


class KeptPayload:
    """Of one table; a file that cannot be written or read costs a restart, and no answer."""

    def __init__(self, folder: Path, binding: Binding) -> None:
        self._folder = folder
        self._binding = binding

    @property
    def _path(self) -> Path:
        return self._folder / self._binding.city / f"{self._binding.table}.payload"

    def keep(self, payload: Payload) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self._path.parent, delete=False) as written:
                written.write(payload.body)
            os.utime(written.name, (payload.fetched_at, payload.fetched_at))
            os.replace(written.name, self._path)
        except OSError as error:
            log.warning("not kept", source=self._binding.source, why=str(error))

    def found(self, now: datetime) -> Payload | None:
        """If it is a file as it was left: no larger than a reply, and not of tomorrow."""
        most = self._binding.max_bytes
        try:
            if not self._path.is_file():
                return None
            if self._path.stat().st_mtime > now.timestamp() + CLOCKS_APART_S:
                return None
            with self._path.open("rb") as kept:
                body, at = kept.read(most + 1), os.fstat(kept.fileno()).st_mtime
            return Payload(body, at) if len(body) <= most else None
        except OSError as error:
            log.warning("not found again", source=self._binding.source, why=str(error))
            return None
