"""Shrinking: what comes back with about half of it gone is not believed at once.

It is held as suspect, and what was there before is shown, until further reads have
confirmed it, or the operator has accepted it; feeds that live by shrinking say so.
"""

from pathlib import Path
from typing import Any

from cities import Binding
from sources.collection import Collection
from sources.errors import Changed, SourceError
from sources.reading import readers

# What became of each kind: its collection, or why there is none.
Snapshot = dict[type, Collection[Any] | SourceError]
SUSPECT = 0.6  # what has fewer of its rows left lost about half of them
CONFIRMATIONS = 2  # reads that must confirm that they are really gone
RETRY_S = 60.0


class Shrinking:
    """How often each kind of thing came back as less than it was, in a row."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._doubts: dict[type, int] = {}

    def believed(self, found: Snapshot, before: Snapshot) -> Snapshot:
        """The same, but for collections that shrank too much to be believed at once."""
        for kind, new in found.items():
            old = before.get(kind)
            if isinstance(old, Collection) and isinstance(new, Collection):
                found[kind] = self._doubted(kind, old, new) or new
        return found

    def _doubted(self, kind: type, old: Collection[Any], new: Collection[Any]) -> Changed | None:
        """Why this is not to be believed yet, if so."""
        binding, were, are = old.binding, _size(kind, old), _size(kind, new)
        shrunk = are < SUSPECT * were and not binding.may_shrink
        doubts = self._doubts[kind] = self._doubts.get(kind, 0) + 1 if shrunk else 0
        if not 0 < doubts <= CONFIRMATIONS or self._accepted(binding):
            return None
        what, retry_s = f"suspect: {are} rows, where {were} were", max(RETRY_S, binding.ttl_s / 10)
        return Changed(what, binding, retry_after_s=retry_s)

    def _accepted(self, binding: Binding) -> bool:
        """Whether the operator has left word that what comes next is to be believed; once."""
        try:
            acceptance(self._folder, binding).unlink()
        except OSError:  # there is none, or none that could be taken back
            return False
        return True


def acceptance(folder: Path, binding: Binding) -> Path:
    """Where an operator leaves word that a source's next reading is to be believed."""
    return folder / binding.city / f"accept-{binding.table}"


def _size(kind: type, collection: Collection[Any]) -> int:
    """How many rows it was made of, or is, if it is one lasting thing."""
    keeps = readers[kind].keeps
    return len(collection.items) if keeps is None else keeps.size(collection.items[0])
