"""Places: communes and web pages as cities write them."""

import pytest

from cities import Column, load
from sources.places import commune, find_website
from sources.row import Row

NANTES = load()["nantes"]


@pytest.mark.parametrize(
    ("written", "name", "insee"),
    [
        ("ST-HERBLAIN", "Saint-Herblain", "44162"),
        ("SAINT HERBLAIN", "Saint-Herblain", "44162"),
        ("Saint-Herblain", "Saint-Herblain", "44162"),
        ("NANTES", "Nantes", "44109"),
        ("Nantes Cedex 2", "Nantes", "44109"),
        ("STE LUCE SUR LOIRE", "Sainte-Luce-sur-Loire", "44172"),
        ("COUERON", "Couëron", "44047"),
        ("CHAPELLE-SUR-ERDRE (LA)", "La Chapelle-sur-Erdre", "44035"),
        ("Sorinières", "Les Sorinières", "44198"),
        ("ST-SEBASTIEN", "Saint-Sébastien-sur-Loire", "44190"),
        ("Saint", "Saint", None),  # four of them begin so
        ("Paris", "Paris", None),
        ("La", "La", None),
    ],
)
def test_communes(written: str, name: str, insee: str | None) -> None:
    assert commune(NANTES, written) == (name, insee)


def test_every_commune_is_known_by_its_own_name() -> None:
    for insee, name in NANTES.communes.items():
        assert commune(NANTES, name) == (name, insee)
        assert commune(NANTES, name.upper().replace("SAINTE-", "STE ")) == (name, insee)


@pytest.mark.parametrize(
    ("written", "website"),
    [
        ("www.reze.fr", "https://www.reze.fr"),
        ("HTTP://www.reze.fr/piscine?x=1", "http://www.reze.fr/piscine?x=1"),
        ("https://reze.fr:8443/", "https://reze.fr:8443/"),
        ("javascript:alert(1)", None),
        ("ftp://reze.fr", None),
        ("mairie@reze.fr", None),
        ("voir la mairie", None),
        ("", None),
    ],
)
def test_websites(written: str, website: str | None) -> None:
    assert find_website(Row(NANTES, {"web": written}, {"website": Column(column="web")})) == website
