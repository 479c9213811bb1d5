"""Texts: what others wrote, with or without HTML, as plain lines.

It is hostile until read: text comes out, markup never does, however often it
was escaped on its way, and never more than anyone would read.
"""

import re
import unicodedata

from lxml import etree

MOST_CHARACTERS = 20_000  # a long notice has 3,000
ESCAPED_TWICE = 3
INLINE = {"a", "abbr", "b", "big", "em", "font", "i", "mark", "q", "s", "small", "span", "strong"}
INLINE |= {"sub", "sup", "u"}
UNSEEN = {"script", "style", "head", "title"}
MARKUP = re.compile(r"<[a-zA-Z/!?]|&[#a-zA-Z]")


def plain(text: str) -> str:
    """What a reader sees, line by line; "" if that is nothing."""
    text = text[:MOST_CHARACTERS]
    for _ in range(ESCAPED_TWICE):
        if not MARKUP.search(text):
            break
        page = _Page()
        parser = etree.HTMLParser(target=page)  # type: ignore[arg-type]  # it needs no more methods
        parser.feed(text)
        parser.close()
        text = "".join(page.seen)
    text = re.sub(r"<(?=[a-zA-Z/!?])", "", _printable(text))
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


class _Page:
    """What lxml tells of a text as it parses: where lines end, and what is between."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._unseen = 0

    def start(self, tag: str, _attributes: object) -> None:
        self._unseen += tag in UNSEEN
        if tag not in INLINE:
            self.seen.append("\n")

    def end(self, tag: str) -> None:
        self._unseen -= tag in UNSEEN
        if tag not in INLINE:
            self.seen.append("\n")

    def data(self, data: str) -> None:
        if self._unseen <= 0:
            self.seen.append(data)

    def close(self) -> None:
        return None


def _printable(text: str) -> str:
    """Without control characters, soft hyphens, halves of emoji and their like."""
    composed = unicodedata.normalize("NFC", text)
    if composed.replace("\n", "").isprintable():  # as nearly all are: none of it has to go
        return composed
    return "".join(c for c in composed if c.isprintable() or c.isspace())
