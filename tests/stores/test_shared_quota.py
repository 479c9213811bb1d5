"""The shared quota: its script against the plain budget, and ledgers that cannot talk."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cities import Quota
from sources.quota import Budget
from sources.shared_link import BEAT_S, PATIENCE_S, SETTLE_S
from sources.shared_quota import Ledger
from sources.shared_scripts import TAKE

KEYS = ["budget", "closed", "life", "settling"]
BEGIN = 1_800_000_000.0
quotas = st.builds(
    Quota, calls=st.integers(1, 6), period_s=st.integers(1, 10).map(lambda n: n * 1_000)
)
gaps = st.lists(st.sampled_from([0, 1, 125, 500, 999, 1_000, 4_000]), max_size=40)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(quota=quotas, gaps=gaps)
def test_the_script_agrees_with_the_budget(valkey: Any, quota: Quota, gaps: list[int]) -> None:
    """Step by step, at the same times: the same waits, the same left."""
    client = valkey.client
    client.flushdb()
    client.set("life", "here")
    take = client.register_script(TAKE)
    budget, now = Budget(quota), BEGIN
    for call, gap in enumerate(gaps):
        now += gap
        args = [quota.calls, int(quota.period_s * 1e6), "1", 2_500, int(now * 1e6)]
        wait, used, at, resets_in = take(keys=KEYS, args=["here", call, *args])
        assert wait / 1e6 == budget.take(now)
        assert (quota.calls - used, resets_in / 1e6) == (
            budget.remaining(now),
            budget.resets_in(now),
        )
        assert at / 1e6 == now


def test_the_script_refuses_who_knew_another_life(valkey: Any) -> None:
    take = valkey.client.register_script(TAKE)
    assert take(keys=KEYS, args=["before", "1", 5, 10_000_000, "1", 60_000, ""])[0] == -1
    valkey.client.set("life", "after")
    assert take(keys=KEYS, args=["before", "1", 5, 10_000_000, "1", 60_000, ""])[0] == -1
    assert take(keys=KEYS, args=["after", "1", 5, 10_000_000, "1", 60_000, ""])[0] == 0
    valkey.client.set("settling", "1", px=60_000)
    assert 59e6 < take(keys=KEYS, args=["after", "2", 5, 10_000_000, "1", 60_000, ""])[0] <= 60e6


@given(
    quota=st.builds(Quota, calls=st.integers(1, 9), period_s=st.sampled_from([2.0, 30.0, 600.0])),
    replicas=st.integers(1, 5),
    before=st.lists(st.integers(0, 29), max_size=9),
    gaps=st.lists(st.integers(1, 40), max_size=60),
)
def test_cut_off_replicas_together_keep_the_quota(
    quota: Quota, replicas: int, before: list[int], gaps: list[int]
) -> None:
    """Whatever the store had granted, to whom nobody knows, no period holds too many calls."""
    names = [f"replica {n}" for n in range(replicas)]
    ledgers = [Ledger(name, at_least=1) for name in names]
    together, made, now = Budget(quota), list[float](), BEGIN
    for gap in before:
        now += gap / 8
        if not together.take(now):
            made.append(now)
    for ledger in ledgers:
        ledger.replicas = names
        ledger.cut_off(now)
    for gap in gaps:
        now += gap * quota.period_s / 128
        for ledger in ledgers:
            while not ledger.take_alone("nantes/stops", quota, ledger.next_call(), now):
                made.append(now)
    for begin in made:
        assert sum(begin <= at < begin + quota.period_s for at in made) <= quota.calls


def test_alone_it_goes_on() -> None:
    ledger = Ledger("a", at_least=4)
    per_day = Quota(calls=500, period_s=86_400)
    ledger.used("nantes/pools", 100)
    ledger.cut_off(BEGIN)
    calls = [
        ledger.take_alone("nantes/pools", per_day, ledger.next_call(), BEGIN) for _ in range(200)
    ]
    assert calls.count(0.0) == 125 - 25
    assert ledger.doubt
    (period_s, told) = ledger.retold(BEGIN)["nantes/pools"]
    assert (period_s, len(told)) == (86_400, 100)


def test_what_a_source_refused_is_remembered() -> None:
    ledger = Ledger("a", at_least=1)
    quota = Quota(calls=5, period_s=3_600)
    ledger.close("nantes/pools", BEGIN + 60)
    ledger.cut_off(BEGIN)
    assert ledger.take_alone("nantes/pools", quota, "1", BEGIN) == 60
    assert ledger.take_alone("nantes/pools", quota, "1", BEGIN + 60) == 0
    assert ledger.closures(BEGIN + 59) == {"nantes/pools": 1.0}
    assert ledger.closures(BEGIN + 60) == {}


def test_recovery_takes_five_seconds_at_most() -> None:
    """The next heartbeat, which may take a while, and the time that all have to tell their calls.

    What it must find out and put right is tested with the store.
    """
    assert BEAT_S + PATIENCE_S + SETTLE_S <= 5
    assert BEAT_S + 2 * PATIENCE_S < SETTLE_S  # each beats once before anybody calls
