"""The directory: a name finds itself, however it is typed; and what is kept, and for how long."""

import asyncio
import json
import random
import string
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
import strawberry
from hypothesis import assume, example, given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from schema.places import Address, Position
from schema.public_places import PublicPlace
from sources.collection import Collection
from sources.directory import Directory
from sources.joined import LARGE, Joined
from sources.names import fold
from sources.naming import Names
from sources.vocabulary import Vocabulary
from sources.words import LITTLE, SHORT, words

NOW = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)
SAMPLES = Path(__file__).parents[1].parent / "shared/samples/nantes"


def place(
    name: str, kind: str = "library", commune: str | None = None, at: Position | None = None
) -> PublicPlace:
    return PublicPlace(
        id=strawberry.ID(f"{kind}:{name}:{commune}"),
        city="nantes",
        folded=fold(name),
        name=name,
        position=at,
        address=commune and Address(street=None, postcode=None, city=commune, insee=None),
        local_id=name,
        listed_in=kind,
        own_kind=kind,
        hours_text=None,
        phone=None,
        website=None,
        description=None,
        wheelchair_accessible=None,
        details=[],
    )


def find(directory: Directory, text: str, first: int = 10, **how) -> list[str]:
    return [one.name for one in directory.find(text, first, NOW, **how)]


# Every name finds itself

NAMES = [
    "Médiathèque Jacques Demy",
    "Bibliothèque de la Manufacture",
    "Place du Maréchal-Foch",
    "Sainte-Thérèse",
    "École d'architecture",
    "Château des ducs de Bretagne",
    "L'Œuf à la coque",
    "Cimetière Miséricorde",
    "Bd des Anglais",
    "Hangar à Bananes",
    "Île de Nantes",
    "Gymnase Gaston Turpin",
]
FRENCH = st.text(string.ascii_lowercase + "éèêàçôœ'- ", min_size=1, max_size=30).filter(
    lambda text: any(word not in LITTLE for word in words(text))
)
SOME = st.lists(FRENCH, max_size=12)


@given(FRENCH, SOME)
@example("st", [])
@example("nd", ["notre dame"])
def test_a_name_finds_itself(name, others):
    directory = Directory([Names([place(one) for one in (name, *others)])])

    found = find(directory, name, 100)

    assert name in found
    assert words(found[0]) == words(name)
    assert name in find(directory, name.upper(), 100)
    assert name in find(directory, fold(name), 100)  # without accents


@st.composite
def slips(draw, word: str, letters: str) -> str:
    """The word with a letter less, another, one more, or two in the wrong order."""
    where, letter = draw(st.integers(0, len(word) - 1)), draw(st.sampled_from(letters))
    before, it, after = word[:where], word[where], word[where + 1 :]
    ways = [before + after, before + letter + after, before + letter + it + after]
    return draw(st.sampled_from([*ways, before + after[:1] + it + after[1:]]))


@given(st.sampled_from(NAMES), st.data())
def test_a_name_finds_itself_with_a_slip_in_a_long_word(name, data):
    typed = fold(name).split()
    at = data.draw(st.sampled_from([n for n, word in enumerate(typed) if len(word) >= 5]))
    typed[at] = data.draw(slips(typed[at], string.ascii_lowercase))
    assume(typed[at] not in SHORT)

    assert find(DIRECTORY, " ".join(typed))[:1] == [name]
    assert name in find(DIRECTORY, typed[at])


@given(st.sampled_from(NAMES), st.data())
def test_a_name_is_found_by_its_beginning(name, data):
    begun = fold(name)[: data.draw(st.integers(1, len(fold(name))))]

    assert name in find(DIRECTORY, begun, len(NAMES))


DIRECTORY = Directory([Names([place(name) for name in NAMES])])


@given(st.text(max_size=100))
@example("\ufdfa" * 100)
@example("a b c d e f g h i j k l m n o p")
def test_whatever_is_typed_is_answered(text):
    assert len(find(DIRECTORY, text, 5)) <= 5


def test_nothing_is_found_in_nothing():
    assert find(Directory([]), "commerce") == []
    assert find(Directory([Names([])]), "commerce", near=(47.2, -1.5)) == []


# What is shown, and in which order


