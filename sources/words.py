"""Words: a text as people search for it, whatever way it was written or typed."""

import re

from sources.names import fold

# What is written short, on signs and by those who type; both sides are made long.
SHORT = {
    "all": "allee",
    "anc": "ancien",
    "av": "avenue",
    "ave": "avenue",
    "bat": "batiment",
    "bd": "boulevard",
    "bld": "boulevard",
    "blvd": "boulevard",
    "boul": "boulevard",
    "bvd": "boulevard",
    "che": "chemin",
    "chem": "chemin",
    "cial": "commercial",
    "crs": "cours",
    "ctre": "centre",
    "dr": "docteur",
    "fac": "faculte",
    "faub": "faubourg",
    "fbg": "faubourg",
    "fg": "faubourg",
    "gal": "general",
    "gd": "grand",
    "gde": "grande",
    "gds": "grands",
    "gen": "general",
    "hop": "hopital",
    "imp": "impasse",
    "mal": "marechal",
    "mgr": "monseigneur",
    "nd": "notre dame",
    "pl": "place",
    "prof": "professeur",
    "qu": "quai",
    "rd": "rond",
    "rdpt": "rond point",
    "rte": "route",
    "sq": "square",
    "st": "saint",
    "ste": "sainte",
    "stes": "saintes",
    "sts": "saints",
    "univ": "universite",
    "zi": "zone industrielle",
}
# What is left out as often as not; `a` and `d` may also be all that a tram is called.
LITTLE = frozenset(
    {"a", "au", "aux", "avec", "chez", "d", "dans", "de", "des", "du", "en", "et", "l", "la"}
    | {"le", "les", "ou", "par", "pour", "s", "sous", "sur", "un", "une"}
)
LONGEST = 200  # characters of a text that count
MARKED = re.compile(r"\w+(?:[^\w\s]+\w+)+")


def words(text: str) -> list[str]:
    """The words of a text: folded, and those that are written short made long."""
    return lengthened(fold(text[:LONGEST]).split())


def run_together(text: str) -> list[str]:
    """What people may type as one word, for no space parts it: `guisthau`, `sopool`, `lile`."""
    if text.replace(" ", "").isalnum():  # most names: there is no mark in them
        return []
    return [fold(one).replace(" ", "") for one in MARKED.findall(text[:LONGEST])]


def lengthened(folded: list[str]) -> list[str]:
    """Folded words without abbreviations: some are two."""
    if SHORT.keys().isdisjoint(folded):  # most, at a fraction of the time
        return folded
    return " ".join(SHORT.get(word, word) for word in folded).split()
