"""Routers from npm in front of subgraphs on real sockets, others' beside ours."""

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
NEIGHBOUR = HERE / "neighbour"
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
    """The addresses of routers, and who asks them."""

    urls: Mapping[str, str]
    client: httpx.Client

    def ask(self, router: str, query: str) -> dict[str, Any]:
        return self.post(self.urls[router], query)

    def post(self, url: str, query: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.post(url, json={"query": query}).json()
        return answer


def installed(wanted: Path = HERE) -> Path:
    """What npm has to install, once for each lock file; skips where it cannot."""
    if NODE is None or NPM is None:
        pytest.skip("routers need Node and npm")
    lock = sha256((wanted / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = Path(gettempdir()) / f"poche-federation-{os.getuid()}-{lock}"
    if not folder.exists():
        making = folder.with_suffix(f".{os.getpid()}")
        making.mkdir()
        for name in (".npmrc", "package.json", "package-lock.json"):
            shutil.copy((HERE if name == ".npmrc" else wanted) / name, making)
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
def beside(folder: Path, **environment: str) -> Iterator[Subgraph]:
    """A subgraph of somebody else's, which is no program of ours."""
    with _running(folder, "server.mjs", **environment) as (_, said):
        sdl = (folder / "schema.graphql").read_text("utf-8")
        yield Subgraph(folder.name, sdl, said().strip())


@contextmanager
def routers(*subgraphs: Subgraph, port: int = 0) -> Iterator[Routers]:
    """Two routers, each in front of what one composer makes of these; Apollo's at this port."""
    with _running(HERE, "routers.mjs", PORT=str(port)) as (tell, said):
        tell(json.dumps({"subgraphs": [asdict(one) for one in subgraphs]}) + "\n")
        assert json.loads(said()) == {"apollo": [], "guild": []}  # what the composers are against
        urls = json.loads(said())
        with httpx.Client(timeout=PATIENCE_S, trust_env=False) as client:
            yield Routers(urls, client)


@contextmanager
def _running(
    folder: Path, program: str, **environment: str
) -> Iterator[tuple[Callable[[str], object], Callable[[], str]]]:
    """A program of ours that imports what npm has installed."""
    with TemporaryDirectory(dir=installed()) as room:  # below what it imports
        there = shutil.copytree(
            folder, room, ignore=ignore_patterns("node_modules"), dirs_exist_ok=True
        )
        with running(Path(there) / program, **environment) as found:
            yield found


@contextmanager
def running(
    program: Path, **environment: str
) -> Iterator[tuple[Callable[[str], object], Callable[[], str]]]:
    """A Node program, in its folder: how to tell it something, and the next line that it says."""
    quiet = {**os.environ, "NO_PROXY": "127.0.0.1,localhost", "NODE_ENV": "production"}
    with subprocess.Popen(
        [NODE or "node", program.name],
        bufsize=1,
        cwd=program.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**quiet, "PORT": "0", **environment},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdin.write, process.stdout.readline
        finally:
            process.terminate()
