"""What an answer is known by: the tag of its bytes, and one URL for whoever asks for a document."""

import json
import re

import pytest

from server.manifests import digest
from tests.front_door.asking import BIKES, get

pytestmark = pytest.mark.anyio

FIRST = (
    "query First($first: Int, $name: String) { pools(first: $first, name: $name) { totalCount } }"
)
TWO = "query A { __typename } query B { again: __typename }"


@pytest.fixture
async def server(serve, tmp_path):
    known = {"first": FIRST, "two": TWO, "not/a/path": BIKES}
    (tmp_path / "relay.json").write_text(json.dumps(known))
    async with serve(documents=tmp_path) as server:
        yield server


async def test_the_same_answer_has_the_same_tag(server):
    first = await get(server, BIKES)
    server.clock.advance(30)
    same = await get(server, BIKES)
    server.clock.advance(400)  # longer than it may be shown: it is read again
    later = await get(server, BIKES)

    assert re.fullmatch(r'"[0-9a-f]{32}"', first.headers["etag"])
    assert same.headers["etag"] == first.headers["etag"]
    assert later.headers["etag"] != first.headers["etag"]
    typed = await get(server, BIKES, {"Accept": "application/json"})
    assert typed.content == later.content
    assert typed.headers["etag"] != later.headers["etag"]  # other bytes on the wire: its type


async def test_who_has_it_already_is_told_so(server):
    first = await get(server, BIKES)
    tag = first.headers["etag"]
    for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = await get(server, BIKES, {"If-None-Match": given})
        assert (answer.status_code, answer.content) == (304, b"")
        assert "content-type" not in answer.headers
        for name in ("cache-control", "vary"):
            assert answer.headers[name] == first.headers[name]
        assert answer.headers["etag"].removeprefix("W/") == tag
    for given in ('"other"', tag.strip('"'), ""):
        answer = await get(server, BIKES, {"If-None-Match": given})
        assert (answer.status_code, answer.content) == (200, first.content)
    counted = (await server.client.get("/metrics")).text
    [total] = re.findall(r"^poche_requests_total{.*} (.*)$", counted, re.MULTILINE)
    assert float(total) == 8


async def test_what_has_changed_is_sent(server):
    tag = (await get(server, BIKES)).headers["etag"]
    server.clock.advance(400)

    assert (await get(server, BIKES, {"If-None-Match": tag})).status_code == 200


async def test_each_coding_has_a_tag_of_its_own_and_any_is_known(server):
    query = "{ pools { nodes { name address { street } } } }"
    answers = {
        coding: await get(server, query, {"Accept-Encoding": coding})
        for coding in ("identity", "gzip", "br")
    }
    tags = {coding: answer.headers["etag"] for coding, answer in answers.items()}

    assert len(set(tags.values())) == 3
    assert not any(tag.startswith("W/") for tag in tags.values())
    for coding, tag in tags.items():
        headers = {"Accept-Encoding": coding, "If-None-Match": tag}
        answer = await get(server, query, headers)
        assert (answer.status_code, answer.headers["etag"]) == (304, tag)


async def test_a_head_tells_the_same(server):
    got = await get(server, BIKES)
    head = await server.client.head("/graphql", params={"query": BIKES})

    for name in ("etag", "cache-control", "vary", "content-length"):
        assert head.headers[name] == got.headers[name]


# Where it is


CANONICAL = "/graphql/d/first?variables=%7B%22first%22%3A2%2C%22name%22%3A%22l'%C3%A9%22%7D"


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        (CANONICAL, CANONICAL),
        ('/graphql?documentId=first&variables={ "name": "l\'é", "first": 2 }', CANONICAL),
        ('/graphql/d/first/First?variables={"name":"l\'\\u00e9","first":2}', CANONICAL),
        (f'/graphql/d/{digest(FIRST)}?variables={{"name":"l\'é","first":2}}', CANONICAL),
        (f"/graphql?query={FIRST}&variables={{}}", "/graphql/d/first"),
        ("/graphql/d/two/B", "/graphql/d/two/B"),
        ("/graphql?doc_id=two&operationName=A", "/graphql/d/two/A"),
        ("/graphql?id=not/a/path", f"/graphql/d/{digest(BIKES)}"),
        ("/graphql?query={__typename}", None),
    ],
)
async def test_a_published_document_has_one_canonical_url(server, url, canonical):
    answer = await server.client.get(url)

    assert answer.status_code == 200
    assert answer.headers.get("content-location") == canonical
    if canonical is not None:
        again = await server.client.get(canonical)
        assert again.content == answer.content
        assert again.headers["content-location"] == canonical
