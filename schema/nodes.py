"""Nodes: things with an id, whatever their kind, such as the tiles pinned to a home screen.

An id is opaque to clients: it names the kind, the city and the source's own
identifier, and so stays the same across restarts, replicas and editions.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Annotated, Any

import strawberry

from schema.arguments import BadUserInput, bounded
from schema.cost import as_many_as
from schema.key import CHANGES_ONLY, Info, Key

MAX_ID, MAX_IDS = 500, 100

# How each kind of node is looked up: its GraphQL name -> its key of (city, source's id).
lookups: dict[str, Callable[[str, str], Key[Any]]] = {}


def node_id(kind: str, city: str, local: str) -> strawberry.ID:
    """The public id of what the source calls `local`."""
    raw = f"{kind}:{city}:{local}".encode()
    return strawberry.ID(urlsafe_b64encode(raw).rstrip(b"=").decode())


def lookup(id: str, argument: str, kind: str | None = None) -> Key[Any]:
    """The key that looks a public id up; BadUserInput if it is none, or of another kind."""
    try:
        if len(id) > MAX_ID:
            raise ValueError
        raw = urlsafe_b64decode(id + "=" * (-len(id) % 4)).decode()
        found, city, local = raw.split(":", 2)
        key = lookups[found]
    except (ValueError, KeyError):
        raise BadUserInput(f"`{argument}` is not an id of ours.", argument) from None
    if kind not in (None, found):
        raise BadUserInput(f"`{argument}` is the id of a {found}, not of a {kind}.", argument)
    return key(city, local)


@strawberry.interface(description="Anything that can be fetched again by its id.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque and stable; see `node(id:)`.")


@strawberry.type
class Query:
    @strawberry.field(description="One thing by its id; null if there is none (any more).")
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The id of anything.")],
    ) -> Node | None:
        found: Node | None = await info.context.load(lookup(id, "id"))
        return found

    @strawberry.field(
        description="Many things by their ids, in the order asked; "
        "null for each that there is none of, each with its own error if its source is down.",
        directives=[as_many_as("ids")],
    )
    def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="At most 100 ids.")],
    ) -> list[Node | None]:
        bounded(len(ids), 0, MAX_IDS, "ids")
        found: list[Any] = [_load(info, one) for one in ids]  # awaitables, or the error to show
        return found


@strawberry.type(description="One of the things that a client keeps an eye on, as it is now.")
class NodeUpdate:
    id: strawberry.ID = strawberry.field(description="The id it was asked by.")

    @strawberry.field(description="The thing; null if there is none (any more).")
    async def node(self, info: Info) -> Node | None:
        found: Node | None = await info.context.load(lookup(self.id, "ids"))
        return found


@strawberry.type
class Subscription:
    @strawberry.field(
        description="Many things by their ids, in the order asked; "
        "after the first answer only those that have changed since.",
        directives=[as_many_as("ids")],
        metadata={CHANGES_ONLY: True},
    )
    def nodes(
        self,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="At most 100 ids.")],
    ) -> list[NodeUpdate] | None:
        bounded(len(ids), 0, MAX_IDS, "ids")
        return [NodeUpdate(id=one) for one in ids]


def _load(info: Info, id: str) -> Any:
    try:
        return info.context.load(lookup(id, "ids"))
    except BadUserInput as error:
        return error
