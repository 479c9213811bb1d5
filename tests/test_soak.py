"""The soak, which takes minutes, says so if something is wrong."""

from collections import Counter

from bench import soak

WELL = soak.Sample(memory=100 * 2**20, tasks=6, files=50)


def test_what_is_wrong_is_said():
    samples, took_s = [WELL] * 6, [0.1] * 100
    seen = Counter({"HTTP 200": 100, "OVERLOADED": 3, "hung up": 9})

    assert soak.verdict(samples, seen, took_s)
    assert not soak.verdict(samples, seen + Counter(INTERNAL=1), took_s)
    assert not soak.verdict(samples, seen, [soak.LATE_S + 1] * 2 + took_s[2:])
    for name, value in (("memory", 200 * 2**20), ("tasks", 60), ("files", 90)):
        more = WELL._replace(**{name: value})
        assert soak.verdict([more, *samples[1:]], seen, took_s)  # as yet it warms up
        assert not soak.verdict([*samples[:4], more, more], seen, took_s)
