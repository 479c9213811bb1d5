"""Keys: how a field asks for data without knowing who answers.

A *key* names one thing a field needs; its type parameter says what comes back.
Fields load keys, resolvers answer them, and neither imports the other.
"""

from datetime import datetime
from typing import Generic, Protocol, TypeVar, dataclass_transform

import msgspec
import strawberry

T = TypeVar("T")

# In the metadata of a subscription field that lists things: after the first answer, send only
# the entries that differ from what the client was sent last.
CHANGES_ONLY = "changes_only"


@dataclass_transform(frozen_default=True)
class Key(msgspec.Struct, Generic[T], frozen=True, cache_hash=True):
    """Base of every key: its fields are what tells one from another, and never change."""


class Context(Protocol):
    """What a field may do: tell the time of its request, and load keys."""

    @property
    def now(self) -> datetime:
        """The one instant (aware, UTC) that every field of this answer agrees on."""

    def changes_at(self, *instants: datetime) -> None:
        """What is told of `now` holds until the next of these; whoever asks for `now` says it."""

    @property
    def language(self) -> str:
        """The language that the client prefers for our own words: `fr` or `en`."""

    def city(self, slug: str | None) -> str:
        """The city asked for, or the server's own; BadUserInput if there is none such."""

    async def load(self, key: Key[T]) -> T:
        """The key's answer, batched and deduplicated within the request."""


Info = strawberry.Info[Context, None]
