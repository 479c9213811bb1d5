"""Compression: which coding an answer goes in, and what is left as it is."""

import asyncio
import gzip
import zlib

import brotli
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from server.compression import LARGE, MIN_BYTES, Compression, preferred

pytestmark = pytest.mark.anyio

TEXT = b"une piscine, une autre piscine, " * 100
READ = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br; q=0.8 , gzip;q=0.8", "br"),
        ("GZIP", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0, *", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=0.7", "gzip"),
        ("deflate, zstd", None),
        ("gzip;q=much", None),
        ("gzip;q=nan", None),
        ("", None),
    ],
)
def test_the_client_decides(accept, coding):
    assert preferred(accept.encode()) == coding


@pytest.fixture
def ask():
    """Ask an application that answers with one response, always the same one."""

    async def asked(response, accept="br, gzip", **headers):
        app = Compression(response)
        request = httpx.Request("GET", "http://test/", headers={"Accept-Encoding": accept})
        request.headers.update(headers)
        sent = []
        scope = {
            "type": "http",
            "method": "GET",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
        }

        async def receive():
            await asyncio.Event().wait()  # the client stays

        async def send(message):
            sent.append(message)

        await app(scope, receive, send)
        [head, *chunks] = sent
        return httpx.Headers(head["headers"]), [chunk["body"] for chunk in chunks]

    return asked


@pytest.mark.parametrize("coding", READ)
async def test_a_body_is_whole_in_any_coding(ask, coding):
    headers, body = await ask(Response(TEXT, headers={"Vary": "Accept"}), coding or "identity")
    body = b"".join(body)
    assert headers.get("content-encoding") == coding
    assert int(headers["content-length"]) == len(body)
    assert headers["vary"] == "Accept, Accept-Encoding"
    assert READ[coding](body) == TEXT
    assert coding is None or len(body) < len(TEXT) / 10


@pytest.mark.parametrize("coding", ["br", "gzip"])
async def test_large_bodies_are_compressed_beside_the_loop(ask, coding):
    text = TEXT * (LARGE // len(TEXT) + 1)
    headers, [body] = await ask(Response(text), coding)
    assert READ[coding](body) == text
    assert int(headers["content-length"]) == len(body)


@pytest.mark.parametrize(
    "response",
    [
        Response(TEXT[: MIN_BYTES - 1]),
        Response(TEXT, media_type="text/event-stream"),
        Response(TEXT, media_type='multipart/mixed; boundary="graphql"; subscriptionSpec=1.0'),
        Response(TEXT, media_type="image/png"),
        Response(TEXT, headers={"Content-Encoding": "zstd"}),
        Response(TEXT, 206),
    ],
)
async def test_some_things_go_as_they_are(ask, response):
    headers, [body] = await ask(response)
    assert headers.get("content-encoding") in (None, "zstd")
    assert "vary" not in headers
    assert body == response.body


async def test_an_answer_that_is_kept_is_the_same_for_the_next_client(ask):
    """The headers of a response object are not changed while it is sent."""
    kept = Response(TEXT, headers={"Vary": "Accept", "ETag": '"1"'})
    before = list(kept.raw_headers)
    first, _ = await ask(kept)
    second, [body] = await ask(kept, "identity")
    assert kept.raw_headers == before
    assert first["content-encoding"] == "br"
    assert "content-encoding" not in second
    assert body == TEXT


@pytest.mark.parametrize("coding", ["br", "gzip"])
async def test_each_chunk_can_be_read_when_it_arrives(ask, coding):
    async def chunks():
        for _ in range(3):
            yield TEXT

    headers, bodies = await ask(StreamingResponse(chunks(), media_type="text/plain"), coding)
    assert headers["content-encoding"] == coding
    assert "content-length" not in headers
    reading = {
        "br": brotli.Decompressor().process,
        "gzip": zlib.decompressobj(31).decompress,
    }[coding]
    assert [reading(body) for body in bodies] == [TEXT, TEXT, TEXT, b""]


async def test_each_coding_has_a_strong_etag_of_its_own(ask):
    answer = Response(TEXT, headers={"ETag": '"1"'})
    tags = [(await ask(answer, coding))[0]["etag"] for coding in ("identity", "gzip", "br")]

    assert tags[0] == '"1"'
    assert len(set(tags)) == 3
    assert not any(tag.startswith("W/") for tag in tags)


@pytest.mark.parametrize("accept", ["identity", "gzip", "br"])
async def test_an_application_is_asked_about_its_own_etags(ask, accept):
    """And 304 names the one that the client has, whatever it would be sent now."""
    tagged = Response(TEXT, headers={"ETag": '"1"'})
    tags = [(await ask(tagged, coding))[0]["etag"] for coding in ("identity", "gzip", "br")]
    asked = []

    async def answer(scope, receive, send):
        asked.append(Request(scope).headers["if-none-match"])
        await Response(status_code=304, headers={"ETag": '"1"'})(scope, receive, send)

    for tag in tags:
        headers, _ = await ask(answer, accept, **{"If-None-Match": f'"0", W/{tag}'})
        assert headers["etag"] == tag
    all_known, _ = await ask(answer, accept, **{"If-None-Match": ", ".join(tags)})
    assert all_known["etag"] == tags[["identity", "gzip", "br"].index(accept)]
    assert asked == ['"0", W/"1"'] * 3 + ['"1", "1", "1"']


async def test_it_stands_around_an_application():
    async def answer(_: Request) -> Response:
        return Response(TEXT)

    app = Compression(Starlette(routes=[Route("/", answer)]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        found = await client.get("http://test/", headers={"Accept-Encoding": "gzip"})
    assert (found.headers["content-encoding"], found.content) == ("gzip", TEXT)