def test_a_kind_and_a_commune_tell_things_apart():
    directory = Directory(
        [
            Names(
                [
                    place("Jean Moulin", "school", "Rezé"),
                    place("Jean Moulin", "library", "Rezé"),
                    place("Jean Moulin", "school", "Vertou"),
                ]
            )
        ]
    )

    [first, *_] = directory.find("ecole jean moulin vertou", 3, NOW)

    assert first.id == "school:Jean Moulin:Vertou"


def test_the_nearest_of_the_same_comes_first_and_what_has_no_position_last():
    spots = [Position(lat=lat, lon=-1.5) for lat in (47.23, 47.21, 47.22)]
    places = [place("Mairie", commune=str(n), at=at) for n, at in enumerate([*spots, None])]
    directory = Directory([Names(places)])

    found = directory.find("mairie", 4, NOW, near=(47.2, -1.5))

    assert [one.position and one.position.lat for one in found] == [47.21, 47.22, 47.23, None]


def test_only_the_kinds_asked_for():
    places = [place("Commerce", "market"), place("Commerce", "toilets")]
    directory = Directory([Names(places)])

    assert [one.own_kind for one in directory.find("commerce", 9, NOW)] == ["market", "toilets"]
    [only] = directory.find("commerce", 9, NOW, kinds=frozenset({"toilets"}))
    assert only.own_kind == "toilets"


def test_what_is_over_is_not_found():
    class Fair(PublicPlace):
        def leaves_map_at(self) -> datetime:
            return NOW + timedelta(hours=1)

    fair = Fair(**vars(place("Foire de Nantes")))
    directory = Directory([Names([fair, place("Foire aux livres")])])

    assert directory.changes_at(NOW) == NOW + timedelta(hours=1)
    assert len(directory.find("foire", 9, NOW)) == 2
    later = directory.find("foire", 9, NOW + timedelta(hours=1))
    assert [one.name for one in later] == ["Foire aux livres"]


# Words


@given(st.lists(st.text("abcde", min_size=4, max_size=9), min_size=1, max_size=40), st.data())
def test_like_is_what_every_comparison_says(known, data):
    vocabulary, word = Vocabulary(known), data.draw(slips(known[0], "abcde"))

    found = dict(vocabulary.like(word))

    one_off = {w for w in known if OSA.distance(w, word) == 1 and len(word) >= 4}
    assert {vocabulary.words[at] for at, typos in found.items() if typos == 1} == one_off
    for at, typos in found.items():
        assert OSA.distance(vocabulary.words[at], word) == typos <= 2


@given(st.lists(st.text(min_size=1, max_size=9)), st.text(max_size=9))
def test_a_beginning_is_that_of_all_words_that_have_it(known, start):
    vocabulary = Vocabulary(known)

    begun = [vocabulary.words[at] for at in vocabulary.beginning(start)]

    assert begun == sorted(word for word in set(known) if word.startswith(start))
    at = vocabulary.find(start)
    assert (at is not None) == (start in known)


def test_short_words_are_those_that_people_type():
    for short, long in SHORT.items():
        assert words(short) == words(long) == long.split()
        assert fold(short) == short
        assert fold(long) == long


def test_a_very_long_name_takes_no_time():
    directory = Directory([Names([place("x" * 1_000_000), place("y " * 500_000)])])

    assert find(directory, "x" * 100) == ["x" * 1_000_000]


# What is kept


def collection(name: str, *names: str) -> Collection[PublicPlace]:
    binding = SimpleNamespace(source=f"nantes/{name}", name=name, city="nantes")
    return Collection(binding, tuple(map(place, names)), 0, NOW)


def joined(**options) -> Joined[Names, Directory]:
    return Joined(lambda one: Names(one.items), Directory, **options)


def test_it_is_made_again_only_when_a_part_of_it_is_new():
    directories, stops = joined(), collection("stops", "Commerce")
    parks, extra = collection("parks", "Procé"), Names([place("Nantes")])

    first = directories.of([stops, parks], extra)
    assert directories.of([stops, parks], extra) is first
    same = directories.of([stops, collection("parks", "Procé")], extra)
    assert same is not first
    assert same._index is first._index  # nothing is called anything else
    renamed = directories.of([stops, collection("parks", "Beaulieu")], extra)
    assert find(renamed, "beaulieu") == ["Beaulieu"]
    assert find(renamed, "proce") == []
    assert find(renamed, "nantes") == ["Nantes"]
    assert find(directories.of([parks]), "commerce") == []


