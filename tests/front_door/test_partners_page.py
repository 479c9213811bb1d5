"""docs/partners.md: what it shows can be used as it stands."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server.cli import app
from server.clients import hashed, read

pytestmark = pytest.mark.anyio

PAGE = (Path(__file__).parents[2] / "docs" / "partners.md").read_text("utf-8")
KEY = "poche_q0tDCxfE4zqoVJqUYRJ3zWqxqfCBc3Zx"
PEPPER = "long"


def block(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


@pytest.fixture
def files(tmp_path):
    """The page's files; only the hash of the page's key is of the test's own pepper."""
    toml = re.sub(r'"2f0c\w+"', f'"{hashed(KEY, PEPPER)}"', block("toml"))
    (tmp_path / "clients.toml").write_text(toml)
    (tmp_path / "documents" / "tram-app").mkdir(parents=True)
    (tmp_path / "documents" / "tram-app" / "screens.json").write_text(block("json"))
    return tmp_path


def test_its_file_of_clients_can_be_read(files):
    [client] = read(files / "clients.toml", PEPPER)
    assert (client.name, client.mode, client.deadline_s) == ("tram-app", "safelist", 5)


async def test_its_requests_are_answered(serve, files):
    settings = {"clients": files / "clients.toml", "documents": files / "documents"}
    head, _, body = block("http").partition("\n\n")
    headers = dict(line.split(": ") for line in head.splitlines()[1:])
    path = re.search(r"^/graphql/d/.*", PAGE, re.MULTILINE)[0]
    async with serve(**settings, pepper=PEPPER) as server:
        posted = await server.client.post("/graphql", content=body, headers=headers)
        got = await server.client.get(path, headers=headers)
    assert len(posted.json()["data"]["pools"]["nodes"]) == 2
    assert got.json()["data"] == posted.json()["data"]
    assert got.headers["content-location"] == path
    limit = re.search(r"`RateLimit-Policy: (.*?)`", PAGE)[1]
    assert got.headers["ratelimit-policy"] == limit


def test_its_check_says_what_a_new_schema_breaks(files):
    ours = Path(__file__).parents[2] / "schema.graphql"
    new = files / "new.graphql"
    new.write_text(ours.read_text().replace("  openNow: Boolean\n", "  isOpen: Boolean\n"))
    manifests = str(files / "documents")
    fine = CliRunner().invoke(app, ["documents", "check", manifests, "--schema", str(ours)])
    assert (fine.exit_code, fine.output) == (0, "Documents: 1. Problems: 0.\n")
    answer = CliRunner().invoke(app, ["documents", "check", manifests, "--schema", str(new)])
    said = re.search(r"\$ poche documents check.*?\n(.*?)```", PAGE, re.DOTALL)[1]
    assert (answer.exit_code, answer.output) == (1, said)
