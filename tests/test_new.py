"""`poche new`: the city file that it proposes, and the service that it writes."""

import gzip
import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cities
from sandbox.serve import running
from sandbox.world import World
from server import cli
from server.checking import validated
from server.proposing import Dataset, Field, Metas, Wanted, guesses, quoted, table_text, wanted
from tests.scratch import ROOT, assert_kept, checkout, contents, pytest_in, run_in

run = CliRunner().invoke
PORTAL = "https://data.nantesmetropole.fr/explore/dataset"
POOLS = f"pools={PORTAL}/244400404_piscines-nantes-metropole/"
KNOWN = [cities.load()["nantes"]]


@pytest.fixture(scope="module")
def upstream():
    with running(World()) as address:
        yield address


def new_city(folder: Path, upstream: str, *datasets: str, **said: str):
    about = {"name": "Rezé", "zone": "B", "academy": "Nantes", "lat": "47.19", "lon": "-1.55"}
    words = [f"--{word}={value}" for word, value in (about | said).items()]
    words += [f"--dataset={one}" for one in datasets]
    command = ["new", "city", "reze", "--commune=44143=Rezé", f"--folder={folder}", *words]
    return run(cli.app, command, env={"POCHE_UPSTREAM": upstream})


def test_a_city_file_is_proposed_and_can_be_used(tmp_path, upstream):
    toilets = (
        "places.toilets=https://opendata.bordeaux-metropole.fr/explore/dataset/bor_sigsanitaire/"
    )

    answer = new_city(tmp_path, upstream, POOLS, toilets)

    assert answer.exit_code == 0, answer.output
    reze = validated(tmp_path)["reze"]
    nantes = cities.load()["nantes"]
    assert set(reze.bindings) == {
        *("schools", "addresses", "calendar", "calendar.school", "air"),
        *("pools", "places.toilets"),
    }
    assert reze.bindings["pools"].fields == nantes.bindings["pools"].fields
    assert reze.bindings["pools"].licence == "Licence Ouverte 2.0"
    assert reze.bindings["places.toilets"].fields["position"].column == "geo_point_2d"
    text = (tmp_path / "reze.toml").read_text("utf-8")
    assert 'street = "adresse"  # « Adresse », as in nantes.toml [pools]' in text
    assert "# not used: solarium" in text


def test_the_proposed_city_reads_its_pools(tmp_path, upstream):
    new_city(tmp_path, upstream, POOLS)

    answer = run(cli.app, ["check", str(tmp_path), "--live"], env={"POCHE_UPSTREAM": upstream})

    [line] = [line for line in answer.output.splitlines() if "reze/pools" in line]
    assert " 17 " in line


def test_questions_are_asked_for_what_is_not_said(tmp_path, upstream):
    answers = "Rezé\nB\nNantes\n47.19\n-1.55\n44143=Rezé\n"
    command = ["new", "city", "reze", f"--folder={tmp_path}"]

    answer = run(cli.app, command, input=answers, env={"POCHE_UPSTREAM": upstream})

    assert answer.exit_code == 0, answer.output
    assert validated(tmp_path)["reze"].communes == {"44143": "Rezé"}


@pytest.mark.parametrize(
    ("dataset", "said", "words"),
    [
        (f"pool={PORTAL}/x/", {}, "did you mean `pools`?"),
        ("pools=piscines", {}, "is no dataset's page"),
        ("pools=ftp://data.example/explore/dataset/x/", {}, "is no dataset's page"),
        (f"pools={PORTAL}/nowhere/", {}, "CHANGED"),
        (POOLS, {"commune": "Rezé"}, "is not like 44143=Rezé"),
        (POOLS, {"zone": "D"}, "school_zone"),
    ],
)
def test_a_mistake_leaves_no_file(dataset, said, words, tmp_path, upstream):
    answer = new_city(tmp_path, upstream, dataset, **said)

    assert isinstance(answer.exception, cities.CityError)
    assert words in str(answer.exception)
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_not_written_over(tmp_path, upstream):
    new_city(tmp_path, upstream)
    (tmp_path / "reze.toml").write_text("mine")

    answer = new_city(tmp_path, upstream)

    assert "it is there already" in str(answer.exception)
    assert (tmp_path / "reze.toml").read_text() == "mine"


