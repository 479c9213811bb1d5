"""The bench's services still fit the product, which nothing else would tell before it is run."""

import os
import subprocess
import sys

from graphql import build_schema, parse, validate

from bench.peers import product, world
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
