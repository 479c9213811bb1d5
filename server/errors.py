"""Errors of requests: what never executes, and which argument a wrong value was meant for."""

from typing import Any

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
