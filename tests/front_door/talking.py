"""Talking: one connection to our own web server, byte by byte."""

import asyncio
import re
import socket
from contextlib import asynccontextmanager
from urllib.parse import quote

import httpx

from server.app import create_app
from server.direct import Direct
from server.finished import Again
from server.serving import Server
from server.settings import Settings
from tests.conftest import Clock, Replay

BIKES = "{ bikes(first: 2) { nodes { name availableSpaces } } }"
PATH = f"/graphql?query={quote(BIKES)}"
PATIENCE_S = 20  # for what happens at once


class Talk:
    """One connection, and the requests that the application had to see."""

    def __init__(self, reader, writer, seen, server):
        self.reader, self.writer, self.seen, self.server = reader, writer, seen, server
        self.began = asyncio.Event()

    def send(self, method="GET", path=PATH, body=b"", **headers):
        lines = [f"{method} {path} HTTP/1.1", "Host: poche"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)

    async def heard(self, *, head=False):
        async with asyncio.timeout(PATIENCE_S):
            top = await self.reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"\r\ncontent-length: (\d+)", top)
            body = b"" if head or not length else await self.reader.readexactly(int(length[1]))
        return top, body

    async def ask(self, *args, **options):
        self.send(*args, **options)
        return await self.heard(head=args[:1] == ("HEAD",))


@asynccontextmanager
async def talking(tmp_path, monkeypatch, replay=None, clock=None, **options):
    seen, again, directly = [], Again.__call__, Direct.begun

    async def noted(self, scope, receive, send):
        if scope["type"] == "http":  # and not the application's own beginning and end
            seen.append(scope["path"])
            talk.began.set()
        await again(self, scope, receive, send)

    def noted_too(self, asked, *request):
        seen.append(asked.scope["path"])
        return directly(self, asked, *request)

    monkeypatch.setattr(Again, "__call__", noted)
    monkeypatch.setattr(Direct, "begun", noted_too)
    settings = Settings(**{"warm": False, "rate": 0, "data": tmp_path, **options})
    transport = httpx.MockTransport(replay or Replay())
    app = create_app(settings, transport=transport, clock=clock or Clock())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(app, settings, log_level="error")
        running = asyncio.create_task(server.serve(sockets=[listener]))
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        talk = Talk(reader, writer, seen, server)
        try:
            yield talk
        finally:
            writer.transport.abort()  # also of what nobody would take any more
            server.should_exit = True
            await running
