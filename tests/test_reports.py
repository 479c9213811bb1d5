"""Reports: told to the city once, whatever happens on the way, and nobody's name told on."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from sandbox.app import create_app
from sandbox.world import World
from server.clients import hashed
from sources.courier import FILE, GIVEN_UP, SETTLED_S
from sources.outbox import MOST_WAITING
from tests.conftest import Clock, Server, serving
from tests.front_door.partners import KEY, PEPPER, SAFE_KEY, bearer

CITIES = Path(__file__).parent / "cities"
ISSUE = """mutation ($input: ReportInput!, $key: String!) {
  reportIssue(input: $input, clientKey: $key) { id state number failure name position { lat } }
}"""
STATE = """query ($id: ID!) {
  report(id: $id) { id state number failure name description reportedAt serviceCode }
}"""
CLIENT_KEY = "6f9619ff-8b86-d011-b42d-00cf4fc964ff"
SECRETS = ["marie.curie@exemple.fr", "0601020304", "Marie", "Curie"]
CONTACT = {
    "email": "marie.curie@exemple.fr",
    "phone": "0601020304",
    "firstName": "Marie",
    "lastName": "Curie",
}
BROKEN = {
    "service": "002",
    "lat": 47.2144,
    "lon": -1.5584,
    "description": "Le lampadaire de l'entrée clignote.",
    "contact": CONTACT,
}
Failure = Callable[[httpx.Request], None]


class Line(httpx.AsyncBaseTransport):
    """The line to a city's desk, which outlives our servers; it can be cut before or after."""

    def __init__(self, clock: Clock) -> None:
        self._desk = httpx.ASGITransport(create_app(World(clock)))
        self.before: Failure | None = None  # what happens instead of sending
        self.after: Failure | None = None  # what happens instead of an answer to a POST
        self.answer: Callable[[], httpx.Response] | None = None  # instead of the desk's, to a POST
        self.forms: list[dict[str, list[str]]] = []  # that reached the desk
        self.calls: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(f"{request.method} {request.url.path.rpartition('/')[2]}")
        if self.before is not None:
            self.before(request)
        if request.method != "POST":
            return await self._desk.handle_async_request(request)
        self.forms.append(parse_qs(request.content.decode()))
        if self.answer is not None:
            return self.answer()
        response = await self._desk.handle_async_request(request)
        if self.after is not None:
            self.after(request)
        return response


def nobody(request: httpx.Request) -> None:
    raise httpx.ConnectError("nobody there", request=request)


def silence(request: httpx.Request) -> None:
    raise httpx.ReadTimeout("no answer", request=request)


class City:
    """A server over the made-up city, and what a citizen does with it."""

    def __init__(self, server: Server, line: Line) -> None:
        self.server = server
        self.line = line
        self.clock = server.clock

    async def issue(self, key: str = CLIENT_KEY, **changes: Any) -> Any:
        body = {"query": ISSUE, "variables": {"input": {**BROKEN, **changes}, "key": key}}
        return (await self.server.client.post("/graphql", json=body)).json()

    async def reported(self, key: str = CLIENT_KEY, **changes: Any) -> str:
        """The id of a report that was taken."""
        answer = await self.issue(key, **changes)
        assert "errors" not in answer, answer
        assert answer["data"]["reportIssue"]["state"] == "RECEIVED"
        return answer["data"]["reportIssue"]["id"]

    async def delivered(self, after_s: float = 0) -> None:
        """Come back when all that is due has been done."""
        self.clock.advance(after_s)
        await self.server.app.state.sources.courier.deliver()

    async def state(self, report: str) -> dict[str, Any]:
        answer = await self.server.ask(STATE, {"id": report})
        assert "errors" not in answer, answer
        return answer["data"]["report"]


@asynccontextmanager
async def open_city(
    folder: Path, line: Line | None = None, clock: Clock | None = None, **settings: Any
) -> AsyncIterator[City]:
    clock = clock or Clock()
    line = line or Line(clock)
    given = {"cities": CITIES, "city": "estuaire", "upstream": "http://sandbox", "data": folder}
    async with serving(line, clock, **{"anonymous_mutations": True, **given, **settings}) as server:
        yield City(server, line)


def visit(folder: Path, use: Callable[[City], Awaitable[None]], **settings: Any) -> None:
    async def main() -> None:
        async with open_city(folder, **settings) as city:
            await use(city)

    asyncio.run(main())


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob(f"{FILE}*"))


# Well


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


# Restarts and replicas


