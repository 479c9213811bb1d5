"""Everything that reads bytes from outside, fed with bytes from inside: seeds, parted and mixed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS


@st.composite
def mutated(draw, target):
    """A seed with some of its bytes replaced, repeated, cut out or taken from another one."""
    data = draw(st.sampled_from(seeds(target)))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 20)))
        other = draw(st.sampled_from(seeds(target)))
        at = draw(st.integers(0, len(other)))
        put = draw(st.binary(max_size=8) | st.just(data[start:end] * 3) | st.just(other[at:]))
        data = data[:start] + put + data[end:]
    return data


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_found_once_and_what_is_good(name):
    for data in seeds(name):
        assert TARGETS[name](data) is None, data  # what is a bug is raised


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes(name):
    @settings(max_examples=200, deadline=None, derandomize=True, database=None)
    @given(st.binary(max_size=200) | mutated(name))
    def reads(data):
        assert TARGETS[name](data) is None

    reads()
