"""Apollo's compatibility tests themselves, run by `make compatibility`.

They know a subgraph of products by heart, which `products.py` has and our server serves: whole,
from the wire to `_entities`. Beside it are their own two subgraphs, and `@apollo/gateway` in
place of the Rust router, which npm does not have.
"""

import json
import os
import subprocess
from contextlib import ExitStack
from pathlib import Path
from socket import create_server

import products
import pytest

from server import parts
from tests.federation.routers import NODE, Subgraph, installed, poche, routers, running

ROUTER, USERS, INVENTORY = PORTS = 4000, 4002, 4003  # by which the tests know them
ABSENT = {"ftv1"}  # Apollo's traces in `extensions`: docs/federation.md
EXPECTED = {
    *("introspection", "@link", "@key single", "@key multiple", "@key composite"),
    *("repeatable @key", "@requires", "@provides", "@shareable", "@tag", "@override"),
    *("@inaccessible", "@composeDirective", "@interfaceObject", "ftv1"),
}


def test_apollos_own(monkeypatch):
    for port in PORTS:
        try:
            create_server(("127.0.0.1", port)).close()
        except OSError as taken:
            pytest.skip(f"Apollo's tests need port {port}: {taken}")
    modules = installed(Path(__file__).parent) / "node_modules"
    tests = modules / "@apollo" / "federation-subgraph-compatibility-tests" / "dist"
    monkeypatch.setattr(parts, "built", lambda _: products.schema)
    with ExitStack() as stack:
        ours = stack.enter_context(poche("products"))
        theirs = []
        for name, port in (("users", USERS), ("inventory", INVENTORY)):
            folder = tests / "subgraphs" / name
            _, said = stack.enter_context(running(folder / "index.js"))
            while "ready" not in said():
                pass
            sdl = (folder / f"{name}.graphql").read_text("utf-8")
            theirs.append(Subgraph(name, sdl, f"http://localhost:{port}/"))
        stack.enter_context(routers(ours, *theirs, port=ROUTER))
        jest = [NODE, modules / ".bin" / "jest", tests / "tests", "--ci", "--json"]
        told = subprocess.run(
            [*jest, "--config", tests.parent / "federation-jest.config.js"],
            env={**os.environ, "PRODUCTS_URL": ours.url, "NO_PROXY": "127.0.0.1,localhost"},
            stdout=subprocess.PIPE,
            timeout=300,
        )

    results = [
        (one["ancestorTitles"] or [one["fullName"]], one["status"])
        for file in json.loads(told.stdout)["testResults"]
        for one in file["assertionResults"]
    ]
    assert {about for [about, *_], _ in results} == EXPECTED
    assert {about for [about, *_], status in results if status != "passed"} == ABSENT
