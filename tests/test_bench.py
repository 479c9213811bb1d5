"""The bench's services still fit the product, which nothing else would tell before it is run."""

import os
import subprocess
import sys

from graphql import build_schema, parse, validate

from bench import country
from bench.peers import plots, product, results, world
from bench.peers.load import Sample
from bench.peers.servers import ROOT, SDL


def test_ours_can_be_asked_what_the_peers_are_asked(tmp_path):
    environment = {**os.environ, **product.installed(tmp_path, ROOT)}
    printed = subprocess.run(
        [sys.executable, "-m", "server.cli", "schema"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for text in (printed, SDL.read_text("utf-8")):
        schema = build_schema(text, assume_valid=True)  # directives of federation are not declared
        for name, document in world.DOCUMENTS.items():
            assert not validate(schema, parse(document)), name


def test_the_home_screen_is_as_large_as_the_readme_says(tmp_path):
    assert world.count(world.write(tmp_path)["home"]) == (284, 1_869)


def test_who_answered_nothing_in_time_is_told_of_and_compared_with_nobody(tmp_path):
    nothing = Sample(**dict.fromkeys(Sample._fields, 0.0))
    samples = {
        "home.memory": {
            "ours": [nothing._replace(per_s=500.0, cpu_us=800.0)],
            "Strawberry, memory": [nothing],
            "Mercurius, JIT, memory": [nothing._replace(per_s=250.0, cpu_us=1_600.0)],
        }
    }

    said = results.tables(samples)
    plots.write(samples, tmp_path)

    assert "| Strawberry, memory | 0 |" in said
    goals = said.partition("### Goals")[2]
    assert "| home.memory | Mercurius, JIT, memory | 1.5 | 3.5 | 2.00 | 2.00 | floor |" in goals
    assert "Strawberry" not in goals
    assert "Strawberry, memory" in (tmp_path / "home.memory.svg").read_text("utf-8")


def test_what_the_page_on_scaling_computes_follows_from_its_figures():
    page = country.PAGE.read_text("utf-8")
    told = {row[2] for row in country.OUTPUT.finditer(page)}

    assert country.computed(country.inputs(page)).keys() <= told
    assert country.written(page) == page, "run python -m bench.country"


def test_a_country_is_worked_out_as_by_hand():
    given = dict.fromkeys(country.inputs(country.PAGE.read_text("utf-8")), 1.0)
    given |= {"people": 1e6, "users": 0.1, "looks": 6, "questions": 2, "hour": 0.12, "minute": 2}
    given |= {"executed": 0.01, "given": 0.001, "stay": 60, "told": 0.0, "poll": 30.0}
    given |= {"regions": 20, "group": 4, "read": 0.75, "busy": 0.6}

    found = country.computed(given)

    assert found["a_day"] == "1.2 M"
    assert found["a_second"] == "40; 80"
    assert (found["all_own"], found["remembered"]) == ("0.8", "0.44; 0.15")
    assert found["streams"] == "1,200"
    assert (found["groups"], found["reading"]) == ("5", "10 %; 50 %")
    assert (found["work"], found["processes"]) == ("0.16", "**3; 15**")
    assert country.computed(given | {"executed": 0.1})["processes"] == "**4; 20**"
