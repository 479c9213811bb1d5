"""Names: what people type, and what cities write, made comparable."""

import re
from unicodedata import combining, normalize

LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o"})  # which Unicode does not take apart
BETWEEN = re.compile(r"[\W_]+")
MOST_CHARACTERS = 10_000  # that are remembered


class _Folded(dict[int, str]):
    """What each character becomes, whatever stands beside it; worked out when it is first seen."""

    def __missing__(self, code: int) -> str:
        letters = normalize("NFKD", normalize("NFKD", chr(code)).casefold()).translate(LIGATURES)
        folded = BETWEEN.sub(" ", "".join(c for c in letters if not combining(c)))
        if len(self) < MOST_CHARACTERS:
            self[code] = folded
        return folded


FOLDED = _Folded()


def fold(text: str) -> str:
    """Lower case without accents, words parted by one space: `L'Île-d'Œuf` is `l ile d oeuf`."""
    return " ".join(text.translate(FOLDED).split())
