"""Menu labels: the quality marks that a kitchen claims, told from its words."""

import re

from sources.names import fold

LABELS = {
    "bio": r"bio(logiques?)?",
    "AOP": "aop|appellation d origine protegee",
    "AOC": "aoc|appellation d origine controlee",
    "IGP": "igp|indication geographique protegee",
    "STG": "stg|specialite traditionnelle garantie",
    "Label rouge": "label rouge",
    "BBC": "bbc|bleu blanc coeur",
    "MSC": "msc",
    "pêche durable": "peche durable",
    "Haute valeur environnementale": "hve|haute valeur environnementale",
}
SAID = {label: re.compile(rf"\b({words})\b") for label, words in LABELS.items()}


def labels(*texts: str) -> list[str]:
    """The marks that any of some texts claims, each once."""
    claims = fold(" ".join(texts))
    return [label for label, words in SAID.items() if words.search(claims)]
