"""The public audit of GraphQL over HTTP, from npm, against a server of ours on a real socket.

It tests an older draft; where we keep to the newer one, or to another choice,
the difference stands in docs/conformance.md with its reason.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from server.app import create_app
from server.settings import Settings
from tests.conftest import Clock, Replay, listening

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
NODE, NPM = shutil.which("node"), shutil.which("npm")
AUDITS = 50  # at least: fewer would mean that it did not run


def npm(folder: Path) -> None:
    """The audit, as the lock file has it; skips where there is no way to get it."""
    if NODE is None or NPM is None:
        pytest.skip("the graphql-http audit needs Node and npm")
    for name in (".npmrc", "package.json", "package-lock.json", "audit.mjs"):
        shutil.copy(HERE / name, folder)
    try:
        subprocess.run([NPM, "ci"], cwd=folder, capture_output=True, check=True, timeout=120)
    except subprocess.SubprocessError as error:
        pytest.skip(f"the graphql-http audit needs an npm registry: {error}")


@pytest.fixture(scope="module")
def audits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit")
    npm(folder)
    app = create_app(Settings(warm=False), transport=httpx.MockTransport(Replay()), clock=Clock())
    with listening(app) as address:
        done = subprocess.run(
            [NODE, "audit.mjs", f"{address}/graphql"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "NO_PROXY": "127.0.0.1"},
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_must_is_kept(audits):
    assert len(audits) >= AUDITS
    assert [audit for audit in audits if audit["status"] == "error"] == []


# Of what one MAY do (400 instead of 422) nothing need be explained one by one.
def test_every_should_that_differs_is_explained(audits):
    differs = {audit["id"] for audit in audits if audit["status"] == "warn"}
    written = (ROOT / "docs/conformance.md").read_text()
    explained = set(re.findall(r"^\| `([0-9A-F]{4})` \|", written, re.MULTILINE))

    assert differs == explained
