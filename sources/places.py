"""Places: public places of any kind, and how a city writes the commune and the page of anything.

Each part of a city's `[places]` is a kind of its own, named after it, or several that
its `kind` column tells apart: `values` says in one word each what the city calls them, and
what has no word there is left out. `[places.library-hours]` are the hours of `[places.library]`.
A place without an id is known by where it is.

One portal writes `ST-HERBLAIN`, `SAINT HERBLAIN` and `Saint-Herblain` for one
commune, in one column, and `ST-SEBASTIEN` for Saint-Sébastien-sur-Loire.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cities import Binding, City
from schema.nodes import node_id
from schema.places import Address, Position
from schema.public_places import Detail, PublicPlace
from sources.hours import COLUMNS, Slot, slot
from sources.kinds import LABELS
from sources.names import fold
from sources.reading import reads
from sources.row import Row

SAINTS = {"st": "saint", "ste": "sainte"}
ARTICLES = {"la", "le", "les", "l"}
YES_OR_NO = {"oui": "oui", "true": "oui", "non": "non", "false": "non"}
CEDEX = re.compile(r" cedex\b.*")
MOST_CITIES = 64  # whose communes are remembered
WEBSITE = re.compile(
    r"(?P<scheme>https?://)?(?P<rest>[\w-]+(\.[\w-]+)+(:\d+)?([/?#][^\s<>\"]*)?)", re.IGNORECASE
)

# Communes by the words that tell them apart: their names, and their codes.
Communes = Mapping[tuple[str, ...], tuple[str, str | None]]

_made: dict[int, tuple[Mapping[str, str], Communes]] = {}


@dataclass(frozen=True, slots=True)
class PlaceSlot(Slot):
    """A row of a public place's opening hours."""


@reads(PlaceSlot, COLUMNS, part="*-hours")
def place_slot(row: Row) -> PlaceSlot:
    """One row of opening hours; ValueError as for `slot`."""
    return slot(row, PlaceSlot)


def once(places: list[PublicPlace]) -> list[PublicPlace]:
    """Each place once, as it is first listed."""
    found: dict[str, PublicPlace] = {}
    for place in places:
        found.setdefault(place.id, place)
    return list(found.values())


@reads(
    PublicPlace,
    "id name kind position lat lon street postcode commune insee phone website description "
    "wheelchair opening_hours updated",
    part="*",
    whole=once,
)
def public_place(row: Row) -> PublicPlace | None:
    """One place, None if it is of a kind that the city does not name; ValueError without an id.

    Tables without ids tell places apart by where they are, to the metre. One without a name,
    such as a drinking fountain, is called after its street, or else by what it is.
    """
    part = row.binding.part or "" if row.binding is not None else ""
    kind = _kind(row.find_text("kind") or "") if "kind" in row.fields else _kind(part)
    if not kind:
        return None
    position, address = row.find_position(), find_address(row)
    local_id = row.find_text("id")
    if local_id is None:
        if position is None or "id" in row.fields:
            raise ValueError("no id")
        local_id = _spot(position)
    street = address.street if address is not None else None
    name = row.find_text("name") or street or row.city.kinds.get(kind) or _label(kind)
    updated = row.find_instant("updated")
    return PublicPlace(
        id=node_id("PublicPlace", row.city.slug, f"{part}:{local_id}"),
        city=row.city.slug,
        name=name,
        folded=fold(name),
        position=position,
        address=address,
        updated_at=updated and updated.astimezone(row.city.zone),
        local_id=local_id,
        listed_in=part,
        own_kind=kind,
        hours_text=row.find_text("opening_hours"),
        phone=row.find_text("phone"),
        website=find_website(row),
        description=row.find_text("description"),
        wheelchair_accessible=row.find_flag("wheelchair"),
        details=_details(row),
    )


def kinds_in(binding: Binding) -> frozenset[str] | None:
    """The kinds that a part of `[places]` holds, in one word each; None if only its rows tell."""
    column = binding.fields.get("kind")
    if column is None:
        return frozenset({_kind(binding.part or "")})
    return None if column.values is None else frozenset(map(_kind, column.values.values()))


@lru_cache(maxsize=1_000)
def _kind(text: str) -> str:
    return fold(text).replace(" ", "_")


def _label(kind: str) -> str:
    return LABELS[kind][0] if kind in LABELS else kind.replace("_", " ")


def find_address(row: Row) -> Address | None:
    """From the columns `street`, `postcode`, `commune` and `insee`; None without any of them.

    The commune by its code if there is one, which cannot be misspelt, else by its name.
    """
    street, postcode = row.find_text("street"), row.find_text("postcode")
    written, code = row.find_text("commune"), row.find_text("insee")
    city = row.city.communes.get(code or "")
    if city is None and written is not None:
        city, found = commune(row.city, written)
        code = found or code
    if not (street or postcode or city or code):
        return None
    return Address(street=street, postcode=postcode, city=city, insee=code)


def _spot(position: Position) -> str:
    return f"{position.lat:.5f},{position.lon:.5f}"


def _details(row: Row) -> list[Detail]:
    """What the city file wants shown besides, as the source has it."""
    columns = row.binding.details if row.binding is not None else None
    if not columns:
        return []
    inner = Row(row.city, row.raw, columns)
    said = {label: _said(inner, label) for label in columns}
    return [Detail(label=label, value=text) for label, text in said.items() if text is not None]


def _said(row: Row, label: str) -> str | None:
    """What a column says; yes and no in one way, however they are written."""
    value, text = row.find(label), row.find_text(label)
    return YES_OR_NO.get(str(value).strip().casefold(), text)


def commune(city: City, text: str) -> tuple[str, str | None]:
    """A commune's own name and its INSEE code.

    The beginning of a name will do if no other commune's begins so. For a
    commune that the city does not list: the text as it came, and None.
    """
    communes = _communes(city.communes)
    written = _words(text)
    if written in communes:
        return communes[written]
    begun = [found for words, found in communes.items() if words[: len(written)] == written]
    return begun[0] if written and len(begun) == 1 else (text, None)


def find_website(row: Row) -> str | None:
    """What a browser can open, `https://` where no scheme is given; None for anything else."""
    text = row.find_text("website")
    found = None if text is None else WEBSITE.fullmatch(text)
    return found and (found["scheme"] or "https://").lower() + found["rest"]


def _communes(listed: Mapping[str, str]) -> Communes:
    """A city's communes by their words; made once, as the list is the city file's own."""
    known = _made.get(id(listed))
    if known is None or known[0] is not listed:
        if len(_made) >= MOST_CITIES:
            _made.clear()
        made = {_words(name): (name, insee) for insee, name in listed.items()}
        known = _made[id(listed)] = listed, made
    return known[1]


@lru_cache(maxsize=1_000)  # most rows are of the same few communes
def _words(text: str) -> tuple[str, ...]:
    """The words that tell communes apart: no article, as in `CHAPELLE-SUR-ERDRE (LA)`."""
    words = [SAINTS.get(word, word) for word in CEDEX.sub("", fold(text)).split()]
    while words and words[0] in ARTICLES:
        del words[0]
    while words and words[-1] in ARTICLES:
        del words[-1]
    return tuple(words)
