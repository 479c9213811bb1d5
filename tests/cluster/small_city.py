"""A city small enough for three replicas on one machine, read every few seconds."""

import re
import sys
from pathlib import Path

import cities

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "cluster"))
import run as run  # examples/cluster/run.py

PEPPER = "salt is for passwords"
TTL_S = 4.0
KEPT = ("", "communes", "pools", "pools.fields", "parkings", "parkings.fields")


def small(folder: Path) -> Path:
    """A folder with a small Nantes, whose sources may be and are read every few seconds."""
    lines, table = list[str](), ""
    for line in (cities.HERE / "nantes.toml").read_text("utf-8").splitlines():
        if line.startswith("["):
            table = line.partition("]")[0].strip("[")
        if table in KEPT and not line.startswith("quota"):
            lines.append(re.sub(r'^ttl = ".*"', f'ttl = "{TTL_S:g}s"', line))
    (folder / "nantes.toml").write_text("\n".join(lines), "utf-8")
    return folder
