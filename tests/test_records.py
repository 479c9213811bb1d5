"""A long list taken apart piece by piece is the list, whatever is in it."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.records import TRIES, listed, records

TRAPS = ["},{", "} , {", '"},{"', "\\", "]", "[{", "é"]
VALUES = [*TRAPS, None, 1, [], [{}], [{"a": "},{"}, {}, {"},{": [[{}, {}]]}], {"b": [{}, {}]}]
ROWS = st.lists(
    st.dictionaries(st.sampled_from(TRAPS), st.sampled_from(VALUES), max_size=3), max_size=8
)
STYLES = st.sampled_from([{}, {"separators": (",", ":")}, {"indent": 1}, {"ensure_ascii": False}])


def taken(body: bytes, piece: int) -> list[object]:
    return [msgspec.json.decode(one, type=dict) for one in records(body, piece)]


@given(ROWS, STYLES, st.integers(0, 60))
def test_the_pieces_are_the_list(rows, style, piece):
    assert taken(json.dumps(rows, **style).encode(), piece) == rows


@given(ROWS, st.integers(0, 60), st.data())
def test_what_is_no_list_is_refused_as_a_whole_decoder_would(rows, piece, data):
    """With a byte taken away or put in somewhere."""
    body = json.dumps(rows).encode()
    at = data.draw(st.integers(1, len(body) - 1))
    broken = body[:at] + data.draw(st.sampled_from([b"", b"}", b",", b'"', b"{}"])) + body[at + 1 :]
    try:
        whole = msgspec.json.decode(broken, type=list[dict])
    except msgspec.DecodeError:
        with pytest.raises(msgspec.DecodeError):
            taken(broken, piece)
    else:
        assert taken(broken, piece) == whole


def test_a_list_within_an_element_does_not_end_it():
    """Not even one so long that nobody goes on looking."""
    rows = [{"n": 1, "inside": [{}] * (3 * TRIES)}, {"n": 2}]
    assert taken(json.dumps(rows).encode(), 1) == rows


@pytest.mark.parametrize(
    ("body", "is_list"), [(b" \n[1]", True), (b"{}", False), (b"", False), (b'"["', False)]
)
def test_a_list_is_known_by_its_beginning(body, is_list):
    assert listed(body) is is_list
