"""Budgets: no period ever holds more calls than the quota says, wherever it begins."""

from hypothesis import given
from hypothesis import strategies as st

from cities import Quota
from sources.quota import Budget, paced, share, turn_in

# Eighths of a second are exact in binary, so that "exactly" means exactly.
times = st.integers(0, 400).map(lambda eighths: eighths / 8)
quotas = st.builds(
    Quota, calls=st.integers(1, 12), period_s=st.integers(1, 120).map(lambda n: n / 8)
)
steps = st.lists(times, min_size=1, max_size=80)


def most(made: list[float], period_s: float) -> int:
    """The most calls in any period, which may begin at any call."""
    return max((sum(at <= t < at + period_s for t in made) for at in made), default=0)


@given(quotas, steps)
def test_never_over_in_any_window(quota: Quota, gaps: list[float]) -> None:
    budget, now, made = Budget(quota), 0.0, list[float]()
    for gap in gaps:
        now += gap / 16
        if budget.take(now) == 0.0:
            made.append(now)
    assert most(made, quota.period_s) <= quota.calls


@given(quotas, steps)
def test_recovers_exactly(quota: Quota, gaps: list[float]) -> None:
    budget, now, made = Budget(quota), 0.0, list[float]()
    for gap in gaps:
        now += gap / 16
        wait = budget.take(now)
        recent = [at for at in made if at > now - quota.period_s]
        assert wait == (recent[0] + quota.period_s - now if len(recent) >= quota.calls else 0.0)
        if wait:  # not a moment earlier, and not a moment later
            assert budget.take(now + wait - 1 / 1024) > 0
            now += wait
            assert budget.take(now) == 0.0
        made.append(now)
        assert budget.resets_in(now) == quota.period_s


@given(quotas, steps, times)
def test_a_refusal_of_the_source_is_heeded(quota: Quota, gaps: list[float], until: float) -> None:
    budget, now = Budget(quota), 0.0
    budget.exhausted_until(until)
    for gap in gaps:
        now += gap / 16
        if now < until:
            assert budget.take(now) == until - now
            assert budget.remaining(now) == 0
        else:
            assert budget.remaining(now) > 0 or budget.take(now) > 0


def test_what_is_left() -> None:
    budget = Budget(Quota(calls=3, period_s=10))
    assert (budget.remaining(0), budget.resets_in(0)) == (3, 0.0)
    budget.take(0)
    budget.take(4)
    assert (budget.remaining(4), budget.resets_in(4)) == (1, 10.0)
    budget.spend(5, calls=9)
    assert (budget.remaining(5), budget.wait(5), budget.resets_in(5)) == (0, 10.0, 10.0)
    assert (budget.remaining(15), budget.resets_in(15)) == (3, 0.0)


def test_calls_are_paced_for_the_time_they_travel() -> None:
    assert paced(Quota(calls=1, period_s=30)).period_s == 31
    assert paced(Quota(calls=9, period_s=2)).period_s == 2.1


@given(quotas, st.integers(1, 6), st.lists(st.integers(1, 40), min_size=20, max_size=80))
def test_the_shares_together_are_never_over(quota: Quota, replicas: int, gaps: list[int]) -> None:
    """Replicas that cannot talk, all asking as often as they can: one budget still."""
    budgets = [Budget(share(quota, replicas)) for _ in range(replicas)]
    now, made = 0.0, list[float]()
    for gap in gaps:
        now += gap * quota.period_s / 128
        for rank, budget in enumerate(budgets):
            while not turn_in(now, quota, rank, replicas) and not budget.take(now):
                made.append(now)
    assert most(made, quota.period_s) <= quota.calls


@given(quotas, st.integers(1, 6), st.integers(0, 5), times)
def test_everyone_has_a_turn(quota: Quota, replicas: int, rank: int, now: float) -> None:
    rank %= replicas
    wait = turn_in(now, quota, rank, replicas)
    assert 0 <= wait <= replicas * quota.period_s * 5 / 4
    assert turn_in(now + wait + 1e-9, quota, rank, replicas) == 0
