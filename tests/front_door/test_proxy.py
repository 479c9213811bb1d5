"""A real proxy in front: nginx as docs/caching.md has it, and how often it still asks Poche.

nginx' clock is the real one, and cannot be set: an answer that expires is made to hold
for one second, and asked for until the proxy says that it did.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from server.app import create_app
from server.settings import Settings
from tests.conftest import Clock, Replay, down, free_port, listening
from tests.front_door.partners import CLIENTS, KEY, PEPPER, SAFE_KEY

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
PAGE = (Path(__file__).parents[2] / "docs" / "caching.md").read_text("utf-8")
CONFIG = re.search(r"```nginx\n(.*?)```", PAGE, re.DOTALL)[1]
POOLS = {"query": "{ pools { nodes { name address { street } } } }"}
BIKES = {"query": "{ bikes(first: 1) { nodes { name } } }"}
GIVE_UP_S = 30

pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx here")


class Proxied:
    """Poche, and nginx in front of it."""

    def __init__(self, folder: Path, config: str) -> None:
        self.clock = Clock()
        self.replay = Replay()
        self._ending = ExitStack()
        self._poche = ExitStack()
        (folder / "clients.toml").write_text(CLIENTS)
        settings = Settings(
            warm=False, rate=0, clients=folder / "clients.toml", pepper=PEPPER, data=folder
        )
        app = create_app(
            settings,
            transport=httpx.MockTransport(self.replay),
            clock=self.clock,
            ticks=lambda: self.clock().timestamp(),
        )
        self._ending.enter_context(self._poche)
        self.direct = httpx.Client(base_url=self._poche.enter_context(listening(app)))
        url = self._ending.enter_context(nginx(folder, config, str(self.direct.base_url)))
        self.client = self._ending.enter_context(httpx.Client(base_url=url, timeout=GIVE_UP_S))

    def get(self, params: dict[str, str] = POOLS, **headers: str) -> httpx.Response:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get("/graphql", params=params, headers=given)

    def until_expired(self, params: dict[str, str]) -> httpx.Response:
        """The first answer that the proxy knows to be old."""
        give_up = time.monotonic() + GIVE_UP_S
        while (answer := self.get(params)).headers["x-cache"] == "HIT":
            assert time.monotonic() < give_up
        return answer

    def executions(self) -> float:
        """How many requests came through to Poche."""
        return sum(
            one.value
            for family in text_string_to_metric_families(self.direct.get("/metrics").text)
            for one in family.samples
            if one.name == "poche_requests_total"
        )

    def end_poche(self) -> None:
        self.direct.close()
        self._poche.close()

    def end(self) -> None:
        self.end_poche()
        self._ending.close()


@contextmanager
def nginx(folder: Path, config: str, upstream: str) -> Iterator[str]:
    """nginx with a part of a configuration, in a folder and on a port of its own; its address."""
    port = free_port()
    for said, here in (
        ("/var/cache/nginx/poche", f"{folder}/cache"),
        ("http://127.0.0.1:8000", upstream.rstrip("/")),
        ("listen 80", f"listen 127.0.0.1:{port}"),
    ):
        assert said in config
        config = config.replace(said, here)
    own = "\n".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""  # whose folder it is
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; worker_processes 1; {user}\n"
        f"events {{}}\nhttp {{ access_log off;\n{own}\n{config}\n}}\n"
    )
    command = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    process = subprocess.Popen(command)
    try:
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(transport=httpx.HTTPTransport(retries=6), base_url=url) as patient:
            patient.get("/healthz")
        yield url
    finally:
        process.terminate()
        process.wait(GIVE_UP_S)


@pytest.fixture
def proxied(tmp_path):
    proxied = Proxied(tmp_path, CONFIG)
    yield proxied
    proxied.end()


def test_many_ask_the_same_and_poche_is_asked_once(proxied):
    with ThreadPoolExecutor(10) as many:
        answers = list(many.map(lambda _: proxied.get(), range(50)))

    assert len({answer.content for answer in answers}) == 1
    assert [answer.status_code for answer in answers] == [200] * 50
    assert proxied.executions() == 1
    tag = answers[0].headers["etag"]
    assert proxied.get(If_None_Match=tag).status_code == 304
    assert proxied.executions() == 1


def test_each_coding_is_kept_apart(proxied):
    for _ in range(2):
        answers = {coding: proxied.get(Accept_Encoding=coding) for coding in ("br", "gzip", "x")}

    assert {one.headers["x-cache"] for one in answers.values()} == {"HIT"}
    codings = {c: one.headers.get("content-encoding") for c, one in answers.items()}
    assert codings == {"br": "br", "gzip": "gzip", "x": None}
    assert len({one.content for one in answers.values()}) == 1
    assert proxied.executions() == 3


def test_errors_are_not_kept(proxied):
    proxied.replay.broken["pools"] = down
    broken = [proxied.get() for _ in range(2)]
    unknown = [proxied.client.get("/graphql/d/nowhere") for _ in range(2)]
    posted = [proxied.client.post("/graphql", json=BIKES) for _ in range(2)]

    statuses = [one.status_code for one in (*broken, *unknown, *posted)]
    assert statuses == [200, 200, 404, 404, 200, 200]
    assert all("errors" in one.json() for one in broken)
    assert proxied.executions() == 6
    del proxied.replay.broken["pools"]
    proxied.clock.advance(60)
    assert "errors" not in proxied.get().json()


@pytest.mark.parametrize(
    "config",
    [CONFIG, re.sub(r".*\$http_authorization.*\n", "", CONFIG)],
    ids=["as documented", "by Vary and private alone"],
)
def test_what_is_private_is_shared_with_nobody(tmp_path, config):
    question = {"query": "{ __typename }"}
    proxied = Proxied(tmp_path, config)
    try:
        partner = [proxied.get(question, X_API_Key=KEY) for _ in range(2)]
        partner += [proxied.get(question, Authorization=f"Bearer {KEY}") for _ in range(2)]
        anonymous = [proxied.get(question) for _ in range(2)]
        again = proxied.get(question, X_API_Key=KEY)
        safelisted = proxied.get(question, X_API_Key=SAFE_KEY)
        stranger = proxied.get(question, Authorization="Bearer poche_nobodys")
        executions = proxied.executions()
    finally:
        proxied.end()

    for one in (*partner, again):
        assert one.headers["cache-control"].startswith("private")
        assert one.headers["x-cache"] in ("MISS", "BYPASS")
    assert [one.headers["x-cache"] for one in anonymous] == ["MISS", "HIT"]
    assert (safelisted.status_code, stranger.status_code) == (403, 401)  # whatever others may see
    assert executions == 8


def test_nobody_waits_while_it_is_asked_for_anew(proxied):
    proxied.get(BIKES, X_API_Key=KEY)  # the source is read, and nothing kept
    proxied.clock.advance(59)
    first = proxied.get(BIKES)
    assert "max-age=1, stale-while-revalidate=300" in first.headers["cache-control"]
    proxied.clock.advance(400)
    old = proxied.until_expired(BIKES)
    new = proxied.get(BIKES)

    assert old.headers["x-cache"] in ("STALE", "UPDATING")
    assert old.content == first.content
    give_up = time.monotonic() + GIVE_UP_S
    while new.headers["x-cache"] != "HIT":  # it is asked for behind
        assert time.monotonic() < give_up
        new = proxied.get(BIKES)
    assert new.headers["etag"] != old.headers["etag"]
    assert proxied.executions() == 3


def test_what_was_kept_is_better_than_an_error(proxied):
    proxied.get(BIKES, X_API_Key=KEY)
    proxied.clock.advance(59)
    first = proxied.get(BIKES)
    proxied.end_poche()
    old = proxied.until_expired(BIKES)

    assert (old.status_code, old.content) == (200, first.content)
    assert proxied.get(POOLS).status_code == 502
