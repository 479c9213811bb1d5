"""What operators watch: alerts and dashboard know our metrics, and every alert has its runbook."""

import asyncio
import json
import re
import shutil
import subprocess
from math import prod
from pathlib import Path

import httpx
import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from server.compiled import compared, executor
from server.settings import Settings
from server.status import FINE
from tests.compiled.test_executor import POOLS, nameless
from tests.conftest import Replay, down, serving
from tests.expressions import TARGET, UP, Exposed, Labels, mistakes, selectors
from tests.front_door.partners import CLIENTS, PEPPER, SAFE_KEY, bearer
from tests.test_docs import codes

ROOT = Path(__file__).parent.parent
RULES = ROOT / "deploy/prometheus"
GROUPS = yaml.safe_load((RULES / "alerts.yml").read_text("utf-8"))["groups"]
ALERTS = {rule["alert"]: rule for group in GROUPS for rule in group["rules"]}
CASES = yaml.safe_load((RULES / "alerts_test.yml").read_text("utf-8"))["tests"]
BOARD = json.loads((ROOT / "deploy/grafana/poche.json").read_text("utf-8"))
PANELS = {one["title"]: one for one in BOARD["panels"] if one["type"] != "row"}
RUNBOOK = (ROOT / "docs/operations.md").read_text("utf-8")
REPLICA = (ROOT / "examples/cluster/kubernetes/poche.yaml").read_text("utf-8")

SHOWN = {
    f"{title}, {target['refId']}": target["expr"].replace("$__rate_interval", "5m")
    for title, panel in PANELS.items()
    for target in panel["targets"]
}
EXPRESSIONS = {**{name: rule["expr"] for name, rule in ALERTS.items()}, **SHOWN}
PROMTOOL = shutil.which("promtool")


@pytest.fixture(scope="module")
def exposed(tmp_path_factory: pytest.TempPathFactory) -> Exposed:
    """All that `/metrics` tells of an application that has had a bad day."""
    folder = tmp_path_factory.mktemp("operator")
    (folder / "clients.toml").write_text(CLIENTS)
    replay = Replay()
    settings = {"clients": folder / "clients.toml", "pepper": PEPPER, "data": folder}

    async def main() -> str:
        mock = httpx.MockTransport(replay)
        async with serving(mock, **settings, executor="both", remember_bytes=0) as server:
            await server.post(POOLS)
            await server.post("{ __schema { queryType { name } } }")
            patch.setattr(compared, "alike", lambda _: object())
            for _ in range(compared.ONE_IN):
                await server.post("{ pools { totalCount } }")
            nameless(patch)
            for _ in range(2 * executor.IN_A_ROW):
                await server.post(POOLS)
            patch.setattr(executor.Generator, "program", lambda *_: 1 / 0)
            for space in "  ":
                await server.post("{ __typename }" + space)
            replay.broken["schools"] = down
            await server.post("{ schools { totalCount } }")
            document = {"query": "{ __typename }"}
            await server.client.post("/graphql", json=document, headers=bearer(SAFE_KEY))
            return (await server.client.get("/metrics")).text

    with pytest.MonkeyPatch.context() as patch:
        return {**UP, **_labels(asyncio.run(main()))}


def _labels(text: str) -> dict[str, dict[str, set[str]]]:
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {label: set() for label in TARGET})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    found["poche_source_calls_total"]["outcome"] |= {*FINE}  # not all of them on one day
    found["poche_requests_total"]["outcome"] |= {"OK", "PARTIAL"} | codes()
    found["poche_errors_total"]["code"] |= codes()
    return found


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_what_is_asked_for_is_exposed(name: str, exposed: Exposed) -> None:
    assert mistakes(EXPRESSIONS[name], exposed) == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("rate(poche_request_total[5m])", "no metric poche_request_total"),
        ("sum by (city) (poche_executions)", "no label city in sum by (city)(poche_executions{})"),
        ('poche_source_state{state="LOST"}', "poche_source_state has no state LOST"),
        ('poche_requests_total{outcome=~"OK|FINE"}', "poche_requests_total has no outcome FINE"),
        ('poche_problems{city="nantes"}', "poche_problems has no label city"),
        ("poche_problems / on (source) poche_problems", "no label source in poche_problems{}"),
        (
            "poche_executions / poche_problems",
            "nothing of poche_executions{} / poche_problems{} matches",
        ),
    ],
)
def test_what_is_not_exposed_is_found(expression: str, said: str, exposed: Exposed) -> None:
    assert said in mistakes(expression, exposed)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_what_it_means_and_what_to_do(name: str) -> None:
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"]
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert (ROOT / page).samefile(ROOT / "docs/operations.md")
    assert anchor == name.lower()
    assert f"\n### {name}\n" in RUNBOOK


