"""Search, through the front door: what people type finds what they mean."""

import asyncio

import httpx
import pytest

from tests.conftest import Replay, changed, down, refusing, serving

COMMERCE = "near: { lat: 47.2133, lon: -1.5561 }"

# What is typed, and what has to come first: `kind name`.
MEANT = {
    # as it is written, or nearly
    "Commerce": "stop Commerce",
    "commerce": "stop Commerce",
    "RÉPUBLIQUE": "vehicle_rental_station RÉPUBLIQUE",
    "republique": "vehicle_rental_station RÉPUBLIQUE",
    "8 mai": "stop 8 Mai",
    "50 otages": "stop 50 Otages",
    "ile de nantes": "stop Île de Nantes",
    "L'Île de Nantes": "stop Île de Nantes",
    "edit de nantes": "stop Édit de Nantes",
    "haluchère - batignolles": "stop Haluchère-Batignolles",
    "haluchere batignolles": "stop Haluchère-Batignolles",
    "rezé": "commune Rezé",
    "reze": "commune Rezé",
    "nantes": "commune Nantes",
    "orvault": "commune Orvault",
    "d'orvault": "commune Orvault",
    "hangar a bananes": "stop Hangar à Bananes",
    # little words do not count
    "place cirque": "stop Place du Cirque",
    "chapelle erdre": "commune La Chapelle-sur-Erdre",
    "la chapelle sur erdre": "commune La Chapelle-sur-Erdre",
    "sorinieres": "commune Les Sorinières",
    "piscine petit port": "pool Piscine du Petit Port",
    "les thébaudières": "stop Thébaudières",
    "machines de l'ile": "vehicle_rental_station MACHINE DE L'ÎLE",
    # what is written short
    "boulevard de doulon": "stop Bd de Doulon",
    "bd doulon": "stop Bd de Doulon",
    "pl du cirque": "stop Place du Cirque",
    "st sebastien sur loire": "commune Saint-Sébastien-sur-Loire",
    "saint seb": "commune Saint-Sébastien-sur-Loire",
    "st aignan grandlieu": "commune Saint-Aignan-Grandlieu",
    "ste luce s/loire": "commune Sainte-Luce-sur-Loire",
    "sainte luce": "stop Ste-Luce",
    "saint nicolas": "stop St-Nicolas",
    "rd point de vannes": "stop Rond-Point de Vannes",
    # a kind, in people's words
    "arret commerce": "stop Commerce",
    "parking commerce": "vehicle_parking COMMERCE",
    "vélo commerce": "vehicle_rental_station COMMERCE",
    "tram 1": "route 1",
    "ligne 1": "route 1",
    "tramway 3": "route 3",
    "bus c3": "route C3",
    "C6": "route C6",
    "c6": "route C6",
    "bateau n1": "route N1",
    "parking relais beaujoire": "vehicle_parking P+R BEAUJOIRE",
    "P+R Pirmil": "vehicle_parking P+R PIRMIL",
    "ecole jean mace": "school Ecole maternelle Jean Macé",
    "l'école lucie aubrac": "school Ecole maternelle Lucie Aubrac",
    "college lucie aubrac": "school Collège Lucie Aubrac",
    "lycee clemenceau": "school Lycée Georges Clemenceau",
    "sopool": "pool Centre aquatique So.Pool",
    "centre aquatique": "pool Centre aquatique So.Pool",
    # a commune besides
    "piscine rezé": "pool Piscine municipale Victor-Jara",
    "piscine couëron": "pool Piscine Baptiste Lefèvre",
    "collège vertou": "school Collège Lucie Aubrac",
    "lycée bouaye": "school Lycée Général et Technologique Alcide d'Orbigny",
    # what is no word of ours changes nothing
    "bicloo commerce": "stop Commerce",
    "horaires piscine petit port": "pool Piscine du Petit Port",
    # a slip of the pen
    "comerce": "stop Commerce",
    "commmerce": "stop Commerce",
    "pisine dervalières": "pool Piscine Dervallières",
    "beaujiore": "stop Beaujoire",
    "haluchere batignole": "stop Haluchère-Batignolles",
    "chantreri": "stop Chantrerie - Grandes Écoles",
    "carqefou": "commune Carquefou",
    "lile gloriette": "pool Piscine Léo Lagrange Ile Gloriette",
    "colege debusy": "school Collège Claude Debussy",
    # unfinished
    "comm": "stop Commerce",
    "piscine durant": "pool Piscine Durantière",
    "ecole primaire grand car": "school Ecole primaire Grand Carcouët",
    "pisc petit po": "pool Piscine du Petit Port",
    "thouar": "commune Thouaré-sur-Loire",
    "chantrrie gra": "stop Chantrerie - Grandes Écoles",
}
FOUND = "nodes { kind name subtitle distance node { id } }"


def asking(text: str, arguments: str = "", fields: str = FOUND) -> str:
    return f"search(text: {_quoted(text)}, {arguments}) {{ {fields} missing {{ id state }} }}"


def _quoted(text: str) -> str:
    return '"' + "".join(f"\\u{{{ord(letter):x}}}" for letter in text) + '"'


def search(graphql, text: str, arguments: str = "", fields: str = FOUND):
    return graphql(f"{{ {asking(text, arguments, fields)} }}")


