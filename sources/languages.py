"""Languages: what an upstream says in several of them, in whatever form it does.

Read: GBFS 3.0's `[{text, language}]`, GTFS-Realtime's `{translation: [...]}`, Decidim's
`{translations: [{locale, text}]}`, SIRI's `{value, lang}`, and maps such as NGSI-LD's
`{"fr": ..., "en": ...}`. A text alone is in the source's own.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from schema.languages import Text

TAG = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{1,8}){0,3}|@none")  # BCP 47, and JSON-LD's own
DEEPEST = 4  # lists within objects: no form is deeper, whatever somebody sends
TONGUES = ("language", "lang", "locale")
WORDS = ("translation", "translations", "text", "value")


def texts(said: Any, clean: Callable[[str], str] = str.strip, within: int = DEEPEST) -> list[Text]:
    """A text in each language that it is said in, in the order of the source; none if it is none.

    What `clean` leaves nothing of is left out.
    """
    if isinstance(said, str):
        text = clean(said)
        return [Text(text)] if text else []
    if not within:
        return []
    if isinstance(said, list):
        return [text for one in said for text in texts(one, clean, within - 1)]
    if not isinstance(said, Mapping):
        return []
    inner = next((said[name] for name in WORDS if said.get(name)), None)
    if inner is not None:
        language = next((said[name] for name in TONGUES if said.get(name)), None)
        found = texts(inner, clean, within - 1)
        return [one._replace(language=str(language)) for one in found] if language else found
    if not all(isinstance(tag, str) and TAG.fullmatch(tag) for tag in said):
        return []
    return [
        one._replace(language=None if tag == "@none" else tag)
        for tag, value in said.items()
        for one in texts(value, clean, within - 1)
    ]


def own(said: Any) -> str | None:
    """The first text of several languages; None for what is no such thing, a mere list, too."""
    found = texts(said)
    tongues = [text for text in found if text.language is not None]
    return found[0].text if tongues else None