def test_the_runbook_has_no_alert_that_is_gone() -> None:
    assert re.findall(r"^### (Poche\w+)$", RUNBOOK, re.MULTILINE) == list(ALERTS)


def test_the_runbook_names_what_there_is(exposed: Exposed) -> None:
    settings = {f"POCHE_{name.upper()}" for name in Settings.model_fields}
    logged = "".join(
        one.read_text("utf-8")
        for part in ("server", "sources")
        for one in (ROOT / part).rglob("*.py")
    )

    assert set(re.findall(r'"([A-Z][^"]+)"', RUNBOOK)) <= PANELS.keys()
    assert set(re.findall(r"poche_\w+", RUNBOOK)) <= exposed.keys()
    assert set(re.findall(r"`(POCHE_\w+)[`=]", RUNBOOK)) <= settings
    for line in ("bug", "bug while reading", "compiled differs", "refused", "unknown document"):
        assert f"`{line}`" in RUNBOOK
        assert f'"{line}"' in logged


def test_thresholds_are_those_of_the_settings_and_manifests() -> None:
    def threshold(alert: str) -> float:
        return prod(map(float, ALERTS[alert]["expr"].rpartition("> ")[2].split("*")))

    [limit] = re.findall(r"limits: \{memory: (\d+)Gi\}", REPLICA)
    assert threshold("PocheLiveNearlyFull") == 0.8 * Settings().live_clients
    assert 0.7 < threshold("PocheMemory") / (int(limit) << 30) < 0.9


def test_every_alert_is_tried_with_what_rings_it_and_what_does_not() -> None:
    tried = {
        (case["alertname"], bool(case["exp_alerts"]))
        for test in CASES
        for case in test["alert_rule_test"]
    }
    assert tried == {(name, rings) for name in ALERTS for rings in (True, False)}


def test_the_series_that_alerts_are_tried_with_are_exposed(exposed: Exposed) -> None:
    for test in CASES:
        for one in test["input_series"]:
            assert mistakes(one["series"], exposed) == [], test["name"]


@pytest.mark.skipif(PROMTOOL is None, reason="no promtool here (apt-get install prometheus)")
@pytest.mark.parametrize(
    "command",
    [
        ("check", "config", "prometheus.yml"),  # and the rules that it names
        ("test", "rules", "alerts_test.yml"),
    ],
    ids=" ".join,
)
def test_prometheus_would_take_it(command: tuple[str, ...]) -> None:
    done = subprocess.run([str(PROMTOOL), *command], cwd=RULES, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# The dashboard


@pytest.mark.parametrize("title", PANELS)
def test_a_panel_says_what_it_shows(title: str, exposed: Exposed) -> None:
    panel = PANELS[title]
    assert panel["description"]
    assert panel["datasource"]["uid"] == "${datasource}"
    for target in panel["targets"]:
        labels = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
        expression = promql_parser.parse(SHOWN[f"{title}, {target['refId']}"])
        assert labels <= Labels(exposed, []).of(expression)


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(set(ids)) == len(ids)
    cells = [
        (place["x"] + dx, place["y"] + dy)
        for place in (panel["gridPos"] for panel in BOARD["panels"])
        for dx in range(place["w"])
        for dy in range(place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert all(0 <= x < 24 for x, _ in cells)


def test_the_dashboard_shows_every_metric(exposed: Exposed) -> None:
    """But the one that `poche usage` reads, and what Prometheus' own library adds."""
    shown = {one.name for expression in SHOWN.values() for one in selectors(expression)}
    ours = {name for name in exposed if name.startswith("poche_")}
    assert ours - shown == {"poche_field_requests_total"}
