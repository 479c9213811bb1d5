"""Scratch: a copy of the checkout, for steps that change it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
OURS = ("schema", "resolvers", "sources", "cities", "server", "sandbox", "tests")
FILES = ("pyproject.toml", "schema.graphql")


def checkout(folder: Path) -> None:
    """Our files, copied to an empty folder, without what is built."""
    unwanted = shutil.ignore_patterns("static", "__pycache__", "node_modules")
    for name in OURS:
        shutil.copytree(ROOT / name, folder / name, ignore=unwanted)
    for name in FILES:
        shutil.copy(ROOT / name, folder)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a copy and what is in it, but for what Python keeps for itself."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and ".ruff_cache" not in path.parts
    }


def run_in(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A Python module of the copy, run there as `python -m`."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )


def pytest_in(folder: Path, *arguments: str) -> str:
    """What pytest said of some tests of the copy."""
    done = run_in(folder, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments)
    return done.stdout + done.stderr


def assert_kept(folder: Path, service: str) -> None:
    """A copy's new service answers what it did, and keeps what all services promise."""
    files = ("tests/test_services.py", "tests/test_contracts.py")  # at once: each start takes long
    said = pytest_in(folder, *files, "-k", f"{service} or test_contracts")
    assert " passed" in said, said
    assert "failed" not in said, said
