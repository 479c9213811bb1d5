"""Errors: what never executes, and why; what of a field's failure is told, and what is not."""

from typing import Any
from uuid import uuid4

import structlog
from graphql import (
    ArgumentNode,
    DocumentNode,
    GraphQLError,
    Node,
    ObjectFieldNode,
    ValueNode,
    Visitor,
    visit,
)

from sources.errors import forget

log = structlog.get_logger("server")

MAX_MESSAGE = 500


class RequestError(Exception):
    """A request that never executes: its HTTP status, the errors to show, headers to go with it."""

    def __init__(
        self, status: int, *errors: GraphQLError, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(errors[0].message if errors else "")
        self.status = status
        self.errors = errors
        self.headers = headers or {}


def argument_path(document: DocumentNode, error: GraphQLError) -> list[str] | None:
    """Where the wrong value stands, as argument and input fields; None if it is no value."""
    wrong = error.nodes[0] if error.nodes else None
    if isinstance(wrong, ArgumentNode | ObjectFieldNode):
        wrong = wrong.value
    if not isinstance(wrong, ValueNode):
        return None
    finder = _Finder(wrong)
    visit(document, finder)
    return finder.path


def shorten(error: GraphQLError) -> None:
    """graphql-core's messages repeat the value that is wrong, however long it is."""
    if len(error.message) > MAX_MESSAGE:
        error.message = error.message[:MAX_MESSAGE] + "…"


def mask(error: GraphQLError) -> None:
    """An error of ours is for the log; a client gets an id to report it by."""
    cause = error.original_error
    if cause is not None and "code" not in (error.extensions or {}):
        number = uuid4().hex[:12]
        log.error("bug", id=number, path=error.path, exc_info=cause)
        error.message = f"Something went wrong on our side ({number})."
        error.extensions = {"code": "INTERNAL", "id": number}
    forget(error)
    forget(cause)


class _Finder(Visitor):
    def __init__(self, wanted: Node) -> None:
        super().__init__()
        self.path: list[str] | None = None
        self._wanted = wanted

    def enter(self, node: Node, _key: Any, parent: Any, _path: Any, ancestors: list[Any]) -> Any:
        if node is not self._wanted:
            return None
        above = [o for o in (*ancestors, parent) if isinstance(o, ArgumentNode | ObjectFieldNode)]
        self.path = [one.name.value for one in above] or None
        return self.BREAK
