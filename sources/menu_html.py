"""Menu HTML: what a kitchen typed into a web form, as lines of plain text.

It is outside HTML, hostile until parsed. Only its line breaks and its emphasis
mean something: text comes out, markup never does.
"""

import re
import unicodedata
from dataclasses import dataclass

from sources.texts import Html

MAX_CHARACTERS = 20_000  # a real menu has 300

EMPHASIS = {"b", "em", "i", "strong", "u"}
INLINE = EMPHASIS | {"a", "big", "font", "mark", "q", "s", "small", "span", "sub", "sup"}
HIDDEN = {"script", "style"}
UNCLOSED = re.compile(r"<[^>]*(<|\Z)")  # a parser would swallow the dish behind it


@dataclass(frozen=True)
class Line:
    """One line as a reader sees it, never empty; `emphasised` if all of its words are."""

    text: str
    emphasised: bool


def lines(html: str) -> list[Line]:
    """The lines of an HTML text, in order; ValueError if it is too long, broken or a script."""
    if len(html) > MAX_CHARACTERS:
        raise ValueError(f"a menu of {len(html)} characters")
    if UNCLOSED.search(html):
        raise ValueError("a tag that does not end")
    return PAGES.read(_printable(html))


class _Page:
    """What lxml tells of a text as it parses: tags that open and close, and what is between."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._text = ""
        self._plain = False  # whether the line has a word that is not emphasised
        self._depth = 0

    def start(self, tag: str, _attributes: object) -> None:
        if tag in HIDDEN:
            raise ValueError(f"<{tag}> in a menu")
        if tag in EMPHASIS:
            self._depth += 1
        elif tag not in INLINE:
            self._end_line()

    def end(self, tag: str) -> None:
        if tag in EMPHASIS:
            self._depth = max(0, self._depth - 1)
        elif tag not in INLINE:
            self._end_line()

    def data(self, data: str) -> None:
        self._text += data
        self._plain |= self._depth == 0 and any(map(str.isalnum, data))

    def close(self) -> list[Line]:
        self._end_line()
        lines, self._lines, self._depth = self._lines, [], 0
        return lines

    def _end_line(self) -> None:
        text, emphasised = _tidy(self._text), not self._plain
        self._text, self._plain = "", False
        if "<" in text or ">" in text:
            raise ValueError("markup within the text of a menu")
        if text:
            self._lines.append(Line(text, emphasised))


def _printable(text: str) -> str:
    """Without control characters, soft hyphens, halves of emoji and their like."""
    return "".join(c for c in text if c.isprintable() or c.isspace())


def _tidy(text: str) -> str:
    """In single spaces; `l\\'indienne`, as escaped on its way, loses its `\\`."""
    text = re.sub(r"\\(['\"])", r"\1", unicodedata.normalize("NFC", _printable(text)))
    return " ".join(text.split())


PAGES = Html(_Page)
