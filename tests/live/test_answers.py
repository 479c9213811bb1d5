"""What is news to whom: entries that differ from those that the client was sent last."""

import json

from graphql import ExecutionResult, GraphQLError

from server.answers import Answer


def answer(*entries, errors=(), changes_only=True, sources=()):
    data = {"tiles": list(entries)}
    found = [
        GraphQLError("no", path=list(path), extensions={"code": code}) for path, code in errors
    ]
    return Answer(ExecutionResult(data, found), list(sources), changes_only=changes_only)


def sent(answer, earlier=None):
    body = answer.since(earlier)
    return None if body is None else json.loads(body)


def test_all_at_first():
    assert sent(answer(1, 2)) == {"data": {"tiles": [1, 2]}}


def test_then_what_differs():
    assert sent(answer(1, 3, 4), answer(1, 2, 3)) == {"data": {"tiles": [3, 4]}}


def test_nothing_if_nothing_does():
    assert sent(answer(1, sources=[{"ageS": 2}]), answer(1, sources=[{"ageS": 1}])) is None


def test_it_matters_what_this_client_saw():
    first, second, third = answer(1, 1), answer(2, 1), answer(1, 1)

    assert sent(third, second) == {"data": {"tiles": [1]}}
    assert sent(third, first) is None


def test_errors_come_with_their_entries_and_their_new_places():
    before = answer(1, 2, None, errors=[(("tiles", 2, "node"), "CHANGED")])
    after = answer(
        1, None, None, errors=[(("tiles", 2), "CHANGED"), (("tiles", 1, "node"), "DOWN")]
    )

    told = sent(after, before)

    assert told["data"] == {"tiles": [None, None]}
    assert [error["path"] for error in told["errors"]] == [["tiles", 1], ["tiles", 0, "node"]]


def test_another_failure_is_news_but_other_words_are_not():
    old = answer(None, errors=[(("tiles", 0), "DOWN")])

    assert sent(answer(None, errors=[(("tiles", 0), "DOWN")]), old) is None
    assert sent(answer(None, errors=[(("tiles", 0), "REFUSED")]), old)["data"] == {"tiles": [None]}
    assert sent(answer(None), old) == {"data": {"tiles": [None]}}


def test_all_again_after_the_whole_list_failed():
    failed = Answer(
        ExecutionResult({"tiles": None}, [GraphQLError("no", path=["tiles"])]),
        [],
        changes_only=True,
    )

    assert sent(failed, answer(1, 2))["data"] == {"tiles": None}
    assert sent(answer(1, 2), failed) == {"data": {"tiles": [1, 2]}}


def test_other_fields_are_sent_whole():
    assert sent(answer(1, 3, changes_only=False), answer(1, 2, changes_only=False)) == {
        "data": {"tiles": [1, 3]}
    }


def test_what_is_new_is_told_apart_once():
    before, after = answer(1, 2), answer(1, 3)

    assert after.since(before) is after.since(before)
