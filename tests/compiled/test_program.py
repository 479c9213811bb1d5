"""The text of a program, compiled in pieces: as if it were compiled whole."""

import pytest

from server.compiled import program
from server.compiled.program import PIECE, Program, Text

MANY = PIECE * 3


@pytest.fixture
def text():
    """Functions of two lines that fail, and a last one that knows the first."""
    text = Text()
    for number in range(MANY):
        text.line(0, f"def f{number}():")
        text.line(1, "return 1 / 0", f"field {number}")
    text.line(0, "def last():")
    text.line(1, f"return f0, {text.constant('a word of a client')}")
    return text


@pytest.mark.parametrize("number", [0, PIECE // 2, PIECE, MANY - 1])
def test_an_error_is_of_the_field_whose_line_it_was_raised_at(text, number):
    made = text.compiled()

    with pytest.raises(ZeroDivisionError) as error:
        made[f"f{number}"]()

    assert Program(made["last"], tuple(text.about), ()).blamed(error.tb) == f"field {number}"


def test_the_pieces_know_each_other_and_all_constants(text):
    made = text.compiled()

    assert made["last"]() == (made["f0"], "a word of a client")


def test_no_piece_is_much_larger_than_it_has_to_be(text, monkeypatch):
    lines = []

    def compiled(source, *others, **options):
        lines.append(len(source.lstrip("\n").splitlines()))
        return compile(source, *others, **options)

    monkeypatch.setattr(program, "compile", compiled, raising=False)
    text.compiled()

    assert sum(lines) == len(text.lines)
    assert max(lines) <= PIECE + 2
