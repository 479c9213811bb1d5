"""What clients will notice of a changed city file."""

import pytest
from typer.testing import CliRunner

import cities
from server import cli
from server.catalogue import differences

NANTES = (cities.HERE / "nantes.toml").read_text("utf-8")


@pytest.fixture
def changed(tmp_path):
    """Nantes' file with some of its text replaced, read again."""

    def changed(*replaced):
        text = NANTES
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new, 1)
        (tmp_path / "nantes.toml").write_text(text, "utf-8")
        return tmp_path / "nantes.toml"

    return changed


def diff(new):
    return CliRunner().invoke(cli.app, ["city", "diff", f"{cities.HERE}/nantes.toml", str(new)])


def test_nothing_is_noticed_of_what_clients_do_not_see(changed):
    new = changed(('timeout = "60s"', 'timeout = "50s"'), ('quota = "500 per day"', ""))

    answer = diff(new)

    assert (answer.exit_code, answer.output) == (0, "Clients notice nothing.\n")


@pytest.mark.parametrize(
    ("replaced", "lines"),
    [
        (('44215 = "Vertou"\n', ""), ["- commune 44215"]),
        (('school_zone = "B"', 'school_zone = "A"'), ["~ school_zone: B -> A"]),
        (
            ('ttl = "1d"', 'ttl = "2d"'),
            ["~ stops, fresh for: 1 d -> 2 d", "~ stops.timetable, fresh for: 1 d -> 2 d"],
        ),
        (('zone = "zone_id"\n', ""), ["- column zone of stops"]),
        (('values."Cimetière" = "cemetery"\n', ""), ["- kind of place cemetery"]),
        (("[menus]", "[menus.dishes]"), ["- source menus", "+ source menus.dishes"]),
        (('licence = "ODbL 1.0"', 'licence = "CC0"'), ["~ air, licence: ODbL 1.0 -> CC0"]),
        (
            ("[pools]\n", "[pools]\nlive_for = 60\n"),
            ["~ pools, live for: 1 h -> 1 min", "~ pools.hours, live for: 1 h -> 1 min"],
        ),
    ],
)
def test_what_is_noticed(changed, replaced, lines):
    new = cities.read(changed(replaced))

    assert differences(cities.load()["nantes"], new) == lines


def test_a_service_that_is_gone_is_said_first_and_fails(changed):
    start = NANTES.index("[menus]")
    gone = NANTES[start : NANTES.index("[bikes]")]
    new = changed((gone, ""), ('ttl = "2min"', 'ttl = "1min"'))

    answer = diff(new)

    assert answer.exit_code == 1
    assert answer.output.splitlines()[:2] == ["- service menus", "- source menus"]
    assert "~ alerts, fresh for: 2 min -> 1 min" in answer.output
