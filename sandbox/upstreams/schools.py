"""Schools: the national directory, with the schools of Nantes and a few of elsewhere.

Names, addresses and positions are real ones of 2014; the UAI are made up. One school is there
twice, one is closing, one has no position, and most of the 71 columns are null.
"""

from datetime import date

from sandbox.datasets import EDUCATION, Dataset, Field, Row
from sandbox.tables import Record, read

# kind: type_etablissement, nursery, elementary, code_nature, libelle_nature
KINDS: dict[str, tuple[str, int | None, int | None, int, str]] = {
    "maternelle": ("Ecole", 1, 0, 101, "ECOLE MATERNELLE"),
    "elementaire": ("Ecole", 0, 1, 151, "ECOLE DE NIVEAU ELEMENTAIRE"),
    "primaire": ("Ecole", 1, 1, 151, "ECOLE DE NIVEAU ELEMENTAIRE"),
    "college": ("Collège", None, None, 340, "COLLEGE"),
    "lycee": ("Lycée", None, None, 302, "LYCEE ENSEIGNT GENERAL ET TECHNOLOGIQUE"),
    "lycee professionnel": ("Lycée", None, None, 320, "LYCEE PROFESSIONNEL"),
}
# department: code_academie, code_region, and the names of the three
DEPARTMENTS = {
    "044": ("17", "52", "Loire-Atlantique", "Nantes", "Pays de la Loire"),
    "033": ("04", "75", "Gironde", "Bordeaux", "Nouvelle-Aquitaine"),
    "049": ("17", "52", "Maine-et-Loire", "Nantes", "Pays de la Loire"),
    "035": ("14", "53", "Ille-et-Vilaine", "Rennes", "Bretagne"),
}
FACETS = ("type_etablissement", "statut_public_prive", "code_commune", "nom_commune")


def schools(today: date, _: int) -> list[Row]:
    """One row a school, nearly."""
    return [row(school, today) for school in read("schools")]


def row(school: Record, today: date) -> Row:
    """A school in all the columns of the directory."""
    kind, nursery, elementary, nature, nature_name = KINDS[school["kind"]]
    department = f"0{school['postcode'][:2]}"
    academy, region, department_name, academy_name, region_name = DEPARTMENTS[department]
    public = school["status"] == "Public"
    lat, lon = (float(school[axis]) if school[axis] else None for axis in ("lat", "lon"))
    every: Row = dict.fromkeys(field.name for field in SCHOOLS.fields)
    return every | {
        "identifiant_de_l_etablissement": school["uai"],
        "nom_etablissement": school["name"],
        "type_etablissement": kind,
        "statut_public_prive": school["status"],
        "adresse_1": school["address"],
        "adresse_3": f"{school['postcode']} {school['commune'].upper()}",
        "code_postal": school["postcode"],
        "code_commune": school["insee"],
        "nom_commune": school["commune"],
        "code_departement": department,
        "code_academie": academy,
        "code_region": region,
        "ecole_maternelle": nursery,
        "ecole_elementaire": elementary,
        "voie_generale": "1" if school["kind"] == "lycee" else None,
        "voie_professionnelle": "1" if school["kind"] == "lycee professionnel" else None,
        "telephone": school["phone"] or None,
        "mail": f"ce.{school['uai']}@ac-{academy_name.lower()}.fr",
        "restauration": int(school["canteen"]) if school["canteen"] else None,
        "hebergement": 0,
        "ulis": 0,
        "position": None if lat is None else {"lon": lon, "lat": lat},
        "type_contrat_prive": "SANS OBJET" if public else "CONTRAT D'ASSOCIATION TOUTES CLASSES",
        "libelle_departement": department_name,
        "libelle_academie": academy_name,
        "libelle_region": region_name,
        "epsg_origine": "EPSG:2154",
        "latitude": lat,
        "longitude": lon,
        "precision_localisation": None if lat is None else "Numéro de rue",
        "date_ouverture": "1965-05-01",
        "date_maj_ligne": today.replace(day=1).isoformat(),
        "etat": school["state"],
        "ministere_tutelle": "MINISTERE DE L'EDUCATION NATIONALE",
        "multi_uai": 0,
        "rpi_concentre": 0,
        "code_nature": nature,
        "libelle_nature": nature_name,
        "code_type_contrat_prive": "99" if public else "30",
    }


SCHOOLS = Dataset(
    "fr-en-annuaire-education",
    "Annuaire de l'éducation",
    "schools",
    tuple(
        Field(
            field["name"],
            field["name"].capitalize(),
            field["type"],
            facet=field["name"] in FACETS or field["name"].startswith("code_"),
        )
        for field in read("school_fields")
    ),
    schools,
    host=EDUCATION,
)
