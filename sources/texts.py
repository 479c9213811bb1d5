"""Texts: what others wrote, with or without HTML, as plain lines.

It is hostile until read: text comes out, markup never does, however often it
was escaped on its way, and never more than anyone would read.
"""

import asyncio
import re
import time
import unicodedata
from collections.abc import Callable
from threading import local
from typing import Generic, Protocol, TypeVar

from lxml import etree

T_co = TypeVar("T_co", covariant=True)
MOST_CHARACTERS = 20_000  # a long notice has 3,000
ESCAPED_TWICE = 3
INLINE = {"a", "abbr", "b", "big", "em", "font", "i", "mark", "q", "s", "small", "span", "strong"}
INLINE |= {"sub", "sup", "u"}
UNSEEN = {"script", "style", "head", "title"}
MARKUP = re.compile(r"<[a-zA-Z/!?]|&[#a-zA-Z]")
TURN_S, PAUSE_S = 0.005, 0.000_1


def plain(text: str) -> str:
    """What a reader sees, line by line; "" if that is nothing."""
    text = text[:MOST_CHARACTERS]
    for _ in range(ESCAPED_TWICE):
        if not MARKUP.search(text):
            break
        text = PAGES.read(text)
    text = re.sub(r"<(?=[a-zA-Z/!?])", "", _printable(text))
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


class Page(Protocol[T_co]):
    """What a parser tells what it finds; `close` says what came of it, and begins again."""

    def close(self) -> T_co: ...


class Html(local, Generic[T_co]):
    """A parser of HTML for each thread that parses, with the page that it tells.

    A parser and its page keep each other, and 5 KB, until somebody looks for cycles: one for each
    text, of which a city's events have thousands, would be most of what there is to find.
    """

    def __init__(self, page: Callable[[], Page[T_co]]) -> None:
        self._page = page
        self._parser = self._new()
        self._turn_until = 0.0

    def read(self, text: str) -> T_co:
        """What came of a text; or what the page or the parser raised over it."""
        self._give_way()
        try:
            self._parser.feed(text)
            return self._parser.close()  # type: ignore[return-value]  # the page's word for it
        except BaseException:
            self._parser = self._new()  # what it was in the middle of is no beginning
            raise

    def _give_way(self) -> None:
        """Now and then, the event loop has its turn, if this is not its own thread.

        lxml lets go of the interpreter for each tag, and is back before another thread is awake.
        Python takes that for a turn, and asks nobody to give way: the loop waited for 360 ms.
        """
        if time.monotonic() < self._turn_until:
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            time.sleep(PAUSE_S)
        self._turn_until = time.monotonic() + TURN_S

    def _new(self) -> etree.HTMLParser:
        return etree.HTMLParser(target=self._page())  # type: ignore[arg-type]  # it needs no more methods


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

    def close(self) -> str:
        text = "".join(self.seen)
        self.seen, self._unseen = [], 0
        return text


def _printable(text: str) -> str:
    """Without control characters, soft hyphens, halves of emoji and their like."""
    composed = unicodedata.normalize("NFC", text)
    if composed.replace("\n", "").isprintable():  # as nearly all are: none of it has to go
        return composed
    return "".join(c for c in composed if c.isprintable() or c.isspace())


PAGES = Html(_Page)
