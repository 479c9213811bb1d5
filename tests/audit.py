"""Audit: what is known against what we ship, but for what is excused by name and with a reason.

`make audit`; it asks the registers of PyPI and npm, so `make test` does not run it. Exits with 1 if
there is something to be put right, with 2 if nobody tells of a part of it.
"""

import json
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pip._internal.models.index import PyPI

ROOT = Path(__file__).parents[1]
EXCUSED = ROOT / "requirements/excused.txt"
LOCKED = ROOT / "requirements/run.txt"
FRONT_ENDS = ("server/explorer", "server/home")

Package = tuple[str, str]  # its name and its version
Found = tuple[str, tuple[str, ...], str]  # the package, the advisory's names, what it is about


@dataclass
class Told:
    """What one register said, of how many packages, and why it said nothing of others."""

    of: int
    found: list[Found]
    silent: list[str]


class Silent(Exception):
    """A register does not answer; why."""


def main() -> None:
    excuses = excused(EXCUSED.read_text("utf-8"))
    told = {"PyPI": python(), **{f"npm, {folder}": npm(folder) for folder in FRONT_ENDS}}
    for register, part in told.items():
        print(f"{register}: {part.of} packages, {len(part.found)} advisories")
        for package, names, about in part.found:
            excuse = next((excuses[name] for name in names if name in excuses), None)
            print(f"  {package}: {'/'.join(names)}: {f'excused: {excuse}' if excuse else about}")
        for why in part.silent:
            print(f"  nobody tells: {why}")
    found = [names for part in told.values() for _, names, _ in part.found]
    if any(excuses.keys().isdisjoint(names) for names in found):
        sys.exit(1)
    sys.exit(2 if any(part.silent for part in told.values()) else 0)


def excused(text: str) -> dict[str, str]:
    """Advisories by their ids, and why each does not concern us; ValueError without a reason."""
    lines = (line.split(maxsplit=1) for line in text.splitlines() if not line.startswith("#"))
    return dict(line for line in lines if line)


def python() -> Told:
    """What pip-audit is told, and of what it passes over, what PyPI says of the newest version."""
    command = [str(Path(sys.executable).with_name("pip-audit")), "--require-hashes"]
    try:
        report = said(*command, "--disable-pip", "-r", str(LOCKED), "--format=json")
    except Silent as why:
        return Told(0, [], [str(why)])
    known: dict[Package, list[dict[str, Any]] | None] = {
        (one["name"], one["version"]): one["vulns"]
        for one in report["dependencies"]
        if "vulns" in one
    }
    left = [one for one in locked(LOCKED.read_text("utf-8")) if one not in known]
    with ThreadPoolExecutor(4) as pool:
        known |= zip(left, pool.map(newest, left), strict=True)
    found = [
        (name, (one["id"], *one.get("aliases", ())), about(one))
        for (name, _), advisories in known.items()
        for one in advisories or ()
        if not one.get("withdrawn")
    ]
    silent = [" ".join(package) for package, advisories in known.items() if advisories is None]
    return Told(len(known) - len(silent), found, silent)


def locked(text: str) -> list[Package]:
    """All that is pinned; some packages twice, for one Python and for another."""
    return re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)


def newest(package: Package) -> list[dict[str, Any]] | None:
    """A package's advisories; None if they are not told, or of another version than is locked.

    Mirrors of PyPI may know a package and not its single versions.
    """
    name, version = package
    try:
        answer = httpx.get(f"{PyPI.pypi_url}/{name}/json", follow_redirects=True, timeout=60)
        told = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        return None
    return told["vulnerabilities"] if told["info"]["version"] == version else None


def about(advisory: dict[str, Any]) -> str:
    text = advisory.get("description") or advisory.get("summary") or advisory.get("details") or ""
    return " ".join(text.split())[:200]


def npm(folder: str) -> Told:
    """What `npm audit` is told; what only depends on it is named there, too, and not here."""
    try:
        report = said("npm", "audit", "--omit=dev", "--json", cwd=ROOT / folder)
    except Silent as why:
        return Told(0, [], [str(why)])
    found = [
        (package["name"], (one["url"].rpartition("/")[2],), one["title"])
        for package in report["vulnerabilities"].values()
        for one in package["via"]
        if isinstance(one, dict)
    ]
    return Told(report["metadata"]["dependencies"]["prod"], found, [])


def said(*command: str, cwd: Path = ROOT) -> dict[str, Any]:
    """A program's report; Silent if it has none."""
    program = shutil.which(command[0])
    if program is None:
        raise Silent(f"no {command[0]} here")
    done = subprocess.run([program, *command[1:]], cwd=cwd, capture_output=True, text=True)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise Silent(done.stderr.strip()) from None
    if "error" in report:
        raise Silent(report.get("message"))
    return report


if __name__ == "__main__":
    main()
