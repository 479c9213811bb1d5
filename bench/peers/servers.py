"""Servers: who is measured, how each is started, and in which modes it can be asked.

cold        every read is made afresh, and shared with nobody
memory      what was read is held, the document is executed each time
remembered  the same question again and again
stampede    64 clients ask the same at once, and what they ask was never read before
"""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bench.peers import product

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SDL = HERE / "schema.graphql"
COLD, MEMORY, REMEMBERED, STAMPEDE = MODES = ("cold", "memory", "remembered", "stampede")
OURS = "ours"
FIRST_PORT = 9200
NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Server:
    """`path` may say where each document has a path of its own, as `{document}`."""

    name: str
    command: list[str]
    port: int
    modes: frozenset[str]
    folder: Path
    environment: Mapping[str, str]
    headers: Mapping[str, str]
    path: str

    def url(self, document: str) -> str:
        return f"http://127.0.0.1:{self.port}" + self.path.format(document=document)


def interpreter(home: Path) -> Path:
    """The Python of all servers that are written in it, as `install.sh` made it."""
    return home / "python" / "bin" / "python"


def servers(home: Path, checkout: Path = ROOT, python: Path | None = None) -> list[Server]:
    """Everybody, with what was installed in `home`; ours is a copy of `checkout`.

    `python` has our requirements, and the peers'; without those of Ariadne, that is left out.
    """
    for script in (HERE / "node").glob("*.js"):  # beside what they require
        shutil.copy(script, home / "node")
    shutil.copy(HERE / "hive" / "gateway.config.ts", home / "hive")
    roster = _Roster(home, python or interpreter(home))
    memory = {"MEM": "1"}
    roster.ours(product.installed(home, checkout))
    roster.bare()
    roster.tailcall("Tailcall", COLD, dedupe="false")
    roster.tailcall("Tailcall, dedupe", STAMPEDE, dedupe="true")
    roster.node("Mercurius, JIT", COLD, "mercurius.js")
    roster.node("Mercurius, JIT, memory", MEMORY, "mercurius.js", memory)
    roster.node("Yoga, JIT", COLD, "yoga.js", {"JIT": "1"})
    roster.node("Yoga, JIT, memory", MEMORY, "yoga.js", {"JIT": "1", **memory})
    roster.node("Yoga", COLD, "yoga.js")
    roster.node("Apollo Server", COLD, "apollo.js")
    roster.node("Apollo Server, memory", MEMORY, "apollo.js", memory)
    roster.hive("Hive Gateway", COLD)
    roster.python("Strawberry", COLD, "strawberry_app")
    roster.python("Strawberry, memory", MEMORY, "strawberry_app", memory)
    roster.python("Ariadne", COLD, "ariadne_app")
    roster.python("Ariadne, memory", MEMORY, "ariadne_app", memory)
    return roster.found


class _Roster:
    """Servers one after the other, each with a port of its own."""

    def __init__(self, home: Path, python: Path) -> None:
        self.found: list[Server] = []
        self._home = home
        self._python = str(python)

    def ours(self, environment: Mapping[str, str]) -> None:
        command = [self._python, "-m", "server.start", "serve", "--port", str(self._port)]
        self._add(OURS, MODES, command, environment, headers=product.HEADERS)

    def bare(self) -> None:
        environment = {"BODIES": str(self._home / "answers")}
        self._add("bare ASGI", [REMEMBERED], self._uvicorn("bare"), environment, path="/{document}")

    def python(
        self, name: str, mode: str, module: str, environment: Mapping[str, str] = NOTHING
    ) -> None:
        self._add(name, [mode], self._uvicorn(module), environment)

    def node(
        self, name: str, mode: str, script: str, environment: Mapping[str, str] = NOTHING
    ) -> None:
        self._add(name, [mode], ["node", str(self._home / "node" / script)], environment)

    def hive(self, name: str, mode: str) -> None:
        folder = self._home / "hive"
        gateway = folder / "node_modules" / "@graphql-hive" / "gateway" / "dist" / "bin.js"
        options = ["--port", str(self._port), "--host", "127.0.0.1"]
        self._add(name, [mode], ["node", str(gateway), "supergraph", *options], folder=folder)

    def tailcall(self, name: str, mode: str, dedupe: str) -> None:
        config = self._home / f"tailcall-{dedupe}.graphql"  # where it reads its port
        text = (HERE / "tailcall" / "config.graphql").read_text("utf-8")
        text = text.replace("PORT", str(self._port)).replace("DEDUPE", dedupe)
        config.write_text(text, "utf-8")
        library = self._home / "glibc" / "usr" / "lib" / "x86_64-linux-gnu"
        package = self._home / "node" / "node_modules" / "@tailcallhq" / "core-linux-x64-gnu"
        program = package / "bin" / "tailcall"
        loader = [str(library / "ld-linux-x86-64.so.2"), "--library-path", str(library)]
        command = [*loader, str(program), "start", str(config)]
        self._add(name, [mode], command, {"TC_TRACKER": "false"})

    @property
    def _port(self) -> int:
        return FIRST_PORT + len(self.found)

    def _uvicorn(self, module: str) -> list[str]:
        options = ["--http", "httptools", "--loop", "uvloop", "--no-access-log"]
        where = ["--port", str(self._port), "--app-dir", str(HERE / "python"), f"{module}:app"]
        return [self._python, "-m", "uvicorn", "--log-level", "warning", *options, *where]

    def _add(
        self,
        name: str,
        modes: Iterable[str],
        command: list[str],
        environment: Mapping[str, str] = NOTHING,
        *,
        folder: Path | None = None,
        path: str = "/graphql",
        headers: Mapping[str, str] = NOTHING,
    ) -> None:
        given = {"PORT": str(self._port), "SDL": str(SDL), "NODE_ENV": "production", **environment}
        where = folder or self._home
        self.found.append(
            Server(name, command, self._port, frozenset(modes), where, given, headers, path)
        )