def test_what_was_asked_for_long_ago_is_forgotten():
    directories = joined(most=3)
    lists = [collection(f"list-{n}", f"Name {n}", f"Other {n}") for n in range(3)]

    [first, second, third] = [directories.of([one]) for one in lists]

    assert directories.of([lists[2]]) is third
    assert directories.of([lists[0]]) is not first
    assert second is not directories.of([lists[1]])


def test_what_is_large_is_made_once_however_many_ask():
    made = []

    def make(layers, last):
        made.append(len(layers))
        return Directory(layers, last)

    directories = Joined(lambda one: Names(one.items), make)
    large = collection("large", *(f"Lieu {n}" for n in range(LARGE)))

    async def main():
        return await asyncio.gather(*(directories.beside([large]) for _ in range(5)))

    found = asyncio.run(main())

    assert made == [1]
    assert all(one is found[0] for one in found)


# Real names


@cache
def real() -> Directory:
    """Nantes' stations of 2026 and its 2,400 public places of 2014, as they are written."""
    stations = SAMPLES / "naolib-gtfs/naolib-2026_tan_stations.json"
    if not stations.exists():
        pytest.skip("no captures here")
    found = [
        place(one["n"], "stop", at=Position(lat=one["la"], lon=one["lo"]))
        for one in json.loads(stations.read_text("utf-8"))
    ]
    kinds = {
        "bibliotheque": "library",
        "mediatheque": "library",
        "musee": "museum",
        "elementaire": "school",
        "maternelle": "school",
        "primaire": "school",
        "college": "school",
        "lycee": "school",
        "piscine": "pool",
        "parking": "vehicle_parking",
        "bicloo": "vehicle_rental_station",
        "decheteries": "recycling_centre",
        "jardins": "park",
    }
    for file in sorted((SAMPLES / "ods-equipements-2014").glob("*.geo.json")):
        kind = kinds.get(file.name.split(".")[0].rpartition("-")[2])
        for one in json.loads(file.read_text("utf-8"))["features"] if kind else ():
            about, (lon, lat) = one["properties"], one["geometry"]["coordinates"][:2]
            name = (about.get("geo") or about).get("name")
            if name:
                at = Position(lat=lat, lon=lon)
                found.append(place(name, kind, about.get("COMMUNE"), at))
    return Directory([Names(found)])


def test_real_names_find_themselves():
    directory = real()
    assert len(directory) > 1_800
    lot = random.Random(5)
    for one in lot.sample([thing for layer in directory.layers for thing in layer.things], 200):
        if not words(one.name):
            continue
        near = one.position and (one.position.lat, one.position.lon)
        [first, *_] = directory.find(one.name.lower(), 1, NOW, near=near)
        assert words(first.name) == words(one.name)


MEANT = {
    "abbe cherel": "Abbé Chérel",
    "abel durant": "Abel Durand",
    "aeroport": "Aéroport",
    "gare maritim": "Gare Maritime",
    "jardin des plantes": "Jardin des Plantes",
    "mediateque jacque demy": "Médiathèque Espace Jacques Demy",
    "bibliotheque manufacture": "Bibliothèque de la Manufacture",
    "piscine durantiere": "Piscine Durantière",
    "museum": "Muséum d'Histoire Naturelle",
    "ecole jean moulin": "Elémentaire Jean Moulin",
    "lycee guist'hau": "Lycée Gabriel Guist'hau",
    "lycée guisthau": "Lycée Gabriel Guist'hau",
    "proce": "Parc de proce",
    "francois miterand": "François Mitterrand",
    "st herblain": "Mairie de St-Herblain",
    "dechetterie reze": "Déchèterie de Rezé",
    "stade beaujoire": "Abords du stade de la beaujoire",
    "st do": "St-Donatien",
}


@pytest.mark.parametrize("typed", MEANT)
def test_real_names_are_found(typed):
    assert MEANT[typed].casefold() in (name.casefold() for name in find(real(), typed, 3))
