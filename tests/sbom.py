"""What `make sbom` wrote: all that is pinned is in it, by the same version and hashes.

`make sbom` runs this; `make test` does not.
"""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "dist/sbom"


def components(name):
    """What is listed: names and versions, each with its hashes."""
    told = json.loads((FOLDER / f"{name}.cdx.json").read_text())
    assert told["bomFormat"] == "CycloneDX"
    assert str(ROOT) not in json.dumps(told)
    return {(one["name"], one["version"]): json.dumps(one) for one in told["components"]}


def test_every_pinned_requirement_is_listed_with_its_hashes():
    listed = components("python")
    pins = re.findall(
        r"^(\S+)==(\S+)((?:.*\\\n)+.*)", (ROOT / "requirements/run.txt").read_text(), re.MULTILINE
    )
    assert len(pins) == len(listed) > 50
    for name, version, rest in pins:
        for digest in re.findall(r"sha256:(\w+)", rest):
            assert digest in listed[name, version]


@pytest.mark.parametrize("page", ["explorer", "home"])
def test_every_package_of_a_front_end_is_listed(page):
    locked = json.loads((ROOT / f"server/{page}/package-lock.json").read_text())["packages"]
    shipped = {
        (path.rpartition("node_modules/")[2], one["version"])
        for path, one in locked.items()
        if path and not (one.get("dev") or one.get("devOptional"))
    }
    assert shipped
    assert shipped <= components(page).keys()