def test_what_waited_is_sent_after_a_restart(tmp_path: Path) -> None:
    async def main() -> None:
        clock = Clock()
        line = Line(clock)
        line.before = nobody
        async with open_city(tmp_path, line, clock) as city:
            report = await city.reported()
            await city.delivered()
        line.before = None
        async with open_city(tmp_path, line, clock) as city:
            assert (await city.state(report))["state"] == "RECEIVED"
            await city.delivered(3_600)
            assert (await city.state(report))["number"] == "1001-2026"
            again = await city.issue()
            assert again["data"]["reportIssue"]["id"] == report
        assert len(line.forms) == 1

    asyncio.run(main())


def test_what_was_on_its_way_at_a_crash_is_looked_for_first(tmp_path: Path) -> None:
    """The desk has it, and we stop before its answer: as when the machine loses its power."""

    async def main() -> None:
        clock = Clock()
        line = Line(clock)
        arrived = asyncio.Event()

        async def never(request: httpx.Request) -> httpx.Response:
            response = await Line.handle_async_request(line, request)
            if request.method == "POST":
                arrived.set()
                await asyncio.Event().wait()
            return response

        stuck = httpx.MockTransport(never)
        async with open_city(tmp_path, line, clock) as city:
            city.server.app.state.sources.courier._door._client._transport = stuck
            report = await city.reported()
            await arrived.wait()
        async with open_city(tmp_path, line, clock) as city:
            await city.delivered(3_600)
            assert (await city.state(report))["number"] == "1001-2026"
        assert len(line.forms) == 1

    asyncio.run(main())


def test_workers_that_share_the_folder_send_once(tmp_path: Path) -> None:
    async def main() -> None:
        clock = Clock()
        line = Line(clock)
        async with open_city(tmp_path, line, clock) as one, open_city(tmp_path, line, clock) as two:
            keys = [f"{CLIENT_KEY}-{n}" for n in range(10)]
            mine = await asyncio.gather(*(one.issue(key) for key in keys))
            theirs = await asyncio.gather(*(two.issue(key) for key in keys))
            assert mine == theirs or [a["data"]["reportIssue"]["id"] for a in mine] == [
                a["data"]["reportIssue"]["id"] for a in theirs
            ]
            await asyncio.gather(one.delivered(), two.delivered())
            await asyncio.gather(one.delivered(), two.delivered())
        assert len(line.forms) == 10

    asyncio.run(main())


def test_replicas_with_folders_of_their_own_know_nothing_of_each_other(tmp_path: Path) -> None:
    """What the documentation says of them: one client key is two reports then."""

    async def main() -> None:
        clock = Clock()
        line = Line(clock)
        here, there = tmp_path / "a", tmp_path / "b"
        async with open_city(here, line, clock) as one, open_city(there, line, clock) as two:
            report = await one.reported()
            await one.delivered()
            assert await two.state(report) is None
            assert (await one.state(report))["number"] == "1001-2026"

    asyncio.run(main())


