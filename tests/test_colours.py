"""Colours: the text on a line's sign can be read, by the numbers of WCAG."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.colours import LEGIBLE, colour, contrast, legible

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"{number:06X}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("000000", "FFFFFF", 21),
        ("FFFFFF", "FFFFFF", 1),
        ("777777", "FFFFFF", 4.48),  # the grey that is famous for just failing 4.5
        ("34B4E4", "FFFFFF", 2.39),  # C1 in Nantes, in the winter of 2015
    ],
)
def test_contrast_as_wcag_has_it(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.005)


@pytest.mark.parametrize(
    ("text", "background", "shown"),
    [
        ("FFFFFF", "007A45", "FFFFFF"),
        ("FFE000", "007A45", "FFE000"),  # published, and legible: left as it is
        ("FFFFFF", "BEABD0", "000000"),
        ("000000", "001A33", "FFFFFF"),
        ("FF0000", "FF0000", "000000"),
        (None, "FFFFFF", "000000"),
        (None, "000000", "FFFFFF"),
    ],
)
def test_text_is_as_published_unless_it_cannot_be_read(
    text: str | None, background: str, shown: str
) -> None:
    assert legible(text, background) == shown


@given(colours | st.none(), colours)
def test_any_text_can_be_read(text: str | None, background: str) -> None:
    assert contrast(legible(text, background), background) >= LEGIBLE


def test_what_is_a_colour() -> None:
    assert colour("#00a754") == "00A754"
    assert colour("red") is colour("") is colour(None) is None
