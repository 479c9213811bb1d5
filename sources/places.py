"""Places: the commune and the page of anything on the map, however a city writes them.

One portal writes `ST-HERBLAIN`, `SAINT HERBLAIN` and `Saint-Herblain` for one
commune, in one column, and `ST-SEBASTIEN` for Saint-Sébastien-sur-Loire.
"""

import re
from functools import lru_cache

from cities import City
from sources.names import fold
from sources.row import Row

SAINTS = {"st": "saint", "ste": "sainte"}
ARTICLES = {"la", "le", "les", "l"}
CEDEX = re.compile(r" cedex\b.*")
WEBSITE = re.compile(
    r"(?P<scheme>https?://)?(?P<rest>[\w-]+(\.[\w-]+)+(:\d+)?([/?#][^\s<>\"]*)?)", re.IGNORECASE
)


def commune(city: City, text: str) -> tuple[str, str | None]:
    """A commune's own name and its INSEE code.

    The beginning of a name will do if no other commune's begins so. For a
    commune that the city does not list: the text as it came, and None.
    """
    communes = _communes(tuple(city.communes.items()))
    written = _words(text)
    if written in communes:
        return communes[written]
    begun = [found for words, found in communes.items() if words[: len(written)] == written]
    return begun[0] if written and len(begun) == 1 else (text, None)


def find_website(row: Row) -> str | None:
    """What a browser can open, `https://` where no scheme is given; None for anything else."""
    found = WEBSITE.fullmatch(row.find_text("website") or "")
    return found and (found["scheme"] or "https://").lower() + found["rest"]


@lru_cache(maxsize=64)
def _communes(
    listed: tuple[tuple[str, str], ...],
) -> dict[tuple[str, ...], tuple[str, str | None]]:
    return {_words(name): (name, insee) for insee, name in listed}


def _words(text: str) -> tuple[str, ...]:
    """The words that tell communes apart: no article, as in `CHAPELLE-SUR-ERDRE (LA)`."""
    words = [SAINTS.get(word, word) for word in CEDEX.sub("", fold(text)).split()]
    while words and words[0] in ARTICLES:
        del words[0]
    while words and words[-1] in ARTICLES:
        del words[-1]
    return tuple(words)
