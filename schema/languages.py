"""Languages: texts that a source has in several of them, and the one that a client asks for."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import strawberry

LanguageArgument = Annotated[
    str | None,
    strawberry.argument(description="Such as `en`; the source's own if left out or not there."),
]


class Text(NamedTuple):
    """A text in one language (`fr`, `en-GB`), or in the source's own where that is None."""

    text: str
    language: str | None = None


def find_spoken(texts: Sequence[Text], language: str | None) -> str | None:
    """The text in a language, or as near as there is: `en` for `en-GB`; None if there is none."""
    wanted = (language or "").lower()
    for near in (wanted, wanted.partition("-")[0]):
        for text in texts:
            if near and near == (text.language or "").lower():
                return text.text
    return None


def spoken(texts: Sequence[Text], language: str | None) -> str | None:
    """The text in a language, or as near as there is, else the source's own."""
    found = find_spoken(texts, language)
    if found is not None or not texts:
        return found
    return next((text for text in texts if text.language is None), texts[0]).text