def test_a_guess_has_its_reason_and_each_column_says_one_thing():
    fields = [
        Field("nom_complet", "Nom complet", "text"),
        Field("name", "Name", "text"),
        Field("telephone", "Téléphone", "text"),
        Field("nom_complets", "Noms", "text"),
        Field("geo", "Où", "geo_point_2d"),
        Field("lat", "Latitude", "text"),
        Field("quelque_chose", "Quelque chose", "text"),
    ]
    found = {guess.word: guess for guess in guesses("pools", fields, KNOWN)}

    assert found["name"].field.name == "nom_complet"
    assert found["name"].reason == "as in nantes.toml [pools]"
    assert found["phone"].field.name == "telephone"
    assert "nantes.toml" in found["phone"].reason
    assert found["position"].field.name == "geo"
    assert "lat" not in found  # a text is no latitude
    assert "quelque_chose" not in {guess.field.name for guess in found.values()}
    # Much like `period`, and like what Nantes calls `period_fallback`: not both.
    [only] = guesses("pools.hours", [Field("periodes", "Périodes", "text")], KNOWN)
    assert only.word == "period_fallback"


def test_whatever_a_portal_says_stays_within_its_line():
    evil = 'x"\n[schools]\nlike = "nantes"\n#\x00\x1b]0;' + "é" * 9_000
    dataset = Dataset(
        fields=[Field("nom_complet", evil, evil), Field(evil, evil)],
        metas={"default": Metas(title=evil, license=evil, publisher=evil)},
    )
    asked = Wanted("pools", "https://data.example", "x")

    text = table_text(asked, dataset, KNOWN)

    assert [line for line in text.splitlines() if line.startswith("[")] == [
        "[pools]",
        "[pools.fields]",
    ]
    assert max(map(len, text.splitlines())) < 500


def test_texts_are_toml():
    for text in ('a "b" \\ c', "é\n\t", "\x7f\ud800", ""):
        [value] = tomllib.loads(f"x = {quoted(text)}").values()
        assert "\n" not in value


@pytest.mark.parametrize(
    "page",
    [
        "explore/dataset/a_b-c/",
        "explore/assets/a_b-c",
        "api/explore/v2.1/catalog/datasets/a_b-c/records",
    ],
)
def test_the_pages_of_a_dataset(page):
    assert wanted(f"pools=https://a.example/{page}") == Wanted(
        "pools", "https://a.example", "a_b-c"
    )


RECORDED = [{"id": "7", "name": "Cours Cambronne", "position": {"lon": -1.5635, "lat": 47.2112}}]
TABLE = """
[benches]
protocol = "opendatasoft"
url = "https://data.nantesmetropole.fr"
dataset = "bancs"
licence = "Licence Ouverte 2.0"
attribution = "Nantes Métropole, Licence Ouverte 2.0"
page = "https://data.nantesmetropole.fr/explore/dataset/bancs/"
quota = "500 per day"
"""


def test_a_new_service_is_four_files_that_keep_every_promise(tmp_path):
    checkout(tmp_path)
    before = contents(tmp_path)
    command = ["benches", "--type=Bench", "--about=where to sit", f"--folder={tmp_path}"]

    answer = run(cli.app, ["new", "service", *command])

    assert answer.exit_code == 0, answer.output
    written = [f"{folder}/benches.py" for folder in ("resolvers", "schema", "sources")]
    changes = contents(tmp_path).items() - before.items()
    assert {path for path, _ in changes} == {*written, "tests/queries/benches.graphql"}
    for command in (["check"], ["format", "--check"]):
        done = run_in(tmp_path, "ruff", *command, *written)
        assert done.returncode == 0, done.stdout

    with (tmp_path / "cities/nantes.toml").open("a", encoding="utf-8") as city:
        city.write(TABLE)
    recording = gzip.compress(json.dumps(RECORDED).encode())
    (tmp_path / "tests/recordings/nantes/benches-1.json.gz").write_bytes(recording)
    (tmp_path / "schema.graphql").write_text(run_in(tmp_path, "server.cli", "schema").stdout)
    said = pytest_in(tmp_path, "tests/test_services.py", "-k", "benches")
    assert "1 failed, 5 passed" in said, said  # the first run writes the answer
    answered = json.loads((tmp_path / "tests/queries/benches.json").read_text())["data"]
    assert [node["name"] for node in answered["benches"]["nodes"]] == ["Cours Cambronne"]
    assert_kept(tmp_path, "benches")


@pytest.mark.parametrize(
    "words",
    [
        ["pools", "--type=Pool", "--about=where to swim"],
        ["Benches", "--type=Bench", "--about=where to sit"],
        ["../benches", "--type=Bench", "--about=where to sit"],
        ["benches", "--type=bench", "--about=where to sit"],
        ["benches", "--type=Bench", "--about="],
        ["benches", "--type=Bench", "--about=where to sit", "--folder=/nowhere"],
    ],
)
def test_a_service_that_cannot_be_is_refused(words):
    answer = run(cli.app, ["new", "service", *words])

    assert answer.exit_code == 2
    assert not (ROOT / "schema/benches.py").exists()
