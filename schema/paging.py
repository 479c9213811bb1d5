"""Paging: long lists by the page, with cursors that stay true while lists change.

A cursor is not an offset but the sort key of the item it points at: items that
come and go between two requests are neither skipped nor shown twice.
https://relay.dev/graphql/connections.htm
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
import strawberry

from schema.arguments import BadUserInput, bounded

T = TypeVar("T")
Sort = tuple[Any, ...]
MAX_PAGE, DEFAULT_PAGE, MAX_CURSOR = 100, 20, 1_000


@dataclass(frozen=True)
class Window:
    """Which part of a list was asked for; made by `window`, which checks it."""

    first: int | None = DEFAULT_PAGE
    after: str | None = None
    last: int | None = None
    before: str | None = None


def window(
    first: int | None, after: str | None, last: int | None = None, before: str | None = None
) -> Window:
    """The checked window of a connection's four arguments; BadUserInput if there is none such."""
    for name, count in (("first", first), ("last", last)):
        if count is not None:
            bounded(count, 0, MAX_PAGE, name)
    return Window(DEFAULT_PAGE if first is None and last is None else first, after, last, before)


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether some precede this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first item, if any.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last item, if any.")


@strawberry.type(description="One item of a list and its place in it.")
class Edge(Generic[T]):
    node: T = strawberry.field(description="The item.")
    cursor: str = strawberry.field(description="Opaque; hand it back as `after` or `before`.")


@strawberry.type(name="Slice", description="A part of a list that nobody has counted.")
class Slice(Generic[T]):
    sort: strawberry.Private[Callable[[Any], Sort]]
    nodes: list[T] = strawberry.field(description="The items of this page, in order.")
    more_after: strawberry.Private[bool] = False
    more_before: strawberry.Private[bool] = False

    @strawberry.field(description="The items of this page with their cursors.")
    def edges(self) -> list[Edge[T]]:
        return [Edge(node=node, cursor=_cursor(self.sort(node))) for node in self.nodes]

    @strawberry.field(description="Where this page lies in the list.")
    def page_info(self) -> PageInfo:
        ends = [_cursor(self.sort(node)) for node in (self.nodes[:1] + self.nodes[-1:])]
        return PageInfo(
            has_next_page=self.more_after,
            has_previous_page=self.more_before,
            start_cursor=ends[0] if ends else None,
            end_cursor=ends[-1] if ends else None,
        )


@strawberry.type(name="Connection", description="One page of a list.")
class Page(Slice[T]):
    total_count: int = strawberry.field(description="How many items the whole list has.")


def page(items: Sequence[T], sort: Callable[[T], Sort], asked: Window) -> Page[T]:
    """Cut the window asked for out of `items`, which must be sorted by `sort`, a total order."""
    low, high = 0, len(items)
    like = sort(items[0]) if items else None
    if asked.after is not None:
        low = bisect_right(items, sort_key(asked.after, "after", like), key=sort)
    if asked.before is not None:
        high = max(low, bisect_left(items, sort_key(asked.before, "before", like), key=sort))
    if asked.first is not None:
        high = min(high, low + asked.first)
    if asked.last is not None:
        low = max(low, high - asked.last)
    return Page(
        sort=sort,
        nodes=list(items[low:high]),
        total_count=len(items),
        more_after=high < len(items),
        more_before=low > 0,
    )


def _cursor(key: Sort) -> str:
    return urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def sort_key(text: str, argument: str, like: Sort | None) -> Sort:
    """A cursor's sort key; BadUserInput unless it compares with others of this list."""
    try:
        if len(text) > MAX_CURSOR:
            raise ValueError
        key: Sort = tuple(
            msgspec.json.decode(
                urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=list[str | int | float]
            )
        )
        if like is not None and [*map(_comparable, key)] != [*map(_comparable, like)]:
            raise ValueError
    except ValueError:
        raise BadUserInput(f"`{argument}` is not a cursor of this list.", argument) from None
    return key


def _comparable(part: Any) -> type:
    return str if isinstance(part, str) else float