def test_a_disk_that_keeps_nothing_takes_no_report(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        answer = await city.issue()
        [error] = answer["errors"]
        assert answer["data"] == {"reportIssue": None}
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert not city.line.forms

    (tmp_path / FILE).write_bytes(b"this is no database at all" * 100)
    visit(tmp_path, use)


def test_an_outbox_that_is_full_takes_no_report(tmp_path: Path, monkeypatch) -> None:
    assert MOST_WAITING < 100_000
    monkeypatch.setattr("sources.outbox.MOST_WAITING", 2)

    async def use(city: City) -> None:
        city.line.before = nobody
        for n in range(2):
            await city.reported(f"{CLIENT_KEY}-{n}")
        [error] = (await city.issue())["errors"]
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert error["extensions"]["retryAfter"] == 3_600
        known = await city.issue(f"{CLIENT_KEY}-0")  # what is known is not one more
        assert "errors" not in known

    visit(tmp_path, use)


# Who may, and how


@pytest.mark.parametrize("transport", ["GET", "POST", "SSE"])
def test_nobody_reports_who_may_not(tmp_path: Path, transport: str) -> None:
    asked = {"query": ISSUE, "variables": {"input": BROKEN, "key": CLIENT_KEY}}

    async def use(city: City) -> None:
        client = city.server.client
        if transport == "GET":
            params = {**asked, "variables": json.dumps(asked["variables"])}
            answer = await client.get("/graphql", params=params)
        else:
            accept = "text/event-stream" if transport == "SSE" else "application/json"
            answer = await client.post("/graphql", json=asked, headers={"accept": accept})
        assert answer.status_code == 403
        assert "This client may ask, and change nothing." in answer.text
        assert not (tmp_path / FILE).exists() or not city.line.forms

    visit(tmp_path, use, anonymous_mutations=False)


def test_only_a_post_with_one_answer_reports(tmp_path: Path) -> None:
    asked = {"query": ISSUE, "variables": {"input": BROKEN, "key": CLIENT_KEY}}

    async def use(city: City) -> None:
        client = city.server.client
        params = {**asked, "variables": json.dumps(asked["variables"])}
        by_get = await client.get("/graphql", params=params)
        assert (by_get.status_code, by_get.headers["allow"]) == (405, "POST")
        stream = await client.post("/graphql", json=asked, headers={"accept": "text/event-stream"})
        assert stream.status_code == 406
        form = await client.post("/graphql", data={"query": ISSUE})
        assert form.status_code == 415
        await city.delivered()
        assert not city.line.forms

    visit(tmp_path, use)


def test_a_query_does_not_keep_what_may_change_at_any_time(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        report = await city.reported()
        params = {"query": STATE, "variables": json.dumps({"id": report})}
        answer = await city.server.client.get("/graphql", params=params)
        assert "max-age=0" in answer.headers["cache-control"]

    visit(tmp_path, use)


# What is asked


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"service": "099"}, ["input", "service"]),
        ({"description": " \n "}, ["input", "description"]),
        ({"description": "x" * 4_001}, ["input", "description"]),
        ({"lat": None}, ["input"]),
        ({"lat": None, "lon": None}, ["input"]),
        ({"address": "12 rue Noire"}, ["input"]),
        ({"lat": 91}, ["input", "lat"]),
        ({"mediaUrl": "javascript:alert(1)"}, ["input", "mediaUrl"]),
        ({"mediaUrl": "http://10.0.0.1/"}, ["input", "mediaUrl"]),
        ({"details": [{"code": "a", "value": "b"}] * 21}, ["input", "details"]),
        ({"contact": {"email": "a@b.fr\r\nBcc: c@d.fr"}}, ["input", "contact", "email"]),
        ({"contact": {"phone": "0" * 201}}, ["input", "contact", "phone"]),
    ],
)
def test_what_cannot_be_sent_is_said_at_once(tmp_path: Path, changes: Any, path: Any) -> None:
    async def use(city: City) -> None:
        [error] = (await city.issue(**changes))["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["extensions"]["argumentPath"] == path
        await city.delivered()
        assert not city.line.forms

    visit(tmp_path, use)


def test_an_address_and_details_go_along(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        details = [{"code": "TYPE", "value": v} for v in ("a", "b")]
        details.append({"code": "N°&x", "value": "1=2&api_key=3"})
        where = {"lat": None, "lon": None, "address": "12 rue Noire & co"}
        await city.reported(details=details, **where)
        await city.delivered()
        [form] = city.line.forms
        assert form["attribute[TYPE][]"] == ["a", "b"]
        assert form["attribute[N°&x]"] == ["1=2&api_key=3"]
        assert form["address_string"] == ["12 rue Noire & co"]
        assert not {"lat", "long", "api_key"} & form.keys()

    visit(tmp_path, use)


@pytest.mark.parametrize("key", ["short", "x" * 101, "a b c d e f g h i j k", "é" * 20])
def test_a_client_key_is_made_for_it(tmp_path: Path, key: str) -> None:
    async def use(city: City) -> None:
        [error] = (await city.issue(key))["errors"]
        assert error["extensions"]["argumentPath"] == ["clientKey"]

    visit(tmp_path, use)


def test_a_city_without_a_desk_offers_none(graphql) -> None:
    query = "{ reports { totalCount } reportServices { code } }"
    answer = graphql(query)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_OFFERED"] * 2
    variables = {"input": BROKEN, "key": CLIENT_KEY}
    [error] = graphql(ISSUE, variables, anonymous_mutations=True)["errors"]
    assert error["extensions"] == {
        "code": "NOT_OFFERED",
        "city": "nantes",
        "service": "reports",
    }


# What the city lists


def test_what_is_listed_and_nobodys_number_with_it(tmp_path: Path) -> None:
    query = """{
      reports { totalCount nodes {
        number state name serviceCode description reportedAt position { lat }
        address { street } kind
      } }
      closed: reports(state: CLOSED) { totalCount }
      near: reports(near: { lat: 47.2144, lon: -1.5584, within: 50 }) { nodes { number } }
      reportServices { code name group needsDetails }
    }"""

    async def use(city: City) -> None:
        answer = await city.server.ask(query)
        assert "errors" not in answer
        data = answer["data"]
        assert data["reports"]["totalCount"] == 2
        newest, oldest = data["reports"]["nodes"]
        assert (newest["number"], newest["state"]) == ("998-2026", "OPEN")
        assert newest["reportedAt"] == "2026-11-23T08:05:00+01:00"
        assert oldest["serviceCode"] == "001"
        assert oldest["description"] == "Un canapé devant le 12. Appelez-moi : …, …"
        assert oldest["address"]["street"] == "12 rue Crébillon, 44000 Nantes"
        assert oldest["position"] == {"lat": 47.21309}
        assert data["closed"]["totalCount"] == 1
        assert [one["number"] for one in data["near"]["nodes"]] == ["998-2026"]
        assert data["reportServices"][0] == {
            "code": "001",
            "name": "Dépôt sauvage",
            "group": "Propreté",
            "needsDetails": False,
        }

    visit(tmp_path, use)


def test_a_listed_report_is_found_by_its_id(tmp_path: Path) -> None:
    async def use(city: City) -> None:
        answer = await city.server.ask("{ reports(first: 1) { nodes { id number } } }")
        [listed] = answer["data"]["reports"]["nodes"]
        assert (await city.state(listed["id"]))["number"] == listed["number"]
        answer = await city.server.ask(
            "query ($id: ID!) { node(id: $id) { ... on Report { number source { id } } } }",
            {"id": listed["id"]},
        )
        assert answer["data"]["node"]["source"] == {"id": "estuaire/reports"}

    visit(tmp_path, use)


def test_nothing_personal_is_logged_answered_or_left(tmp_path: Path, capfd) -> None:
    seen: list[str] = []

    async def use(city: City) -> None:
        for key, failure in (("a", None), ("b", nobody), ("c", silence)):
            city.line.after = failure
            answer = await city.issue(key * 16)
            seen.append(json.dumps(answer))
            await city.delivered()
            await city.delivered(60)
        city.line.after = None
        for _ in range(40):
            await city.delivered(60)
        everything = "{ reports { nodes { name description statusNotes failure agency } } }"
        seen.append(json.dumps(await city.server.ask(everything)))
        seen.append((await city.server.client.get("/metrics")).text)
        seen.append((await city.server.client.get("/health")).text)

    visit(tmp_path, use)
    logs = capfd.readouterr()
    assert "report" in logs.out + logs.err
    seen += [logs.out, logs.err, on_disk(tmp_path).decode("utf-8", "replace")]
    for secret in SECRETS:
        assert not any(secret in text for text in seen), secret
    assert "lampadaire de l'entrée" not in logs.out + logs.err


def test_only_what_is_open_is_on_the_map(tmp_path: Path) -> None:
    query = '{ nearest(lat: 47.2137, lon: -1.5596, kinds: ["report"], within: 1000) '
    query += "{ nodes { place { name ... on Report { number } } } } }"

    async def use(city: City) -> None:
        answer = await city.server.ask(query)
        assert "errors" not in answer, answer
        found = [one["place"] for one in answer["data"]["nearest"]["nodes"]]
        assert found == [{"name": "Éclairage public", "number": "998-2026"}]

    visit(tmp_path, use)


def test_a_partner_may_by_its_table_and_by_a_published_document(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "report.graphql").write_text(ISSUE, "utf-8")
    clients = tmp_path / "clients.toml"
    tables = [
        f'[{name}]\nkeys = ["{hashed(key, PEPPER)}"]\nmode = "safelist"\n{may}\n'
        for name, key, may in (("town-app", KEY, "mutations = true"), ("kiosk", SAFE_KEY, ""))
    ]
    clients.write_text("\n".join(tables), "utf-8")
    asked = {"documentId": "report", "variables": {"input": BROKEN, "key": CLIENT_KEY}}

    async def use(city: City) -> None:
        post = city.server.client.post
        taken = await post("/graphql", json=asked, headers=bearer(KEY))
        assert taken.json()["data"]["reportIssue"]["state"] == "RECEIVED"
        unknown = await post("/graphql", json={**asked, "query": ISSUE}, headers=bearer(KEY))
        assert unknown.status_code == 422
        by_url = await post("/graphql/d/report", json=asked, headers=bearer(SAFE_KEY))
        nobody_s = await post("/graphql", json=asked)
        assert {by_url.status_code, nobody_s.status_code} == {403}
        await city.delivered()
        assert len(city.line.forms) == 1

    partners = {"documents": documents, "clients": clients, "pepper": PEPPER}
    visit(tmp_path, use, anonymous_mutations=False, **partners)
