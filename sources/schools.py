"""Schools: where children learn, read from the national directory (annuaire de l'éducation).

It lists offices beside schools, keeps schools that have closed, names some twice,
and its second address line is as often the commune or a post box as an address.
"""

import re

from schema.nodes import node_id
from schema.places import Address
from schema.schools import School, SchoolLevel, SchoolSector
from sources.names import fold
from sources.places import find_website
from sources.reading import reads
from sources.row import Row

NO_SCHOOLS = {"service administratif", "information et orientation"}
OPEN = {"ouvert", "a fermer"}  # the latter at the end of the school year
LEVELS = {"college": SchoolLevel.LOWER_SECONDARY, "lycee": SchoolLevel.UPPER_SECONDARY}
SECTORS = {"public": SchoolSector.PUBLIC, "prive": SchoolSector.PRIVATE}
EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+")


def _once(schools: list[School]) -> list[School]:
    """Each school as it is named first."""
    found: dict[str, School] = {}
    for one in schools:
        found.setdefault(one.uai, one)
    return list(found.values())


@reads(
    School,
    "uai name type sector street street_more postcode insee commune "
    "nursery elementary canteen phone website email position lat lon state",
    whole=_once,
)
def school(row: Row) -> School | None:
    """One school; None for offices and closed schools, ValueError without a UAI, name or type."""
    uai, name, kind = row.text("uai").upper(), row.text("name"), fold(row.text("type"))
    if not re.fullmatch(r"[0-9]{7}[A-Z]", uai):
        raise ValueError(f"{uai!r} is no UAI")
    if kind in NO_SCHOOLS or fold(row.find_text("state") or "ouvert") not in OPEN:
        return None
    return School(
        id=node_id("School", row.city.slug, uai),
        city=row.city.slug,
        name=name,
        position=row.find_position(),
        folded=fold(name),
        uai=uai,
        level=_primary(row) if kind == "ecole" else LEVELS.get(kind, SchoolLevel.OTHER),
        sector=SECTORS.get(fold(row.find_text("sector") or "")),
        address=Address(
            street=_street(row),
            postcode=row.find_text("postcode"),
            city=row.find_text("commune"),
            insee=row.find_text("insee"),
        ),
        phone=_phone(row.find_text("phone")),
        email=_email(row.find_text("email")),
        website=find_website(row),
        canteen=row.find_flag("canteen"),
    )


def _primary(row: Row) -> SchoolLevel:
    nursery, elementary = row.find_flag("nursery"), row.find_flag("elementary")
    if nursery is None and elementary is None:
        raise ValueError("neither nursery nor elementary")
    if nursery and elementary:
        return SchoolLevel.PRIMARY
    if nursery:
        return SchoolLevel.NURSERY
    return SchoolLevel.ELEMENTARY if elementary else SchoolLevel.OTHER


def _street(row: Row) -> str | None:
    """Both lines, the second only if it says more than the first, the commune and a post box."""
    street, more = row.find_text("street"), row.find_text("street_more")
    if street is None or more is None:
        return street or more
    said = {"bp", "cs", *fold(f"{street} {row.find_text('commune')}").split()}
    new = [word for word in fold(more).split() if word not in said and not word.isdigit()]
    return f"{street}, {more}" if new else street


def _phone(text: str | None) -> str | None:
    """Ten digits: `+33 2…`, and numbers that a spreadsheet took the zero from, included."""
    digits = re.sub(r"^(0033|33)?0?(?=[1-9]\d{8}$)", "0", re.sub(r"\D", "", text or ""))
    return digits if re.fullmatch(r"0\d{9}", digits) else None


def _email(text: str | None) -> str | None:
    return text if EMAIL.fullmatch(text or "") else None
