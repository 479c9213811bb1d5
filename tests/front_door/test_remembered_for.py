"""Whose remembered answers are: nobody gets what they may not ask, or asked otherwise."""

import json

import httpx
import pytest

from server.asked import HEADERS
from tests.front_door.asking import BIKES, LABELS, POOLS, get
from tests.front_door.partners import CLIENTS, KEY, PEPPER, SAFE_KEY, bearer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def partners(serve, tmp_path):
    (tmp_path / "clients.toml").write_text(CLIENTS)
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "all.json").write_text(json.dumps({"bikes": BIKES}))
    options = {"clients": tmp_path / "clients.toml", "documents": tmp_path / "documents"}
    async with serve(**options, pepper=PEPPER) as server:
        yield server


async def test_nobody_gets_what_was_made_for_another(partners, executions):
    first = [await get(partners, POOLS, bearer(KEY)) for _ in range(2)]
    second = [await get(partners, POOLS) for _ in range(2)]
    refused = [await get(partners, POOLS, bearer(SAFE_KEY)) for _ in range(2)]
    wrong = [await get(partners, POOLS, bearer("poche_wrong")) for _ in range(2)]

    assert executions == [POOLS]  # they may all see the same
    assert all(one.headers["cache-control"].startswith("private") for one in first)
    assert all(one.headers["cache-control"].startswith("public") for one in second)
    assert [one.status_code for one in refused + wrong] == [403, 403, 401, 401]


async def test_a_key_or_a_document_that_is_withdrawn_is_so_at_once(partners, tmp_path):
    url = "/graphql/d/bikes"
    before = [await partners.client.get(url, headers=bearer(KEY)) for _ in range(2)]
    (tmp_path / "clients.toml").write_text(
        CLIENTS.replace("tram-app", "other").replace("0\n", "1\n")
    )
    await partners.app.state.gate.clients.refresh()
    renamed = await partners.client.get(url, headers=bearer(KEY))
    (tmp_path / "clients.toml").write_text("")
    await partners.app.state.gate.clients.refresh()
    gone = await partners.client.get(url, headers=bearer(KEY))
    (tmp_path / "documents" / "all.json").write_text("{}")
    await partners.app.state.gate.documents.refresh()
    unknown = await partners.client.get(url)

    assert [one.status_code for one in (*before, renamed, gone, unknown)] == [
        200, 200, 200, 401, 404,
    ]  # fmt: skip
    assert "ratelimit" not in before[1].headers
    assert "ratelimit" in renamed.headers


async def test_each_language_and_each_site_has_its_own(partners, executions):
    for _ in range(2):
        french = await get(partners, LABELS, {"Accept-Language": "fr"})
        english = await get(partners, LABELS, {"Accept-Language": "en"})
    assert executions == [LABELS, LABELS]
    assert french.content != english.content
    assert "Accept-Language" in english.headers["vary"]

    for origin in ("https://tram.example", "https://other.example") * 2:
        answer = await get(partners, BIKES, {"Origin": origin})
        allowed = answer.headers.get("access-control-allow-origin")
        assert allowed == ("https://tram.example" if "tram" in origin else None)


async def test_who_has_it_already_is_told_so_from_memory(serve, executions):
    async with serve() as server:
        tag = (await get(server, BIKES)).headers["etag"]
        for _ in range(3):
            answer = await get(server, BIKES, {"If-None-Match": tag})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["etag"] == tag
        for coding in ("br", "gzip", "identity") * 2:
            answer = await get(server, LABELS, {"Accept-Encoding": coding})
            assert answer.headers.get("content-encoding", "identity") == coding

    assert executions == [BIKES, LABELS]


looked_for = set()


class Name(bytes):
    """A header's name that notes what it is compared with: all that anybody looks for."""

    __hash__ = bytes.__hash__

    def __eq__(self, other):
        looked_for.add(bytes(other))
        return bytes(self) == other


HARMLESS = {  # read, and yet the answer is the same
    b"content-length",  # what is too long is refused, and refusals are not kept
    b"x-request-id",  # each answer gets its own, whoever made it
}
LOOKS = [
    ("GET", "/graphql", {"query": BIKES}, {}),
    ("HEAD", "/graphql", {"query": LABELS}, {"If-None-Match": "*", "Accept-Encoding": "br"}),
    ("GET", "/graphql/d/bikes", {}, {"Origin": "https://tram.example", "Accept": "*/*"}),
    ("GET", "/graphql", {"query": BIKES}, bearer(KEY)),
    ("GET", "/graphql", {"query": BIKES}, {"X-API-Key": KEY, "Cookie": "a=b"}),
    ("GET", "/graphql", {"query": BIKES}, {"X-Poche-Explain": "sources"}),
    ("POST", "/graphql", {"query": LABELS}, {"Content-Type": "application/json"}),
]


async def test_every_header_that_is_read_is_a_part_of_what_is_known(partners):
    """Else what was made for one client would be given to another that asked otherwise."""

    async def handed_on(scope, receive, send):
        witness = (Name(b"x-witness"), b"")  # which each look passes by
        await partners.app({**scope, "headers": [witness, *scope["headers"]]}, receive, send)

    looked_for.clear()
    transport = httpx.ASGITransport(handed_on)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for method, path, asked, headers in LOOKS:
            how = {"json": asked} if method == "POST" else {"params": asked}
            answer = await client.request(method, path, headers=headers, **how)
            assert answer.status_code in (200, 304), answer.text

    assert looked_for - HARMLESS == HEADERS
