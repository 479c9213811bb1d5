"""Bases: what an answer read, and whether reading it again would give it the same at once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from sources.cache import Cached
from sources.errors import SourceError


class Basis(NamedTuple):  # made at a third of the time of a frozen dataclass
    """One value that an answer read, or could not read, in the version that it then had.

    Nothing that was read is kept alive by it. `find` finds the value, if it is not forgotten.
    What is told of its source is another thing from `until` on, and where `doubt` says else.
    """

    find: Callable[[], Cached[Any] | None]
    version: int
    failed: bool
    until: datetime | None = None
    doubt: Callable[[datetime], str | None] | None = None
    doubted: str | None = None

    def stands(self, now: datetime) -> bool:
        """Whether a read would give the same now, at once, from a source that is doing the same."""
        if self.until is not None and now >= self.until:
            return False
        cached = self.find()
        if cached is None or cached.version != self.version:
            return False
        if self.doubt is not None and self.doubt(now) != self.doubted:
            return False
        shown = cached.at_once(now)
        return shown is not None and isinstance(shown, SourceError) is self.failed

    def stands_until(self, now: datetime) -> datetime:
        """Until when it stands if nothing is read again: until then it is fresh, so nobody waits.

        Now, if it does not, or one has to look each time.
        """
        cached = self.find()
        if self.until is None or cached is None or cached.version != self.version:
            return now
        doubted = self.doubt is not None and self.doubt(now) != self.doubted
        return now if doubted else self.until
