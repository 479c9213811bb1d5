"""`poche check --live` beside servers: one more replica, which keeps to the quota of all."""

from typing import Any

import pytest
from keepers import over_valkey
from typer.testing import CliRunner

from server import cli
from tests.faults.town import early, nantes, outside


@over_valkey
def test_what_a_replica_has_just_read_is_not_asked_for_again(
    valkey: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = nantes(tmp_path, {})
    monkeypatch.setenv("POCHE_DATA", str(tmp_path))
    monkeypatch.setenv("POCHE_STORE", valkey.url)
    with outside(early()) as world:
        monkeypatch.setenv("POCHE_UPSTREAM", world.url)
        for how in ("yes", "held"):
            answer = CliRunner().invoke(
                cli.app, ["check", str(folder), "--live"], env={"COLUMNS": "160"}
            )
            assert answer.exit_code == 0, answer.output
            lines = [line.split() for line in answer.output.splitlines() if "│ nantes/" in line]
            said = {line[1]: line[3] for line in lines}
            assert {"nantes/departures", "nantes/pools"} <= said.keys()
            assert set(said.values()) == {how}
        assert world.calls()["departures"] == 1
