"""Texts from outside: lines come out, markup never."""

import gc
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources import texts
from sources.texts import MOST_CHARACTERS, TURN_S, Html, _Page, plain


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


def test_texts_leave_no_cycles() -> None:
    plain("<p>the first in this thread</p>")
    gc.collect()
    gc.disable()
    try:
        for _ in range(200):
            plain("<p>another</p>")
        assert gc.collect() < 1_000  # a parser for each would be 3,800; some are of earlier tests
    finally:
        gc.enable()


class Ticking:
    """A clock that goes on by a tenth of a turn whenever it is looked at, and in nobody's sleep."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, 0

    def monotonic(self) -> float:
        self.now += TURN_S / 10
        return self.now

    def sleep(self, _: float) -> None:
        self.slept += 1


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> Ticking:
    ticking = Ticking()
    monkeypatch.setattr(texts, "time", ticking)
    monkeypatch.setattr(texts, "PAGES", Html(_Page))  # which has not yet begun to read
    return ticking


def many_texts() -> None:
    for _ in range(100):
        plain("<p>another</p>")


def test_who_reads_beside_the_event_loop_gives_way(ticking: Ticking) -> None:
    reading = Thread(target=many_texts)
    reading.start()
    reading.join()
    assert 8 <= ticking.slept <= 12


@pytest.mark.anyio
async def test_the_event_loop_waits_for_nobody(ticking: Ticking) -> None:
    many_texts()
    assert not ticking.slept
