"""Manifests of the cluster: valid by their own schemas, and they hold the promises they are for."""

import re
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from compose_spec import PyCompose
from small_city import run

from server.serving import GRACE_S
from server.settings import Settings
from tests.conftest import HERE as TESTS

BALANCER, HERE = run.BALANCER, run.HERE
COMPOSE = yaml.safe_load((HERE / "compose.yaml").read_text("utf-8"))
OBJECTS = [
    one
    for file in sorted((HERE / "kubernetes").glob("*.yaml"))
    for one in yaml.safe_load_all(file.read_text("utf-8"))
]
WORKLOADS = [one for one in OBJECTS if one["kind"] in ("Deployment", "StatefulSet")]
DOCKERFILE = (TESTS.parent / "Dockerfile").read_text("utf-8")


def named(one: dict[str, Any]) -> str:
    return f"{one['kind']}/{one['metadata']['name']}"


def only(kind: str) -> dict[str, Any]:
    [found] = [one for one in OBJECTS if one["kind"] == kind]
    return found


@pytest.mark.parametrize("one", OBJECTS, ids=named)
def test_kubernetes_would_take_it(one: dict[str, Any]) -> None:
    kubernetes_validate.validate(one, kubernetes_validate.latest_version(), strict=True)


def test_a_word_that_kubernetes_does_not_know_is_found() -> None:
    wrong = {**only("PodDisruptionBudget"), "spec": {"maxUnavailabel": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


def test_compose_would_take_it() -> None:
    PyCompose.from_yaml((HERE / "compose.yaml").read_text("utf-8"))


@pytest.mark.skipif(BALANCER is None, reason="no haproxy here (apt-get install haproxy)")
def test_haproxy_would_take_it() -> None:
    environment = {
        name: value.replace("one:", "127.0.0.1:").replace("two:", "127.0.0.1:")
        for name, value in COMPOSE["services"]["haproxy"]["environment"].items()
    }
    environment["CLUSTER_THREE"] = "127.0.0.1:8000"  # names are looked up at the start
    command = [str(BALANCER), "-c", "-f", str(HERE / "haproxy.cfg")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("one", WORKLOADS, ids=named)
def test_nothing_runs_as_root_or_writes_where_it_should_not(one: dict[str, Any]) -> None:
    pod = one["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert not pod["automountServiceAccountToken"]
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]
        mounts = {mount["name"] for mount in container["volumeMounts"]}
        claims = [claim["metadata"] for claim in one["spec"].get("volumeClaimTemplates", ())]
        assert mounts == {volume["name"] for volume in [*pod.get("volumes", ()), *claims]}


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_compose_is_as_strict(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]


def test_the_image_runs_as_who_the_manifests_say() -> None:
    user = re.search(r"^USER (\d+)$", DOCKERFILE, re.MULTILINE)
    assert user is not None
    pod = only("Deployment")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsUser"] == int(user[1])


def test_all_settings_exist() -> None:
    known = {f"POCHE_{name.upper()}" for name in Settings.model_fields}
    [container] = only("Deployment")["spec"]["template"]["spec"]["containers"]
    told = {one["name"] for one in container["env"]}
    told |= set(COMPOSE["services"]["one"]["environment"])
    assert told - {"FORWARDED_ALLOW_IPS"} <= known


def test_nobody_is_cut_off_who_has_time_left() -> None:
    pod = only("Deployment")["spec"]["template"]["spec"]
    [container] = pod["containers"]
    drain_s = float({one["name"]: one.get("value") for one in container["env"]}["POCHE_DRAIN_S"])
    probe = container["readinessProbe"]
    notices_s = probe["failureThreshold"] * probe["periodSeconds"] + probe["timeoutSeconds"]
    assert notices_s < drain_s
    assert drain_s + GRACE_S < pod["terminationGracePeriodSeconds"]
    one = COMPOSE["services"]["one"]
    assert float(one["environment"]["POCHE_DRAIN_S"]) + GRACE_S < float(
        one["stop_grace_period"].removesuffix("s")
    )


def test_a_release_or_a_maintenance_takes_away_one_at_most() -> None:
    deployment, budget = only("Deployment"), only("PodDisruptionBudget")
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert budget["spec"]["maxUnavailable"] == 1
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert budget["spec"]["selector"]["matchLabels"] == labels
    assert only("HorizontalPodAutoscaler")["spec"]["minReplicas"] >= 3


def test_what_is_mounted_is_there() -> None:
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert not source.startswith(".") or (Path(HERE) / source).exists(), volume
