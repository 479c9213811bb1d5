"""The contract with clients: nothing they know breaks without a word, nothing leaves undated."""

from datetime import date
from pathlib import Path

import pytest
from graphql import build_schema
from typer.testing import CliRunner

from server import contract
from server.cli import app

DOCS = Path(__file__).parents[1] / "docs"
OLD = """
type Query { pool(id: ID!): Pool  open: Boolean! }
type Pool { name: String!  state: State  seats: Int @deprecated(reason: "Use `places`") }
enum State { OPEN CLOSED }
"""
NEW = """
type Query { pool(id: ID!, city: String!): Pool  open: Boolean! }
type Pool { name: String!  state: State  places: Int }
enum State { OPEN CLOSED FULL }
"""


def test_what_breaks_is_announced():
    announced = (DOCS / "schema-changes.md").read_text()
    known, ours = contract.read(DOCS / "released.graphql"), contract.read(None)
    silent = [
        str(one)
        for one in contract.changes(known, ours)
        if one.sign == "-" and one.what not in announced
    ]
    assert not silent, "name them in docs/schema-changes.md, or leave them in"


def test_what_is_deprecated_says_until_when():
    assert not contract.undated(contract.read(None))


def test_worst_first():
    found = [str(one) for one in contract.changes(build_schema(OLD), build_schema(NEW))]
    assert [one[0] for one in found] == sorted((one[0] for one in found), key="-~+".index)
    assert "- A required argument Query.pool(city:) was added." in found
    assert "- Field Pool.seats was removed." in found
    assert "~ Enum value State.FULL was added." in found
    assert "+ Field Pool.places was added." in found


@pytest.mark.parametrize(
    ("reason", "day"),
    [
        ("Use `places`; goes after 2027-06-30", date(2027, 6, 30)),
        ("Use `places`", None),
        ("Use `places`; goes after 2027-13-30", None),
        ("Goes some day after 2027", None),
    ],
)
def test_the_day_is_read_off_the_reason(reason, day):
    assert contract.leaves(reason) == day


def test_undated_names_the_field():
    assert contract.undated(build_schema(OLD)) == {"Pool.seats": "Use `places`"}


def test_the_command_says_whether_anybody_breaks(tmp_path):
    old, new = tmp_path / "old.graphql", tmp_path / "new.graphql"
    old.write_text(OLD)
    new.write_text(NEW)
    broken = CliRunner().invoke(app, ["schema", "diff", str(old), str(new)])
    assert broken.exit_code == 1
    assert "- Field Pool.seats was removed." in broken.output
    same = CliRunner().invoke(app, ["schema", "diff", str(old), str(old)])
    assert (same.exit_code, same.output) == (0, "Clients notice nothing.\n")
    unreadable = CliRunner().invoke(app, ["schema", "diff", str(old), str(tmp_path / "none")])
    assert unreadable.exit_code == 2
