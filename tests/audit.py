"""Audit: what is known against what we ship, but for what is excused by name and with a reason.

`make audit`; it asks the internet's databases, so `make test` does not run it. Exits with 1 if
there is something to be put right, with 2 if nobody tells.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EXCUSED = ROOT / "requirements/excused.txt"
LOCKED = ROOT / "requirements/run.txt"
FRONT_ENDS = ("server/explorer", "server/home")


def main() -> None:
    excuses = excused(EXCUSED.read_text("utf-8"))
    found = list(python())
    for folder in FRONT_ENDS:
        found += npm(told("npm", "audit", "--omit=dev", "--json", cwd=ROOT / folder))
    for package, names, about in found:
        excuse = next((excuses[name] for name in names if name in excuses), None)
        print(f"{package}: {'/'.join(names)}: {f'excused: {excuse}' if excuse else about}")
    sys.exit(any(excuses.keys().isdisjoint(names) for _, names, _ in found))


Found = tuple[str, tuple[str, ...], str]  # the package, the advisory's names, what it is about


def excused(text: str) -> dict[str, str]:
    """Advisories by their ids, and why each does not concern us; ValueError without a reason."""
    lines = (line.split(maxsplit=1) for line in text.splitlines() if not line.startswith("#"))
    return dict(line for line in lines if line)


def python() -> Iterator[Found]:
    command = [str(Path(sys.executable).with_name("pip-audit")), "--require-hashes"]
    report = told(*command, "--disable-pip", "-r", str(LOCKED), "--format=json")
    for package in report["dependencies"]:
        if "skip_reason" in package:
            sys.exit(_nobody(package["skip_reason"]))
        for one in package["vulns"]:
            yield package["name"], (one["id"], *one.get("aliases", ())), one["description"][:200]


def npm(report: dict[str, Any]) -> Iterator[Found]:
    """What `npm audit --json` found; what only depends on it is told there, too, and not here."""
    for package in report["vulnerabilities"].values():
        for one in package["via"]:
            if isinstance(one, dict):
                yield package["name"], (one["url"].rpartition("/")[2],), one["title"]


def told(*command: str, cwd: Path = ROOT) -> dict[str, Any]:
    program = shutil.which(command[0]) or sys.exit(_nobody(f"no {command[0]} here"))
    done = subprocess.run([program, *command[1:]], cwd=cwd, capture_output=True, text=True)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        sys.exit(_nobody(done.stderr))
    if "error" in report:
        sys.exit(_nobody(report.get("message")))
    return report


def _nobody(why: object) -> int:
    print(f"nobody tells what is known: {why}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
