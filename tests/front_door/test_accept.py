"""Accept: each client is answered in the media type it likes best, of those we have."""

import pytest

from server.accept import quality

GRAPHQL, JSON = "application/graphql-response+json", "application/json"
TYPENAME = {"query": "{ __typename }"}

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, GRAPHQL),
        ("*/*", GRAPHQL),
        ("application/*", GRAPHQL),
        (GRAPHQL, GRAPHQL),
        (JSON, JSON),
        (f"{JSON}; charset=utf-8", JSON),
        (f"{GRAPHQL}; q=0.5, {JSON}", JSON),
        (f"{GRAPHQL}, {JSON}; q=0.9", GRAPHQL),
        (f"text/html, {JSON}", JSON),
        (f"{GRAPHQL};q=0, */*", JSON),
        (f"{JSON};q=0.2, */*;q=0.1", JSON),
        (f"{GRAPHQL};q=nonsense, {JSON};q=0.1", JSON),
        ("APPLICATION/JSON", JSON),
    ],
)
async def test_answers_what_the_client_likes_best(client, accept, expected):
    request = client.build_request("POST", "/graphql", json=TYPENAME)
    del request.headers["accept"]
    if accept is not None:
        request.headers["accept"] = accept

    answer = await client.send(request)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{expected}; charset=utf-8"
    assert "Accept" in answer.headers["vary"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_several_accept_headers_are_one(client):
    headers = [("accept", "text/csv"), ("accept", JSON)]

    answer = await client.post("/graphql", json=TYPENAME, headers=headers)

    assert answer.headers["content-type"].startswith(JSON)


@pytest.mark.parametrize("accept", ["text/csv", "image/*", f"{GRAPHQL};q=0, {JSON};q=0", "-"])
async def test_answers_406_to_who_takes_neither(client, accept):
    answer = await client.post("/graphql", json=TYPENAME, headers={"accept": accept})

    assert answer.status_code == 406
    assert answer.headers["content-type"].startswith("text/plain")


def test_qualities_are_between_0_and_1():
    assert quality("a/b;q=7", "a/b") == 1
    assert quality("a/b;q=-7", "a/b") == 0
    assert quality("a/b;q=nan", "a/b") == 0


async def test_a_person_is_shown_the_explorer(client):
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

    answer = await client.get("/graphql", headers={"accept": accept})

    assert (answer.status_code, answer.headers["location"]) == (303, "/graphiql")
