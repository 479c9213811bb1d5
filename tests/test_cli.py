"""The `poche` command: what it says to people, and what it exits with."""

import shutil

import pytest
from typer.testing import CliRunner

import cities
from sandbox.serve import running
from sandbox.upstreams import parse
from sandbox.world import World
from server import cli

run = CliRunner().invoke


@pytest.fixture
def folder(tmp_path):
    shutil.copy(cities.HERE / "nantes.toml", tmp_path)
    return tmp_path


def test_schema_is_printed():
    assert "type Query" in run(cli.app, ["schema"]).output


def test_check_reads_every_city(folder):
    answer = run(cli.app, ["check", str(folder)])

    assert answer.exit_code == 0
    count = len(cities.load()["nantes"].bindings)
    assert f"nantes.toml: {count} sources, all in order." in answer.output


def test_check_live_asks_every_upstream_once(folder, monkeypatch):
    with running(World(), faults=[parse("menus=500")]) as upstream:
        monkeypatch.setenv("POCHE_UPSTREAM", upstream)
        answer = run(cli.app, ["check", str(folder), "--live"], env={"COLUMNS": "160"})

    assert answer.exit_code == 1
    lines = [line for line in answer.output.splitlines() if line.startswith("│ nantes/")]
    said = {line.split()[1]: line for line in lines}
    keyed = {"addresses"}  # asked for single things, of which there is none to ask for here
    tables = cities.load()["nantes"].bindings.keys() - keyed
    assert set(said) == {f"nantes/{table}" for table in tables}
    assert "UNAVAI" in said["nantes/menus"]  # cut off where the terminal is narrow
    assert " 17 " in said["nantes/pools"]


@pytest.mark.parametrize("command", [["check", "{folder}"], ["serve"]])
def test_a_mistake_is_one_sentence(command, folder, monkeypatch, capsys):
    file = folder / "nantes.toml"
    file.write_text(file.read_text().replace("dataset =", "datset =", 1))
    monkeypatch.setenv("POCHE_CITIES", str(folder))
    monkeypatch.setattr("sys.argv", ["poche", *(word.format(folder=folder) for word in command)])

    with pytest.raises(SystemExit) as stopped:
        cli.main()

    said = " ".join(capsys.readouterr().err.split())
    assert stopped.value.code == 2
    assert said == "poche: nantes.toml [stops]: unknown word `datset`; did you mean `dataset`?"


@pytest.mark.parametrize("cut", ["[stops]\nprotoc", "[stops", 'name = "Nan', "\x00"])
def test_a_file_that_is_half_written_is_one_sentence_too(cut, folder, monkeypatch, capsys):
    file = folder / "nantes.toml"
    file.write_text(file.read_text().partition("[stops]")[0] + cut)
    monkeypatch.setenv("POCHE_CITIES", str(folder))
    monkeypatch.setattr("sys.argv", ["poche", "serve"])

    with pytest.raises(SystemExit) as stopped:
        cli.main()

    said = " ".join(capsys.readouterr().err.split())
    assert stopped.value.code == 2
    assert said.startswith("poche: nantes.toml")
    assert len(said) < 200


def test_an_unknown_fault_lists_the_known_ones():
    answer = run(cli.app, ["sandbox", "--fault", "pools=explode"])

    assert answer.exit_code == 2
    assert "explode" in answer.output
    assert "truncated" in answer.output


def test_a_source_is_accepted_by_name(tmp_path, monkeypatch):
    monkeypatch.setenv("POCHE_DATA", str(tmp_path))

    answer = run(cli.app, ["accept", "nantes/pools.hours"])

    assert answer.exit_code == 0
    assert (tmp_path / "nantes/accept-pools.hours").exists()
    assert isinstance(run(cli.app, ["accept", "nantes/pool"]).exception, cities.CityError)


@pytest.mark.parametrize(("many", "told"), [("2", 2), ("auto", 3)])
def test_many_workers_need_what_keeps_to_the_quotas(many, told, monkeypatch):
    monkeypatch.delenv("POCHE_STORE", raising=False)
    monkeypatch.setattr("server.workers.processors", lambda: 3)
    asked = run(cli.app, ["serve", "--workers", many])

    assert asked.exit_code == 2
    assert f"{told} workers need POCHE_STORE" in " ".join(asked.output.split())


@pytest.mark.parametrize("many", ["0", "-1", "two"])
def test_a_number_of_workers_is_one(many):
    assert run(cli.app, ["serve", "--workers", many]).exit_code == 2
