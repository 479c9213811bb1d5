"""The reader of schools: the directory's levels, its offices and its typing."""

from typing import Any

import pytest

import cities
from schema.nodes import node_id
from schema.places import Address, Position
from schema.schools import School, SchoolLevel, SchoolSector
from sources.reading import read_all, readers
from sources.row import Row
from sources.schools import school

NANTES = cities.load()["nantes"]
BINDING = NANTES.bindings["schools"]
RAW: dict[str, Any] = {
    "identifiant_de_l_etablissement": "0440000a",
    "nom_etablissement": "Ecole primaire  Île-de-Versailles",
    "type_etablissement": "Ecole",
    "statut_public_prive": "Public",
    "adresse_1": "3 quai de l'Erdre",
    "adresse_2": None,
    "code_postal": "44000",
    "code_commune": "44109",
    "nom_commune": "Nantes",
    "ecole_maternelle": 1,
    "ecole_elementaire": 1,
    "restauration": 1,
    "telephone": "02 40 00 00 01",
    "web": "ecole.example.fr/versailles",
    "mail": "ce.0440000A@ac-nantes.fr",
    "position": {"lon": -1.554, "lat": 47.224},
    "etat": "OUVERT",
}


def read(**raw: Any) -> School | None:
    return school(Row(NANTES, RAW | raw, BINDING.fields))


def listed(**raw: Any) -> School:
    found = read(**raw)
    assert found is not None
    return found


def test_a_whole_school() -> None:
    assert listed() == School(
        id=node_id("School", "nantes", "0440000A"),
        city="nantes",
        name="Ecole primaire Île-de-Versailles",
        position=Position(lat=47.224, lon=-1.554),
        folded="ecole primaire ile de versailles",
        uai="0440000A",
        level=SchoolLevel.PRIMARY,
        sector=SchoolSector.PUBLIC,
        address=Address(street="3 quai de l'Erdre", postcode="44000", city="Nantes", insee="44109"),
        phone="0240000001",
        email="ce.0440000A@ac-nantes.fr",
        website="https://ecole.example.fr/versailles",
        canteen=True,
    )


def test_what_the_directory_may_leave_out() -> None:
    required = {
        "identifiant_de_l_etablissement",
        "nom_etablissement",
        "type_etablissement",
        "ecole_maternelle",
        "ecole_elementaire",
    }
    raw = {name: value for name, value in RAW.items() if name in required}
    found = school(Row(NANTES, raw, BINDING.fields))
    assert found is not None
    assert found.address == Address(street=None, postcode=None, city=None, insee=None)
    rest = found.position, found.sector, found.phone, found.email, found.website, found.canteen
    assert rest == (None,) * 6


@pytest.mark.parametrize(
    ("kind", "nursery", "elementary", "level"),
    [
        ("Ecole", 1, 0, SchoolLevel.NURSERY),
        ("École", "0", "1", SchoolLevel.ELEMENTARY),
        ("Ecole", None, 1, SchoolLevel.ELEMENTARY),
        ("Ecole", 1, 1, SchoolLevel.PRIMARY),
        ("Ecole", 0, 0, SchoolLevel.OTHER),
        ("Collège", None, None, SchoolLevel.LOWER_SECONDARY),
        ("Lycée", None, None, SchoolLevel.UPPER_SECONDARY),
        ("EREA", None, None, SchoolLevel.OTHER),
        ("Médico-social", 1, 0, SchoolLevel.OTHER),
        ("Autre", None, None, SchoolLevel.OTHER),
    ],
)
def test_levels(kind: str, nursery: Any, elementary: Any, level: SchoolLevel) -> None:
    found = listed(type_etablissement=kind, ecole_maternelle=nursery, ecole_elementaire=elementary)
    assert found.level is level


@pytest.mark.parametrize("kind", ["Service Administratif", "Information et orientation"])
def test_an_office_is_no_school(kind: str) -> None:
    assert read(type_etablissement=kind) is None


