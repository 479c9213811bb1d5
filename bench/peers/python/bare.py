"""Bare: an ASGI application that answers with bytes it has; what the web server alone costs."""

import os
from pathlib import Path
from typing import Any

BODIES = {path.stem: path.read_bytes() for path in Path(os.environ["BODIES"]).glob("*.json")}
HEADERS = {
    name: [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    for name, body in BODIES.items()
}


async def app(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http", "nothing else"
    while (await receive()).get("more_body"):
        pass
    name = scope["path"][1:]
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS[name]})
    await send({"type": "http.response.body", "body": BODIES[name]})
