"""Every bad day of every upstream, over real sockets: after a good read of it, and without one.

What a client is told when there is nothing to show:

    UNAVAILABLE  it did not answer, not in time, not to the end, or with a failure of its own
    REFUSED      it answered no, or sent us to somebody else; `retryAfter` if it said when
    CHANGED      it answered, and what it said cannot be read; also 404, and 304 to no condition
    (none)       it can be read: whatever its content type, its clock, or how little it is

With a good read, none of it is an error: what was read is shown, and how old it is.
"""

from itertools import product
from time import perf_counter
from typing import Any

import pytest

from tests.faults.town import FIELDS, HOME, SOURCES, Network, at, nantes, outside, pruned, town

pytestmark = pytest.mark.anyio

UNAVAILABLE = ("refuse", "delay:60", "hang", "drip", "reset", "500", "502", "503")
REFUSED = ("429:17", "401", "403", "redirect")
CHANGED = ("404", "html", "blank", "truncated", "interrupted", "gzip_bomb", "304", "wrong_columns")
READABLE = ("flaky:1", "wrong_type", "skew:3600", "half", "empty")
CODES = {
    **dict.fromkeys(UNAVAILABLE, "UNAVAILABLE"),
    **dict.fromkeys(REFUSED, "REFUSED"),
    **dict.fromkeys(CHANGED, "CHANGED"),
    **dict.fromkeys(READABLE),
}
EXCEPTIONS = {
    ("flaky:1", "departures"): "UNAVAILABLE",  # its quota has no room for a second try
    ("empty", "stops"): "CHANGED",  # no record, so no address of a file
}
SLOW = ("delay:60", "hang", "drip")
# What a good read makes of the next one, if not STALE.
KEPT = {
    "429:17": "OVER_QUOTA",
    **dict.fromkeys(READABLE, "LIVE"),
    "half": "STALE",
    "empty": "STALE",
}
KEPT_EXCEPTIONS = {
    ("half", "departures"): "LIVE",  # nothing runs at night: it may shrink
    ("empty", "departures"): "LIVE",
    ("flaky:1", "departures"): "STALE",  # as above
}
TIMEOUT_S = 0.3
DEADLINE_S = 10
PATIENT_S = 60  # to hear of the failure itself, however slow this machine is
# All on one scale, so that one moment is past every source's time to live.
POLICY = {"ttl": "60s", "stale_while_revalidate": "30s", "stale_if_error": "1h"}


def suffer(world, network, upstream, fault):
    if fault == "refuse":
        network.unplugged.add(upstream)
    else:
        world.suffer(upstream, fault)


@pytest.fixture(scope="module")
def well() -> Any:
    """What a good day answers; asked once for all."""
    return {}


async def good_day(well, world, clock):
    if not well:
        async with town(world, clock) as server:
            well.update(await server.ask(HOME))
        world.forget()
    assert "errors" not in well
    return well["data"]


@pytest.mark.parametrize("fault", CODES)
async def test_nothing_else_is_lost(fault, well, clock, tmp_path):
    with outside(clock, siri_period_s=0) as world:
        healthy = await good_day(well, world, clock)
        for upstream in FIELDS:
            short = {upstream: {"timeout": f"{TIMEOUT_S}s"}} if fault in SLOW else {}
            network = Network(world.url)
            suffer(world, network, upstream, fault)
            started = perf_counter()
            async with town(world, clock, network, cities=nantes(tmp_path, short)) as server:
                response = await server.post(HOME)
            took_s = perf_counter() - started
            world.recover()

            assert response.status_code == 200, upstream
            assert took_s < DEADLINE_S, upstream
            answer = response.json()
            ours = FIELDS[upstream]
            assert pruned(answer["data"], ours) == pruned(healthy, ours), upstream
            told(answer, upstream, EXCEPTIONS.get((fault, upstream), CODES[fault]), fault)
            if fault in ("flaky:1", "wrong_type") and "errors" not in answer:
                assert answer["data"] == healthy, upstream


def told(answer, upstream, code, fault):
    """The fields that rest on this source, and only those, are null, and say why."""
    errors = answer.get("errors", [])
    assert bool(errors) is (code is not None), (upstream, errors)
    for error in errors:
        extensions = error["extensions"]
        assert error["path"][-1] in FIELDS[upstream]
        assert at(answer["data"], error["path"]) is None
        assert (extensions["code"], extensions["source"]) == (code, f"nantes/{upstream}")
        assert (extensions["city"], extensions["service"]) == ("nantes", upstream.split(".")[0])
        if fault == "429:17":
            assert extensions["retryAfter"] == 17


@pytest.mark.parametrize("fault", CODES)
async def test_what_was_read_is_shown_with_its_age(fault, clock, tmp_path):
    timeout = {"timeout": "2s"} if fault in SLOW else {}
    cities = nantes(tmp_path, dict.fromkeys([*FIELDS, "routes"], POLICY | timeout))
    with outside(clock, siri_period_s=0) as world:
        network = Network(world.url)
        async with town(world, clock, network, cities=cities, deadline_s=PATIENT_S) as server:
            before = await server.ask(HOME)
            assert "errors" not in before
            clock.advance(100)
            for upstream in FIELDS:
                suffer(world, network, upstream, fault)

            response = await server.post(HOME)

            answer = response.json()
            assert response.status_code == 200
            assert "errors" not in answer
            live = {"departures", "openNow", "closesAt", "hours"}  # which move with the clock
            if fault != "skew:3600":
                assert pruned(answer["data"], live) == pruned(before["data"], live)
            aside = {source["id"]: source for source in answer["extensions"]["sources"]}
            asked = {s["id"]: s for s in (await server.ask(SOURCES))["data"]["sources"]}
            for upstream in FIELDS:
                state = KEPT.get(fault, "STALE")
                state = KEPT_EXCEPTIONS.get((fault, upstream), state)
                for source in (aside[f"nantes/{upstream}"], asked[f"nantes/{upstream}"]):
                    assert source["state"] == state, upstream
                    assert source["ageS"] == (0 if state == "LIVE" else 100), upstream
                assert bool(asked[f"nantes/{upstream}"]["lastError"]) is (state != "LIVE"), upstream


def test_every_fault_of_the_sandbox_has_its_day():
    from sandbox.faults import KINDS

    suffered = {fault.partition(":")[0] for fault in CODES}
    assert suffered - {"refuse"} == set(KINDS)


def test_no_fault_has_two_codes():
    lists = (UNAVAILABLE, REFUSED, CHANGED, READABLE)
    assert all(not set(one) & set(other) for one, other in product(lists, lists) if one != other)
