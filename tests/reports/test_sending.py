"""Reports: told to the city once, whatever happens on the way."""

import asyncio
from pathlib import Path

import httpx
import pytest

from sandbox.upstreams import open311
from sources.delivery import GIVEN_UP, SETTLED_S
from tests.reports.city import CLIENT_KEY, CONTACT, City, nobody, on_disk, silence, visit


def test_a_report_is_kept_then_sent_then_what_the_city_says_of_it(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        report = await city.reported()
        await city.delivered()
        sent = await city.state(report)
        assert (sent["state"], sent["number"]) == ("OPEN", "1001-2026")
        assert sent["name"] == "Éclairage public"
        assert sent["id"] == report
        [form] = city.line.forms
        assert form["service_code"] == ["002"]
        assert (form["lat"], form["long"]) == (["47.2144000"], ["-1.5584000"])
        assert form["email"] == [CONTACT["email"]]
        assert "api_key" not in form  # there is none in this environment

    visit(tmp_path, use)


def test_the_key_of_the_city_goes_into_the_form(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("POCHE_KEY_ESTUAIRE_REPORTS", "a&b")

    async def use(city: City) -> None:
        await city.reported()
        await city.delivered()
        assert city.line.forms[0]["api_key"] == ["a&b"]

    visit(tmp_path, use)


def test_the_same_client_key_is_the_same_report(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        first = await city.issue()
        again = await city.issue()
        assert first["data"]["reportIssue"]["id"] == again["data"]["reportIssue"]["id"]
        await city.delivered()
        later = await city.issue()
        assert later["data"]["reportIssue"]["id"] == first["data"]["reportIssue"]["id"]
        assert later["data"]["reportIssue"]["number"] == "1001-2026"
        await city.delivered(3_600)
        assert len(city.line.forms) == 1
        other = await city.issue(description="Autre chose.")
        [error] = other["errors"]
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argumentPath": ["clientKey"]}

    visit(tmp_path, use)


def test_a_report_that_is_kept_is_answered_whatever_the_city_asks_by_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer was lost; when it is sent again, its service is gone, or its form another."""
    wreck = {"service": "005", "details": [{"code": "GENRE", "value": "2"}]}
    other = f"{CLIENT_KEY}-2"

    async def use(city: City) -> None:
        lamp, car = await city.reported(), await city.reported(other, **wreck)
        await city.delivered()
        left = tuple(one for one in open311.SERVICES if one[0] != "002")
        monkeypatch.setattr(open311, "SERVICES", left)
        required = open311.attribute("COULEUR", "string", "Quelle couleur ?", 8, required=True)
        monkeypatch.setitem(open311.DEFINITIONS, "005", [required])
        city.clock.advance(2 * 86_400)
        again = [await city.issue(), await city.issue(other, **wreck)]
        assert [one["data"]["reportIssue"]["id"] for one in again] == [lamp, car]
        for new, changes in (("-3", {}), ("-4", wreck)):
            [error] = (await city.issue(CLIENT_KEY + new, **changes))["errors"]
            assert error["extensions"]["argumentPath"][0] == "input"
        assert len(city.line.forms) == 2

    visit(tmp_path, use)


def test_many_at_once_with_one_client_key_are_one_report(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        answers = await asyncio.gather(*(city.issue() for _ in range(20)))
        assert len({answer["data"]["reportIssue"]["id"] for answer in answers}) == 1
        await city.delivered()
        assert len(city.line.forms) == 1

    visit(tmp_path, use)


def test_a_token_becomes_a_number(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        report = await city.reported(service="003")
        await city.delivered()
        waiting = await city.state(report)
        assert (waiting["state"], waiting["number"]) == ("SENT", None)
        assert b"marie.curie" not in on_disk(tmp_path)
        await city.delivered(3_600)
        assert (await city.state(report))["number"] == "1001-2026"
        assert len(city.line.forms) == 1

    visit(tmp_path, use)


def test_what_the_city_refuses_is_told(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        said = '[{"code": 400, "description": "email marie.curie@exemple.fr is not valid"}]'
        city.line.answer = lambda: httpx.Response(400, text=said)
        report = await city.reported()
        await city.delivered()
        failed = await city.state(report)
        assert failed["state"] == "FAILED"
        assert failed["failure"] == "HTTP 400: email … is not valid"
        assert b"marie.curie" not in on_disk(tmp_path)
        await city.delivered(3_600)
        assert len(city.line.forms) == 1

    visit(tmp_path, use)


# Bad days


def test_when_nobody_is_there_it_waits_longer_and_longer(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        report = await city.reported()
        city.line.before = nobody
        tries = []
        for _ in range(40):
            await city.delivered(60)
            tries.append(sum(call == "POST requests.json" for call in city.line.calls))
        assert (await city.state(report))["state"] == "RECEIVED"
        assert 5 <= tries[-1] <= 8
        city.line.before = None
        await city.delivered(3_600)
        assert (await city.state(report))["number"] == "1001-2026"
        assert len(city.line.forms) == 1

    visit(tmp_path, use)


@pytest.mark.parametrize("status", [401, 403, 404, 429])
def test_what_was_not_taken_is_sent_again(tmp_path: Path, status: int) -> None:
    """A key that has run out, a proxy that knows no such page: nothing is wrong with the report."""

    async def use(city: City) -> None:
        city.line.answer = lambda: httpx.Response(status, text="<h1>No</h1>")
        report = await city.reported()
        await city.delivered()
        assert (await city.state(report))["state"] == "RECEIVED"
        city.line.answer = None
        await city.delivered(60)
        assert (await city.state(report))["number"] == "1001-2026"
        assert len(city.line.forms) == 2

    visit(tmp_path, use)


def test_an_answer_that_was_lost_is_found_in_the_list(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        city.line.after = silence
        report = await city.reported()
        await city.delivered()
        assert (await city.state(report))["state"] == "RECEIVED"
        city.line.after = None
        await city.delivered(60)
        assert (await city.state(report))["number"] == "1001-2026"
        await city.delivered(7_200)
        assert len(city.line.forms) == 1

    visit(tmp_path, use)


def test_it_is_sent_again_only_when_the_list_has_not_had_it_for_long(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        city.line.answer = lambda: httpx.Response(500, text="oops")  # and it was not taken
        report = await city.reported()
        await city.delivered()
        city.line.answer = None
        for _ in range(int(SETTLED_S // 60) - 1):
            await city.delivered(60)
            assert len(city.line.forms) == 1
        for _ in range(20):
            await city.delivered(60)
        assert len(city.line.forms) == 2
        assert (await city.state(report))["number"] == "1001-2026"

    visit(tmp_path, use)


def test_the_list_is_waited_for(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        city.line.answer = lambda: httpx.Response(502, text="oops")
        report = await city.reported()
        await city.delivered()
        city.line.before = nobody  # nor can the list be read
        for _ in range(10):
            await city.delivered(3_600)
        assert (await city.state(report))["state"] == "RECEIVED"
        assert len(city.line.forms) == 1

    visit(tmp_path, use)


def test_what_is_never_listed_is_never_sent_twice(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        city.line.after = silence
        report = await city.reported(service="004")
        await city.delivered()
        await city.delivered(3_600)
        failed = await city.state(report)
        assert failed["state"] == "FAILED"
        assert "whether it has it is not known" in failed["failure"]
        assert len(city.line.forms) == 1

    visit(tmp_path, use)


def test_after_a_week_it_is_given_up(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        report = await city.reported()
        city.line.before = nobody
        await city.delivered(GIVEN_UP.total_seconds() + 1)
        assert (await city.state(report))["failure"].endswith("within a week.")
        assert b"marie.curie" not in on_disk(tmp_path)

    visit(tmp_path, use)


def test_two_that_are_alike_are_two(tmp_path: Path) -> None:
    """The answer to the second is lost: the first one's number is not taken for its own."""

    async def use(city: City) -> None:
        first = await city.reported()
        await city.delivered()
        city.line.answer = lambda: httpx.Response(500, text="oops")
        second = await city.reported(key=CLIENT_KEY[::-1])
        await city.delivered()
        city.line.answer = None
        for _ in range(40):
            await city.delivered(60)
        numbers = [(await city.state(one))["number"] for one in (first, second)]
        assert numbers == ["1001-2026", "1002-2026"]

    visit(tmp_path, use)


def test_a_city_that_cannot_say_what_can_be_reported_is_told_all_the_same(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        city.line.before = nobody
        report = await city.reported()
        city.line.before = None
        await city.delivered(3_600)
        assert (await city.state(report))["number"] == "1001-2026"

    visit(tmp_path, use)
