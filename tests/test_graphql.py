"""GraphQL as a source: pages that are followed whole, errors that cost no more than they must."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from sources.protocols.graphql import Graphql
from tests.asked import Asked, broken, read

QUERY = "query ($after: String) { spaces { things { edges { node { id } } } } }"
THINGS = Graphql(url="https://x/api", document=QUERY, path="spaces.things")


def answer(data: Any, *errors: Any) -> bytes:
    return json.dumps({"data": data} | ({"errors": errors} if errors else {})).encode()


def connection(ids: str, cursor: str | None = None) -> dict[str, Any]:
    info = {"hasNextPage": cursor is not None, "endCursor": cursor}
    return {"pageInfo": info, "edges": [{"node": {"id": one}} for one in ids]}


def spaces(*connections: Any) -> dict[str, Any]:
    return {"spaces": [{"id": n, "things": one} for n, one in enumerate(connections, 1)]}


def fetched(speaks: Graphql, *replies: bytes) -> tuple[list[dict[str, Any]], list[Any]]:
    door = Asked(*replies)
    body = asyncio.run(speaks.fetch(door))
    asked = [json.loads(sent)["variables"] for _, sent, _ in door.calls]
    return [dict(row) for row in speaks.rows(body)], asked


def test_a_row_stands_beside_what_it_lies_within():
    rows, asked = fetched(THINGS, answer(spaces(connection("ab"), None, connection("c"))))

    assert [(row["id"], row["spaces"]["id"]) for row in rows] == [("a", 1), ("b", 1), ("c", 3)]
    assert asked == [{}]


def test_every_connection_is_read_page_by_page_with_its_own_cursor():
    rows, asked = fetched(
        THINGS,
        answer(spaces(connection("ab", "2"), connection("x"), connection("pq", "two"))),
        answer(spaces(connection("cd", "4"), connection("x"), connection("no"))),
        answer(spaces(connection("e"), connection("x"), connection("no"))),
        answer(spaces(connection("no"), connection("x"), connection("r"))),
    )

    assert "".join(row["id"] for row in rows) == "abcdexpqr"
    assert asked == [{}, {"after": "2"}, {"after": "4"}, {"after": "two"}]


def test_a_document_that_turns_no_pages_is_asked_once():
    speaks = THINGS.model_copy(update={"document": "{ spaces { things(first: 2) { edges } } }"})
    rows, asked = fetched(speaks, answer(spaces(connection("ab", "2"))))

    assert [row["id"] for row in rows] == ["a", "b"]
    assert asked == [{}]


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        ([spaces(connection("a", "1")), spaces(connection("b", "1"))], "circles"),
        ([spaces(connection("a", "1")), spaces()], "no edges in a page of spaces.things"),
        ([spaces(connection("a", "1")), spaces({"edges": None})], "no edges"),
        ([spaces({"pageInfo": {"hasNextPage": True}, "edges": []})], "no cursor"),
        (
            [spaces(connection("a", str(n))) for n in range(3)],
            "spaces.things has more than 3 pages",
        ),
    ],
)
def test_pages_that_do_not_end_are_refused_rather_than_shown_in_part(pages, said):
    speaks = THINGS.model_copy(update={"max_pages": 3})
    with pytest.raises(ValueError, match=said):
        fetched(speaks, *map(answer, pages))


def test_rows_that_are_there_are_read_and_each_error_about_them_is_one_more():
    data = spaces({"edges": [{"node": {"id": "a"}}, {"node": None}, None]}, None)
    errors = (
        {"message": "lost", "path": ["spaces", 0, "things", "edges", 1, "node"]},
        {"message": "gone", "path": ["spaces", 1, "things"]},
        {"message": "elsewhere", "path": ["weather"]},
    )
    rows, _ = fetched(THINGS, answer(data, *errors))

    assert rows[0]["id"] == "a"
    assert rows[1:] == [{}, {}]


def test_an_error_of_a_further_page_counts_once_and_one_of_the_first_is_not_counted_again():
    first = {"message": "one", "path": ["spaces", 0, "things", "edges", 0, "node", "x"]}
    other = {"message": "two", "path": ["weather", 0]}
    rows, _ = fetched(
        THINGS,
        answer(spaces(connection("a", "1")), first, other),
        answer(spaces(connection("b")), first, other),
    )

    assert [row.get("id") for row in rows] == ["a", "b", None, None]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not GraphQL"),
        (b"<html>", "not GraphQL"),
        (b"[]", "not GraphQL"),
        (b"{}", "no data"),
        (answer(None), "no data"),
        (answer(None, {"message": "Field 'spaces' doesn't exist"}), "doesn't exist"),
        (b'{"errors": [{"message": "Throttled"}]}', "^Throttled$"),
        (answer({"places": []}), "no spaces in the answer"),
        (answer({"spaces": None}, {"message": "denied", "path": ["spaces"]}), "^denied$"),
    ],
)
def test_an_answer_without_anything_is_refused_in_its_own_words(body, said):
    with pytest.raises(ValueError, match=said):
        fetched(THINGS, body)


def test_a_path_may_lead_to_a_list_to_nodes_or_to_one_object():
    body = answer({"a": [{"id": 1}, 2], "b": {"nodes": [{"id": 3}]}, "c": {"d": {"id": 4}}})

    def ids(path: str) -> list[Any]:
        speaks = Graphql(url="https://x", document="{ a }", path=path)
        return [row.get("id") for row in speaks.rows(body)]

    assert ids("a") == [1, None]
    assert ids("b") == [3]
    assert ids("c.d") == [4]


def test_one_thing_at_a_time_is_asked_for_in_a_variable_and_may_not_be_there():
    speaks = Graphql(
        url="https://x",
        document="query ($slug: String!) { space(slug: $slug) { id } }",
        variables={"slug": "{id}", "first": 5},
        path="space",
    )
    assert speaks.keyed
    rows, asked = fetched(speaks.one('x") { secret'), answer({"space": None}))

    assert rows == []
    assert asked == [{"slug": 'x") { secret', "first": 5}]  # a variable, whatever is in it


def test_tables_that_differ_in_their_path_share_a_payload():
    assert THINGS.feed() == THINGS.model_copy(update={"path": "spaces", "together": 1}).feed()
    assert THINGS.feed() != THINGS.model_copy(update={"document": "{ a }"}).feed()


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{", "Expected Name"),
        ("mutation { vote }", "one query"),
        ("subscription { news }", "one query"),
        ("query A { a } query B { b }", "one query"),
        ("fragment A on B { c }", "one query"),
        ("{ a " + "b " * 3_000 + "}", "tokens"),
    ],
)
def test_a_document_is_one_query(document, said):
    with pytest.raises(ValidationError, match=said):
        Graphql(url="https://x", document=document, path="a")


def test_an_error_is_told_in_the_services_words():
    assert THINGS.complaint(b'{"errors": [{"message": "Retry later"}]}') == "Retry later"
    assert THINGS.complaint(b"<h1>502</h1>") == "<h1>502</h1>"
    assert THINGS.complaint(b'{"errors": "no"}') == '{"errors": "no"}'


SOUND = answer(spaces(connection("ab", "1")), {"message": "x", "path": ["spaces", 0, "things", 1]})


@given(broken(SOUND), broken(SOUND))
@settings(max_examples=400, deadline=None)
def test_whatever_comes_is_rows_or_refused(first, second):
    read(THINGS, first)
    try:
        fetched(THINGS, first, second, SOUND.replace(b"true", b"false"))
    except ValueError:
        return
    except RuntimeError as error:  # the script is at its end: it asked for a fourth page
        assert "StopIteration" in str(error)
