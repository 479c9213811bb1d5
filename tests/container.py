"""The container without an engine: the Dockerfile's own steps, in clean folders, as its own user.

`make container` runs this; `make test` does not, for it installs everything anew. What a machine
without an engine cannot do is left out, and only that: images are not pulled, and the step
that installs Debian's packages and makes the user is not run (hadolint reads it).
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.conftest import free_port

ROOT = Path(__file__).parents[1]


@dataclass
class Stage:
    """One stage of a Dockerfile: its instructions in order."""

    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, word: str) -> list[str]:
        return [rest for instruction, rest in self.steps if instruction == word]

    def one(self, word: str) -> str:
        (found,) = self.all(word)
        return found


def stages(text: str) -> list[Stage]:
    """What a Dockerfile says, without its comments, each instruction on one line."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    found: list[Stage] = []
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        instruction, _, rest = line.strip().partition(" ")
        if instruction == "FROM":
            found.append(Stage(rest.rpartition(" AS ")[2]))
        elif instruction:
            found[-1].steps.append((instruction, " ".join(rest.split())))
    return found


BUILD, FINAL = stages((ROOT / "Dockerfile").read_text())


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first stage makes, in a folder that stands for `/install`."""
    if os.getuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("needs root, to become another user")
    folder = tmp_path_factory.mktemp("image")
    for one in (folder, *folder.parents):
        if one.owner() == "root" and one != Path("/"):
            one.chmod(0o755)  # pytest's own folders are closed to others
    (source := folder / "src").mkdir()
    committed = subprocess.run(
        ["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    subprocess.run(["tar", "-x"], cwd=source, input=committed, check=True)
    subprocess.run([sys.executable, "-m", "venv", folder / "python"], check=True)
    assert BUILD.one("WORKDIR") == "/src"
    assert BUILD.one("COPY") == ". ."
    for command in BUILD.all("RUN"):
        subprocess.run(
            ["sh", "-c", command.replace("/install", str(folder / "install"))],
            cwd=source,
            env={**os.environ, "PATH": f"{folder}/python/bin:{os.environ['PATH']}"},
            check=True,
        )
    return folder


@pytest.fixture(scope="module")
def server(image: Path) -> Iterator[httpx.Client]:
    """What the last stage starts, as the user it names, with its environment and nothing else."""
    data = image / "data"
    data.mkdir()
    os.chown(data, int(FINAL.one("USER")), -1)
    told = dict(pair.split("=", 1) for rest in FINAL.all("ENV") for pair in rest.split())
    assert told["POCHE_DATA"] == FINAL.one("VOLUME")
    packages = next((image / "install/lib").glob("python*")) / "site-packages"
    env = told | {
        "POCHE_DATA": str(data),
        "PYTHONPATH": str(packages),
        "PATH": f"{image}/install/bin:{image}/python/bin:/usr/bin:/bin",
    }
    port = free_port()
    command = [*eval(FINAL.one("CMD")), "--port", str(port)]
    assert command[0] == "poche"
    program = [str(image / "python/bin/python"), "-m", "server.cli", *command[1:]]
    process = subprocess.Popen(
        ["setpriv", f"--reuid={FINAL.one('USER')}", "--regid=65534", "--clear-groups", *program],
        cwd="/",
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        transport = httpx.HTTPTransport(retries=6)  # until the port is open
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", transport=transport, timeout=30
        ) as client:
            client.env, client.port = env, port
            yield client
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=60)
        print(output.decode())
    assert process.returncode == 0, "told to stop, it did not end in order"


def test_answers_as_another_user_in_a_folder_it_cannot_write(server):
    answer = server.post("/graphql", json={"query": "{ cities { slug } }"}).json()
    assert {"slug": "nantes"} in answer["data"]["cities"]


def test_its_health_check_passes(server):
    words = eval(FINAL.one("HEALTHCHECK").partition(" CMD ")[2])
    words = [word.replace(":8000", f":{server.port}") for word in words]
    assert subprocess.run(words, env=server.env, check=False).returncode == 0


def test_the_explorer_came_along(server):
    page = server.get("/graphiql", headers={"Accept": "text/html"})
    script = re.search(r'src="([^"]+explorer\.js)"', page.text)[1]
    assert server.get(script).status_code == 200


def test_port_is_the_one_exposed():
    assert FINAL.one("EXPOSE") == "8000"
    assert ":8000/healthz" in FINAL.one("HEALTHCHECK")


def test_the_wheel_installs_offline_and_carries_the_explorer(image, tmp_path):
    """All that runs is in wheels: no index is asked, nothing is built."""
    pip = [str(image / "python/bin/python"), "-m", "pip"]
    wheels = tmp_path / "wheels"
    subprocess.run([*pip, "wheel", "--quiet", "--no-deps", "-w", wheels, image / "src"], check=True)
    subprocess.run(
        [*pip, "install", "--quiet", "--no-index", "--no-deps", "--target", tmp_path / "there"]
        + [str(one) for one in wheels.iterdir()],
        check=True,
    )
    assert list((tmp_path / "there/server/explorer/static").glob("*/explorer.js"))
    assert (tmp_path / "there/cities/nantes.toml").exists()
    assert not (tmp_path / "there/tests").exists()
