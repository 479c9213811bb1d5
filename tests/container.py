"""The container without an engine: the Dockerfile's own steps, in clean folders, as its own user.

`make container` runs this; `make test` does not, for it installs everything anew. What a machine
without an engine cannot do is left out, and only that: images are not pulled, and the step
that installs Debian's packages and makes the user is not run (hadolint reads it). The image's
Python is this machine's (`make container PYTHON=python3.13`), and what pip and npm have at
hand is not fetched again. To become another user and to make the file system read-only takes
rights; where one is missing the server runs without, and the tests of just that are skipped.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from sandbox.serve import running
from sandbox.world import World
from tests.conftest import free_port

ROOT = Path(__file__).parents[1]
PYTHON = os.environ.get("PYTHON", sys.executable)


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


# Rights that a machine may lack.
BECOME, MOUNT = "become another user", "mount what only it sees"
BUILD, FINAL = stages((ROOT / "Dockerfile").read_text())


def as_user(user: str) -> list[str]:
    """What makes a command another user's, who may nothing that others may not."""
    less = ["--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
    return ["setpriv", f"--reuid={user}", "--regid=65534", *less]


# As an engine does with `--read-only`: of all the file system, two folders can be written.
READ_ONLY = """
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=1777 tmpfs "$TMPDIR"
mount --bind "$(readlink -f "$BASE")" "$IMAGE/base"
mount --bind "$POCHE_DATA" "$POCHE_DATA"
mount -o remount,bind,ro /
exec env -u BASE -u IMAGE "$@"
"""
ALONE = ["unshare", "--mount", "sh", "-c", READ_ONLY, "sh"]


def refused(*command: str | Path, env: dict[str, str] | None = None) -> str | None:
    """Why this machine does not do it; None if it does."""
    try:
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    except OSError as error:
        return str(error)
    return (done.stderr.strip() or f"it ends with {done.returncode}") if done.returncode else None


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """What the first stage makes, in a folder that stands for `/install`."""
    if (why := refused("git", "ls-files")) is not None:
        pytest.skip(f"needs git's list of the files: {why}")
    with TemporaryDirectory(prefix="poche-container-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # it is for another user to read
        (source := folder / "src").mkdir()
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        files = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout
        there = [one for one in files.split(b"\0") if one and (ROOT / one.decode()).exists()]
        packed = ["tar", "-c", "--null", "--files-from=-"]
        tar = subprocess.run(
            packed, cwd=ROOT, input=b"\0".join(there), capture_output=True, check=True
        )
        subprocess.run(["tar", "-x"], cwd=source, input=tar.stdout, check=True)
        subprocess.run([PYTHON, "-m", "venv", folder / "python"], check=True)
        assert BUILD.one("WORKDIR") == "/src"
        assert BUILD.one("COPY") == ". ."
        for command in BUILD.all("RUN"):
            command = command.replace("/install", str(folder / "install"))
            subprocess.run(
                ["sh", "-c", command.replace("--no-cache-dir ", "")],  # an image has no use for one
                cwd=source,
                env={**os.environ, "PATH": f"{folder}/python/bin:{os.environ['PATH']}"},
                check=True,
            )
        yield folder


@dataclass
class Container:
    """A running one: a client of it, its volume, its process, and what it had to do without."""

    client: httpx.Client
    data: Path
    process: subprocess.Popen[bytes]
    missing: dict[str, str]

    def has(self, right: str) -> None:
        """Skip the test if it has not."""
        if right in self.missing:
            pytest.skip(f"needs the right to {right}: {self.missing[right]}")


@pytest.fixture(scope="module")
def container(image: Path) -> Iterator[Container]:
    """What the last stage starts, as the user it names, with its environment and nothing else."""
    user, data, temporary, base = FINAL.one("USER"), image / "data", image / "tmp", image / "base"
    for folder in (data, temporary, base):
        folder.mkdir()
    temporary.chmod(0o1777)
    asked = [PYTHON, "-c", "import sys; print(sys.base_prefix)"]
    prefix = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    told = dict(pair.split("=", 1) for rest in FINAL.all("ENV") for pair in rest.split())
    assert told["POCHE_DATA"] == FINAL.one("VOLUME")
    packages = next((image / "install/lib").glob("python*")) / "site-packages"
    port = free_port()
    env = told | {
        "POCHE_DATA": str(data),
        "TMPDIR": str(temporary),
        "PYTHONPATH": str(packages),
        "LD_LIBRARY_PATH": str(base / "lib"),  # it stands elsewhere than where it was built
        "PATH": f"{image}/install/bin:{base}/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "BASE": prefix,
        "IMAGE": str(image),
    }
    around, missing = [], dict[str, str]()
    if (why := refused(*ALONE, "true", env=env)) is None:
        around += ALONE
    else:
        missing[MOUNT] = why
        base.rmdir()
        base.symlink_to(prefix)
    python = str(base / "bin/python3")
    if (why := refused(*around, *as_user(user), python, "-c", "", env=env)) is None:
        around += as_user(user)
        os.chown(data, int(user), -1)
    else:
        missing[BECOME] = why
    command = [*json.loads(FINAL.one("CMD")), "--port", str(port)]
    assert command[0] == "poche"
    with running(World()) as upstream:
        process = subprocess.Popen(
            [*around, python, "-m", "server.start", *command[1:]],
            cwd="/",
            env=env | {"POCHE_UPSTREAM": upstream},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                while not ended(process, 0.2) and not answering(client):
                    pass
                yield Container(client, data, process, missing)
        finally:
            process.terminate()
            output, _ = process.communicate(timeout=60)
            print(output.decode())
    # uvicorn passes the signal on when all is done; there it is process 1, which has no end by it.
    assert process.returncode in (0, -signal.SIGTERM), "told to stop, it did not end in order"


def ended(process: subprocess.Popen[bytes], within_s: float) -> bool:
    """Whether it ended by then."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(within_s)
    return process.returncode is not None


def answering(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:  # not yet, or not in time on a busy machine
        return False


def told_of(process: subprocess.Popen[bytes], file: str) -> list[list[str]]:
    """What the system says of it, line by line, in words."""
    return [line.split() for line in Path(f"/proc/{process.pid}/{file}").read_text().splitlines()]


def test_it_is_the_user_of_the_image_and_may_nothing_more(container):
    container.has(BECOME)
    said = {line[0]: line[1:] for line in told_of(container.process, "status")}
    assert set(said["Uid:"]) == {FINAL.one("USER")}
    assert {int(said[name][0], 16) for name in ("CapEff:", "CapPrm:", "CapBnd:")} == {0}


def test_it_can_write_its_volume_and_its_temporary_files_only(container, image):
    container.has(MOUNT)
    options = {line[4]: line[5].split(",") for line in told_of(container.process, "mountinfo")}
    assert "ro" in options["/"]
    assert "rw" in options[str(container.data)]
    assert "rw" in options[str(image / "tmp")]


def test_it_answers(container):
    query = "{ pools(first: 1) { totalCount } }"
    for _ in range(60):  # as clients do, where what they ask for has still to be read
        answer = container.client.post("/graphql", json={"query": query}).json()
        if "errors" not in answer or ended(container.process, 0.5):
            break
    assert answer["data"]["pools"]["totalCount"] > 0, answer["errors"]


def test_the_timetable_is_imported_into_its_volume(container):
    current = container.data / "nantes/timetable/current"
    query = "{ stops(first: 1) { nodes { name } } }"
    for _ in range(120):  # seconds at least
        container.client.post("/graphql", json={"query": query})
        if current.is_symlink() or ended(container.process, 1.0):
            break
    assert (current / "manifest.json").exists()


def test_its_health_check_passes(container, image):
    program, *words = json.loads(FINAL.one("HEALTHCHECK").partition(" CMD ")[2])
    assert program == "python"
    here = f":{container.client.base_url.port}"
    words = [word.replace(":8000", here) for word in words]
    assert subprocess.run([image / "python/bin/python", *words], check=False).returncode == 0


@pytest.mark.parametrize(("page", "script"), [("/graphiql", "explorer.js"), ("/", "home.js")])
def test_its_pages_came_along(container, page, script):
    text = container.client.get(page, headers={"Accept": "text/html"}).text
    address = re.search(rf'src="([^"]+/{script})"', text)[1]
    assert container.client.get(address).status_code == 200


def test_port_is_the_one_exposed():
    assert FINAL.one("EXPOSE") == "8000"
    assert ":8000/healthz" in FINAL.one("HEALTHCHECK")


def test_the_wheel_installs_offline_and_carries_the_pages(image, tmp_path):
    """All that runs is in wheels: no index is asked, nothing is built."""
    pip = [str(image / "python/bin/python"), "-m", "pip"]
    wheels = tmp_path / "wheels"
    subprocess.run([*pip, "wheel", "--quiet", "--no-deps", "-w", wheels, image / "src"], check=True)
    subprocess.run(
        [*pip, "install", "--quiet", "--no-index", "--no-deps", "--target", tmp_path / "there"]
        + [str(one) for one in wheels.iterdir()],
        check=True,
    )
    for page, script in (("explorer", "explorer.js"), ("home", "home.js")):
        assert list((tmp_path / f"there/server/{page}/static").glob(f"*/{script}"))
    assert (tmp_path / "there/cities/nantes.toml").exists()
    assert not (tmp_path / "there/tests").exists()
