"""Texts from outside: lines come out, markup never."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.texts import MOST_CHARACTERS, plain


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("Travaux", "Travaux"),
        ("", ""),
        ("<p></p>", ""),
        ("one\r\n\r\ntwo", "one\ntwo"),
        ("<h4><strong>Du 24 mars</strong></h4><p>80<br>- ici</p>", "Du 24 mars\n80\n- ici"),
        ("a <b>bold</b> word", "a bold word"),
        ("&gt; Dans les 2 sens &amp; plus", "> Dans les 2 sens & plus"),
        ("moins de 5 < 6 min", "moins de 5 < 6 min"),
        ("<script>alert(1)</script>ok<style>p{}</style>", "ok"),
        ("&lt;p&gt;escaped&lt;/p&gt;", "escaped"),
        ("&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;", ""),
        ("soft\u00adhyphen \u200bzero", "softhyphen zero"),
        ("a\u00a0b", "a b"),
    ],
)
def test_what_a_reader_sees(written: str, seen: str) -> None:
    assert plain(written) == seen


def test_it_is_never_longer_than_anyone_reads() -> None:
    assert len(plain("x" * 10 * MOST_CHARACTERS)) <= MOST_CHARACTERS


@given(st.text(alphabet=st.sampled_from("<>&;/!ab lt#x\n\"='p"), max_size=60))
def test_no_markup_comes_out(written: str) -> None:
    seen = plain(written)
    assert not any(f"<{letter}" in seen for letter in "abltxp/!")
