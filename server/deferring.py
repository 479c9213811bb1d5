"""Deferring: what of a document may come later, and the same document with all of it at once."""

from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLDeferDirective,
    GraphQLStreamDirective,
    Visitor,
    VisitorAction,
    visit,
)

DEFER, STREAM = GraphQLDeferDirective.name, GraphQLStreamDirective.name


def inlined(document: DocumentNode, *names: str) -> DocumentNode:
    """The document without directives of these names; itself, if it has none of them."""
    text = document.loc.source.body if document.loc else ""
    if not any(name in text for name in names):  # nearly always, and at no price
        return document
    found: DocumentNode = visit(document, _Without(names))
    return found


class _Without(Visitor):
    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self._names = names

    def enter_directive(self, node: DirectiveNode, *_: Any) -> VisitorAction:
        return self.REMOVE if node.name.value in self._names else None
