"""Cursors that stay true while the list changes."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.arguments import BadUserInput
from schema.paging import page, window


@dataclass(frozen=True)
class Item:
    rank: float
    id: str


def by_rank(item):
    return (item.rank, item.id)


items = st.lists(
    st.builds(Item, st.integers(-5, 5).map(float), st.text(max_size=3)), unique=True
).map(lambda found: sorted(found, key=by_rank))


def cursors(found):
    return [edge.cursor for edge in found.edges()]


@given(items, st.integers(1, 4))
def test_pages_forward_are_the_list(everything, size):
    seen, after = [], None
    while True:
        found = page(everything, by_rank, window(size, after))
        seen += found.nodes
        if not found.page_info().has_next_page:
            break
        after = found.page_info().end_cursor
    assert seen == everything


@given(items, st.integers(1, 4))
def test_pages_backward_are_the_list(everything, size):
    seen, before = [], None
    while True:
        found = page(everything, by_rank, window(None, None, size, before))
        seen = found.nodes + seen
        if not found.page_info().has_previous_page:
            break
        before = found.page_info().start_cursor
    assert seen == everything


@given(items, items, st.integers(0, 5))
def test_what_comes_and_goes_is_neither_skipped_nor_shown_twice(before, after, size):
    """Read a page, let the list change, read on: exactly what follows the last one seen."""
    first = page(before, by_rank, window(size, None))
    if not first.nodes:
        return
    rest = page(after, by_rank, window(100, cursors(first)[-1]))

    assert rest.nodes == [item for item in after if by_rank(item) > by_rank(first.nodes[-1])]


def test_the_default_page_is_bounded():
    everything = [Item(float(n), "") for n in range(150)]

    found = page(everything, by_rank, window(None, None))

    assert (len(found.nodes), found.total_count) == (20, 150)


@pytest.mark.parametrize("cursor", ["", "é", "e30", "W10", "WzFd", "WyJhIiwiYiJd", "A" * 2_000])
def test_a_cursor_of_another_list_is_refused(cursor):
    with pytest.raises(BadUserInput):
        page([Item(1.0, "a")], by_rank, window(1, cursor))


@given(st.text(max_size=40))
def test_no_text_breaks_it(text):
    try:
        page([Item(1.0, "a")], by_rank, window(1, text))
    except BadUserInput as error:
        assert error.extensions["argumentPath"] == ["after"]
