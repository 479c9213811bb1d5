"""The breaker: against an obvious model, and case by case."""

import asyncio

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from sources.breaker import Breaker, Permit, State


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Model(RuleBasedStateMachine):
    """Every call that counts is kept in a list, and the rules are read off it."""

    permits = Bundle("permits")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(self.clock)
        self.ended: list[tuple[int, bool]] = []  # second, ok
        self.until: float | None = None
        self.probe: Permit | None = None
        self.era: list[Permit] = []  # permits that still have a say

    def state(self) -> State:
        if self.until is None:
            return State.CLOSED
        return State.OPEN if self.clock.now < self.until else State.HALF_OPEN

    def change(self, until: float | None) -> None:
        self.until, self.ended, self.era, self.probe = until, [], [], None

    def window(self) -> list[bool]:
        return [ok for second, ok in self.ended if second > int(self.clock.now) - 10]

    @rule(seconds=st.sampled_from([0.25, 0.5, 1.0, 3.0, 5.0, 11.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(target=permits)
    def ask(self) -> Permit | None:
        permit = self.breaker.admit()
        if self.state() is State.CLOSED:
            assert permit is not None
        elif self.state() is State.OPEN or self.probe is not None:
            assert permit is None
        else:
            assert permit is not None
            self.probe = permit
        if permit is not None:
            self.era.append(permit)
        return permit

    @rule(permit=consumes(permits), outcome=st.sampled_from([True, False, None]))
    def end(self, permit: Permit | None, outcome: bool | None) -> None:
        if permit is None:
            return
        with permit:
            if outcome is not None:
                (permit.succeeded if outcome else permit.failed)()
        if permit not in self.era:
            return
        self.era.remove(permit)
        if permit is self.probe:
            self.probe = None
            if outcome is not None:
                self.change(None if outcome else self.clock.now + 5)
        elif outcome is not None:
            self.count(outcome)

    @rule(calls=st.integers(1, 30), ok=st.booleans())
    def many(self, calls: int, ok: bool) -> None:
        for _ in range(calls):
            if self.state() is not State.CLOSED:
                return
            permit = self.breaker.admit()
            assert permit is not None
            (permit.succeeded if ok else permit.failed)()
            self.count(ok)

    def count(self, ok: bool) -> None:
        self.ended.append((int(self.clock.now), ok))
        recent = self.window()
        if len(recent) >= 20 and recent.count(False) * 2 >= len(recent):
            self.change(self.clock.now + 5)

    @rule(seconds=st.sampled_from([0.0, 2.0, 8.0]))
    def opened_elsewhere(self, seconds: float) -> None:
        self.breaker.open_for(seconds)
        later = self.until is None or self.clock.now + seconds > self.until
        if seconds and later and self.probe is None:
            self.change(self.clock.now + seconds)

    @rule()
    def recovers(self) -> None:
        """Whatever happened, once the probe is home, one good call and 5 s at most close it."""
        if self.probe is not None:
            return
        self.clock.now += self.breaker.retry_in
        permit = self.breaker.admit()
        assert permit is not None
        permit.succeeded()
        if self.until is not None:
            self.change(None)
        else:
            self.count(True)

    @invariant()
    def agrees(self) -> None:
        assert self.breaker.state is self.state()
        assert self.breaker.calls == len(self.window())
        assert self.breaker.failures == self.window().count(False)
        if self.until is not None:
            assert self.breaker.retry_in == max(0.0, self.until - self.clock.now)


TestModel = Model.TestCase


def broken(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(20):
        permit = breaker.admit()
        assert permit is not None
        permit.failed()
    assert breaker.state is State.OPEN
    return breaker


def test_of_a_crowd_exactly_one_is_let_through_when_half_open() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += 5
    assert len([permit for _ in range(20) if (permit := breaker.admit())]) == 1


def test_a_cancelled_probe_gives_its_place_back() -> None:
    clock = Clock()
    breaker = broken(clock)
    clock.now += 5
    probe = breaker.admit()
    assert probe is not None
    with pytest.raises(asyncio.CancelledError), probe:
        raise asyncio.CancelledError
    assert breaker.state is State.HALF_OPEN
    assert breaker.admit() is not None


def test_a_straggler_neither_closes_nor_reopens() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    straggler = breaker.admit()
    assert straggler is not None
    breaker.open_for(5)
    clock.now += 5
    probe = breaker.admit()
    straggler.succeeded()
    assert probe is not None
    assert breaker.state is State.HALF_OPEN
    probe.succeeded()
    assert breaker.state is State.CLOSED


def test_nineteen_failures_are_no_trend() -> None:
    breaker = Breaker(Clock())
    for _ in range(19):
        permit = breaker.admit()
        assert permit is not None
        permit.failed()
    assert (breaker.state, breaker.calls, breaker.failures) == (State.CLOSED, 19, 19)
