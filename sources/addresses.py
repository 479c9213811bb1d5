"""Addresses: what a geocoder knows by that name or around there, out of the national base (BAN).

It knows all of France, so what is elsewhere is left out, and with it what it is not sure of.
"""

from collections.abc import Mapping

import strawberry

from schema.addresses import LONGEST, AddressKind, AddressMatch
from schema.places import Address
from sources.names import fold
from sources.reading import reads
from sources.row import Row

SURE = 0.5  # below, some word is that of another street
KINDS = {
    "housenumber": AddressKind.HOUSE_NUMBER,
    "street": AddressKind.STREET,
    "locality": AddressKind.LOCALITY,
    "municipality": AddressKind.MUNICIPALITY,
}
# What the geocoder understands in either form; written out, both are one question.
WRITTEN_OUT = {
    "all": "allee",
    "av": "avenue",
    "ave": "avenue",
    "bd": "boulevard",
    "bld": "boulevard",
    "boul": "boulevard",
    "chem": "chemin",
    "imp": "impasse",
    "pl": "place",
    "r": "rue",
    "rte": "route",
    "sq": "square",
    "st": "saint",
    "ste": "sainte",
}
# Three communes have codes of their own for each arrondissement, and addresses have those.
ARRONDISSEMENTS = {"751": "75056", "6938": "69123", "132": "13055"}


@reads(
    AddressMatch,
    "id label score type name postcode citycode city position lat lon",
)
def address_match(row: Row) -> AddressMatch | None:
    """One match; None if it is elsewhere or a guess, ValueError without a label or a place."""
    kind, score = KINDS.get(row.text("type")), row.find_number("score")
    position = row.find_position()
    if kind is None or score is None or position is None:
        raise ValueError("no kind that is known, no score or no position")
    insee = commune(row.text("citycode"), row.city.communes)
    if insee is None or score < SURE:
        return None
    street = row.find_text("name") if kind is not AddressKind.MUNICIPALITY else None
    return AddressMatch(
        id=strawberry.ID(row.text("id")),
        label=row.text("label"),
        kind=kind,
        score=min(score, 1.0),
        position=position,
        address=Address(
            street=street,
            postcode=row.find_text("postcode"),
            city=row.find_text("city"),
            insee=insee,
        ),
    )


def comparable(text: str) -> str:
    """What somebody typed, as everyone would have it: folded, written out, in bounds.

    The last word is left as it is: it may be the beginning of another.
    """
    *words, last = fold(text).split() or [""]
    return " ".join([*(WRITTEN_OUT.get(word, word) for word in words), last])[:LONGEST].strip()


def question(text: str, at: tuple[float, float] | None = None) -> str:
    """The key for a text, for a place (lat, lon, to a metre), or for a text around a place."""
    return f"{text}@" + ("" if at is None else f"{at[0]:.5f},{at[1]:.5f}")


def commune(code: str, communes: Mapping[str, str]) -> str | None:
    """Which of a city's communes has this INSEE code, or this arrondissement; None: elsewhere.

    A city that lists no communes takes them all.
    """
    if not communes or code in communes:
        return code
    whole = (one for start, one in ARRONDISSEMENTS.items() if code.startswith(start))
    return next((one for one in whole if one in communes), None)