@pytest.fixture(scope="module")
def answers(_timetables):
    """All that people type here, asked of one server."""

    async def main():
        async with serving(httpx.MockTransport(Replay())) as server:
            found = {}
            for typed in MEANT:
                answer = await server.ask(f"{{ {asking(typed)} }}")
                found[typed] = answer["data"]["search"]["nodes"]
            return found

    return asyncio.run(main())


@pytest.mark.parametrize("typed", MEANT)
def test_what_is_meant_comes_first(typed, answers):
    shown = [f"{one['kind']} {one['name']}" for one in answers[typed]]

    assert shown[:1] == [MEANT[typed]], shown


def test_of_what_fits_as_well_the_nearest_comes_first(graphql):
    def names(near: str) -> list[str]:
        found = search(graphql, "piscine", f"{near} first: 3")["data"]["search"]["nodes"]
        return [one["name"] for one in found]

    assert names(COMMERCE)[0] == "Piscine Léo Lagrange Ile Gloriette"
    assert names("near: { lat: 47.2429, lon: -1.5545 }")[0] == "Piscine du Petit Port"
    assert names("near: { lat: 47.166, lon: -1.47 }")[0] == "Piscine municipale"


def test_a_distance_is_that_of_the_place_itself(graphql):
    fields = "nodes { distance node { ... on Place { distance(from: { lat: 47.2, lon: -1.5 }) } } }"
    found = search(graphql, "gare", "near: { lat: 47.2, lon: -1.5 }", fields)

    for one in found["data"]["search"]["nodes"]:
        assert one["distance"] == one["node"]["distance"]


def test_a_result_can_be_fetched_again(graphql):
    fields = "nodes { name node { id __typename } }"
    typed = {"stop": "commerce", "line": "tram 1", "commune": "rezé"}
    asked = [f"{name}: {asking(text, 'first: 1', fields)}" for name, text in typed.items()]
    found = [
        one["nodes"][0]["node"] for one in graphql(f"{{ {' '.join(asked)} }}")["data"].values()
    ]
    ids = ", ".join(f'"{one["id"]}"' for one in found)

    again = graphql(f"{{ nodes(ids: [{ids}]) {{ id __typename }} }}")["data"]["nodes"]

    assert [one["__typename"] for one in found] == ["Stop", "Route", "Commune"]
    assert again == found


def test_only_the_kinds_asked_for_are_read_and_told(graphql, replay):
    found = search(graphql, "petit port", 'kinds: ["pool"]')["data"]["search"]["nodes"]

    assert [one["kind"] for one in found] == ["pool"]
    assert set(replay.calls) == {"pools"}


def test_communes_need_no_source(graphql, replay):
    found = search(graphql, "reze", 'kinds: ["commune"]')["data"]["search"]["nodes"]

    assert [one["name"] for one in found] == ["Rezé"]
    assert not replay.calls


def test_the_line_called_d_is_no_little_word(graphql, replay):
    found = search(graphql, "tram D", 'city: "bordeaux", kinds: ["route", "stop"], first: 1')

    assert found["data"]["search"]["nodes"][0]["name"] == "D"


@pytest.mark.parametrize("broken", [down, refusing, changed])
def test_what_cannot_be_read_is_named_and_the_rest_is_found(broken, graphql, replay):
    replay.broken["pools"] = broken

    answer = search(graphql, "petit port")

    assert "errors" not in answer
    found = answer["data"]["search"]
    assert [one["id"] for one in found["missing"]] == ["nantes/pools"]
    assert {one["kind"] for one in found["nodes"]} == {"vehicle_rental_station", "stop"}


def test_where_nothing_can_be_read_the_error_is_the_source_own(graphql, replay):
    replay.broken["pools"] = down

    answer = search(graphql, "petit port", 'kinds: ["pool"]')

    assert answer["data"] == {"search": None}
    assert answer["errors"][0]["extensions"]["source"] == "nantes/pools"


@pytest.mark.parametrize(
    ("text", "arguments", "said", "path"),
    [
        ("", "", "`text` must have 1 to 100 characters, not 0.", ["text"]),
        (" ", "", "`text` must have 1 to 100 characters, not 0.", ["text"]),
        ("a" * 101, "", "`text` must have 1 to 100 characters, not 101.", ["text"]),
        ("a", "first: 101", "`first` must be between 0 and 100, not 101.", ["first"]),
        ("a", "kinds: []", "`kinds` must be between 1 and 50, not 0.", ["kinds"]),
        (
            "a",
            "near: { lat: 91, lon: 0 }",
            "`lat` must be between -90 and 90 degrees.",
            ["near", "lat"],
        ),
        (
            "a",
            'kinds: ["rout"]',
            "There is no kind of place `rout`. Did you mean `route`?",
            ["kinds"],
        ),
    ],
)
def test_bad_arguments(text, arguments, said, path, graphql):
    [error] = search(graphql, text, arguments)["errors"]

    assert error["message"] == said
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argumentPath": path}


def test_a_distance_from_nowhere_is_bad_input(graphql):
    fields = "nodes { node { ... on Place { distance(from: { lat: 91, lon: 0 }) } } }"
    answer = search(graphql, "commerce", "first: 1", fields)

    assert answer["errors"][0]["extensions"]["argumentPath"] == ["from", "lat"]


@pytest.mark.parametrize(
    "text", ["???", "'; --", "\u0000", "\u202e", "%s{}", "\ufdfa" * 100, "a " * 50, "é" * 100, "🚋"]
)
def test_hostile_texts_find_nothing_and_break_nothing(text, graphql):
    assert "errors" not in search(graphql, text, 'kinds: ["pool", "commune"]')
