"""Reports: who may make them, how, and nobody's name told on."""

import json
from pathlib import Path

import pytest

from schema.nodes import node_id
from server.clients import hashed
from sources.courier import FILE
from tests.front_door.partners import KEY, PEPPER, SAFE_KEY, bearer
from tests.reports.city import (
    BROKEN,
    CLIENT_KEY,
    ISSUE,
    SECRETS,
    STATE,
    City,
    nobody,
    on_disk,
    silence,
    visit,
)


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


def test_nor_that_there_is_no_such_report(tmp_path: Path) -> None:
    """Another worker that shares the outbox may take it in the next moment."""
    unknown = node_id("Report", "estuaire", "sent:unknown")
    params = {"query": STATE, "variables": json.dumps({"id": unknown})}

    async def use(city: City) -> None:
        answer = await city.server.client.get("/graphql", params=params)
        assert answer.json()["data"] == {"report": None}
        assert "max-age=0" in answer.headers["cache-control"]

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
