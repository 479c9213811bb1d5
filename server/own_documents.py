"""Own documents: those of our own pages, each planned when it is first asked for, or behind.

What partners have published is planned before the port is open. These would take as long as a
tenth of all else that a start does, and nobody asks for one before its page has been loaded.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from server.document import Document, name_of
from server.errors import RequestError
from server.manifests import read
from server.planning import Plan


class OwnDocuments:
    """The documents of the manifests of `pages`, by their names; `plan` makes a text's plan."""

    def __init__(
        self, pages: Mapping[str, Path], plan: Callable[[str], Plan | RequestError]
    ) -> None:
        self._entries = {one.id: (page, one) for page, file in pages.items() for one in read(file)}
        self._planned: dict[str, Document] = {}
        self._plan = plan

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def problems(self) -> Mapping[str, str]:
        """Which of those that are planned cannot be used, and why."""
        return {
            f"{one.page}: {one.name}": str(one.found)
            for one in tuple(self._planned.values())
            if isinstance(one.found, RequestError)
        }

    def find(self, name: str) -> Document | None:
        """The one with this id, planned at once if it is not yet."""
        known = self._planned.get(name)
        if known is None and name in self._entries:
            page, entry = self._entries[name]
            found = self._plan(entry.text)
            known = Document(
                entry.text, found, name, name_of(found, entry), published=True, page=page
            )
            self._planned[name] = known
        return known

    def prepare(self) -> None:
        """Plan all of them, in whatever thread."""
        for name in self._entries:
            self.find(name)
