"""Routers from npm in front of subgraphs on real sockets, and a start-up's subgraph beside ours."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from shutil import ignore_patterns
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

import httpx
import pytest

from server.app import create_app
from server.settings import Settings
from tests.conftest import Clock, Replay, listening

HERE = Path(__file__).parent
STARTUP = HERE.parent.parent / "examples" / "startup-subgraph"
PATIENCE_S = 60  # routers and servers share one machine with all other tests
NODE, NPM = shutil.which("node"), shutil.which("npm")


@dataclass(frozen=True)
class Subgraph:
    """What a router has to know of one: its name, its schema, and where it answers."""

    name: str
    sdl: str
    url: str


@dataclass(frozen=True)
class Routers:
    """What the composers had against the subgraphs, and the addresses of routers in front."""

    complaints: Mapping[str, list[str]]
    urls: Mapping[str, str]
    client: httpx.Client

    def ask(self, router: str, query: str) -> dict[str, Any]:
        return self.post(self.urls[router], query)

    def post(self, url: str, query: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.post(url, json={"query": query}).json()
        return answer


def installed() -> Path:
    """What npm has to install, once for each lock file; skips where it cannot."""
    if NODE is None or NPM is None:
        pytest.skip("routers need Node and npm")
    lock = sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = Path(gettempdir()) / f"poche-federation-{os.getuid()}-{lock}"
    if not folder.exists():
        making = folder.with_suffix(f".{os.getpid()}")
        making.mkdir()
        for name in (".npmrc", "package.json", "package-lock.json"):
            shutil.copy(HERE / name, making)
        try:
            subprocess.run([NPM, "ci"], cwd=making, capture_output=True, check=True, timeout=300)
        except subprocess.SubprocessError as error:
            shutil.rmtree(making)
            pytest.skip(f"routers need an npm registry: {error}")
        try:
            making.rename(folder)
        except OSError:  # another test process was faster
            shutil.rmtree(making)
    return folder


@contextmanager
def poche(name: str, services: str | None = None) -> Iterator[Subgraph]:
    """A server of ours, of all services or of some, over recorded upstreams."""
    settings = Settings(warm=False, rate=0, services=services, deadline_s=PATIENCE_S)
    settings = settings.model_copy(update={"max_tokens": settings.max_tokens_with_key})
    app = create_app(settings, transport=httpx.MockTransport(Replay()), clock=Clock())
    with listening(app) as address:
        url, query = f"{address}/graphql", {"query": "{ _service { sdl } }"}
        answer = httpx.post(url, json=query, timeout=PATIENCE_S, trust_env=False)
        yield Subgraph(name, answer.json()["data"]["_service"]["sdl"], url)


@contextmanager
def startup() -> Iterator[Subgraph]:
    """The start-up of `examples/`, which is no program of ours."""
    with _running(STARTUP, "server.mjs") as (_, said):
        yield Subgraph("startup", (STARTUP / "schema.graphql").read_text("utf-8"), said().strip())


@contextmanager
def routers(*subgraphs: Subgraph) -> Iterator[Routers]:
    """Two routers, each in front of what one composer makes of these."""
    with _running(HERE, "routers.mjs") as (tell, said):
        tell(json.dumps({"subgraphs": [asdict(one) for one in subgraphs]}) + "\n")
        complaints, urls = json.loads(said()), json.loads(said())
        with httpx.Client(timeout=PATIENCE_S, trust_env=False) as client:
            yield Routers(complaints, urls, client)


@contextmanager
def _running(
    folder: Path, program: str
) -> Iterator[tuple[Callable[[str], object], Callable[[], str]]]:
    """A Node program of a folder: how to tell it something, and the next line that it says."""
    quiet = {**os.environ, "NO_PROXY": "127.0.0.1", "NODE_ENV": "production", "PORT": "0"}
    with TemporaryDirectory(dir=installed()) as room:  # below what it imports
        there = shutil.copytree(
            folder, room, ignore=ignore_patterns("node_modules"), dirs_exist_ok=True
        )
        with subprocess.Popen(
            [NODE or "node", f"{there}/{program}"],
            bufsize=1,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=quiet,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                yield process.stdin.write, process.stdout.readline
            finally:
                process.terminate()