@pytest.mark.parametrize(
    ("state", "open_"),
    [
        ("OUVERT", True),
        ("A FERMER", True),
        ("À fermer", True),
        (None, True),
        ("FERME", False),
        ("FERMÉ", False),
        ("A OUVRIR", False),
    ],
)
def test_only_open_schools(state: str | None, open_: bool) -> None:
    assert (read(etat=state) is not None) is open_


@pytest.mark.parametrize(
    ("sector", "found"),
    [("Privé", SchoolSector.PRIVATE), ("public", SchoolSector.PUBLIC), ("-", None), (None, None)],
)
def test_sectors(sector: str | None, found: SchoolSector | None) -> None:
    assert listed(statut_public_prive=sector).sector is found


@pytest.mark.parametrize(("said", "canteen"), [(1, True), (0, False), ("0", False), (None, None)])
def test_canteens(said: Any, canteen: bool | None) -> None:
    assert listed(restauration=said).canteen is canteen


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("identifiant_de_l_etablissement", "44000", "no UAI"),
        ("identifiant_de_l_etablissement", "0440000AB", "no UAI"),
        ("identifiant_de_l_etablissement", "٠٤٤٠٠٠٠A", "no UAI"),
        ("identifiant_de_l_etablissement", None, "no uai"),
        ("nom_etablissement", "-", "no name"),
        ("type_etablissement", None, "no type"),
    ],
)
def test_what_cannot_be_read_says_why(column: str, value: str | None, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read(**{column: value})


def test_a_primary_school_must_say_what_it_teaches() -> None:
    with pytest.raises(ValueError, match="nursery"):
        read(ecole_maternelle=None, ecole_elementaire=None)


@pytest.mark.parametrize(
    ("first", "second", "street"),
    [
        ("8 rue Haute", "Bâtiment B", "8 rue Haute, Bâtiment B"),
        ("8 rue Haute", "RUE HAUTE", "8 rue Haute"),
        ("8 rue Haute", "NANTES", "8 rue Haute"),
        ("8 rue Haute", "Nantes / BP 40123", "8 rue Haute"),
        (None, "8 rue Haute", "8 rue Haute"),
        ("8 rue Haute", None, "8 rue Haute"),
    ],
)
def test_streets(first: str | None, second: str | None, street: str) -> None:
    assert listed(adresse_1=first, adresse_2=second).address.street == street


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("0240000001", "0240000001"),
        ("+33 (0)2.40.00.00.01", "0240000001"),
        ("00 33 2 40 00 00 01", "0240000001"),
        (240000001, "0240000001"),
        ("02 40 00 00", None),
        ("0240000001 / 0240000002", None),
        (None, None),
    ],
)
def test_phones(written: Any, phone: str | None) -> None:
    assert listed(telephone=written).phone == phone


@pytest.mark.parametrize(
    ("written", "website"),
    [
        ("HTTP://Ecole.example", "http://Ecole.example"),
        ("www.ecole.example", "https://www.ecole.example"),
        ("javascript:alert(1)", None),
        ("ftp://ecole.example", None),
        ("voir le site de la ville", None),
    ],
)
def test_websites(written: str, website: str | None) -> None:
    assert listed(web=written).website == website


@pytest.mark.parametrize("written", ["ce.0440000A", "a@b@c.fr", "<x>@ac-nantes.fr", "-"])
def test_no_mailboxes(written: str) -> None:
    assert listed(mail=written).email is None


def test_a_school_named_twice_is_listed_once_as_first_named() -> None:
    other = RAW | {"identifiant_de_l_etablissement": "0440001B"}
    rows = [RAW, other, RAW | {"nom_etablissement": "Annexe"}, {"renamed": 1}]
    found, dropped = read_all(readers[School], rows, NANTES, BINDING)
    assert [one.uai for one in found] == ["0440000A", "0440001B"]
    assert found[0].name == "Ecole primaire Île-de-Versailles"
    assert dropped == 1
