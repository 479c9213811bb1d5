"""Names: whatever is typed meets whatever is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.names import fold


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Île-de-Nantes", "ile de nantes"),
        ("L'Œuf  et l’ÆGIS", "l oeuf et l aegis"),
        ("SAINT-SÉBASTIEN s/Loire", "saint sebastien s loire"),
        (" « Petit Port » ", "petit port"),
        ("Straße_7", "strasse 7"),
        ("C3 ½", "c3 1 2"),
        ("...", ""),
    ],
)
def test_fold(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(st.text())
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_case_does_not_count(text: str) -> None:
    assert fold(text.casefold()) == fold(text)


@given(st.text())
def test_words_are_parted_by_one_space(text: str) -> None:
    assert fold(text).split() == (fold(text).split(" ") if fold(text) else [])
    assert all(c.isalnum() for word in fold(text).split() for c in word)
