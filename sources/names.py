"""Names: what people type, and what cities write, made comparable."""

import re
from unicodedata import combining, normalize

LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o"})  # which Unicode does not take apart
BETWEEN = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """Lower case without accents, words parted by one space: `L'Île-d'Œuf` is `l ile d oeuf`."""
    if text.isascii():  # most texts of most tables, at a fraction of the time
        return BETWEEN.sub(" ", text.lower()).strip()
    letters = normalize("NFKD", normalize("NFKD", text).casefold()).translate(LIGATURES)
    return BETWEEN.sub(" ", "".join(c for c in letters if not combining(c))).strip()
