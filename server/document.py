"""Document: one that a client names or sends, and the plan that it became."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from server.errors import RequestError
from server.manifests import Entry, digest
from server.planning import Plan

PATH = "/graphql/d"
IN_PATHS = re.compile(r"(?!\.+$)[\w.~:-]+", re.ASCII)  # ids that need no quoting there
UNQUOTED = "!'()*"  # as JavaScript's encodeURIComponent has it
NAMELESS = "anonymous"


@dataclass(frozen=True)
class Document:
    """One document: the id it was asked by (None: its text was sent), its name, its plan."""

    text: str
    found: Plan | RequestError
    id: str | None = None
    name: str = NAMELESS
    published: bool = False  # by a manifest; nobody else's text or registration is
    page: str | None = None  # the page of ours whose it is; everybody may ask it

    @property
    def plan(self) -> Plan:
        """RequestError if it cannot be executed."""
        if isinstance(self.found, RequestError):
            raise RequestError(self.found.status, *self.found.errors)
        return self.found

    def path(self, operation: str | None, variables: Mapping[str, Any]) -> str:
        """The canonical URL of an answer, in the one spelling that caches should be asked."""
        name = self.id if self.id and IN_PATHS.fullmatch(self.id) else digest(self.text)
        steps = [PATH, name, operation if operation and len(self.plan.operations) > 1 else ""]
        path = "/".join(filter(None, steps))
        if not variables:
            return path
        compact = orjson.dumps(variables, option=orjson.OPT_SORT_KEYS)
        return f"{path}?variables={quote(compact, safe=UNQUOTED)}"


def name_of(found: Plan | RequestError, entry: Entry) -> str:
    """The name of its only operation, else its id."""
    names = [name for name in found.operations if name] if isinstance(found, Plan) else []
    return names[0] if len(names) == 1 else entry.id
