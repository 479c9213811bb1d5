"""Random documents over sources that answer badly: whatever is found, both find the same.

`EXAMPLES=5000 pytest tests/compiled/test_random.py` looks longer.
"""

import copy
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from random import Random

import pytest
from graphql import print_schema
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from resolvers import loaders
from schema.key import Key
from server.errors import RequestError
from sources.errors import Unavailable
from tests.compiled.conftest import PLANNER, SCHEMA, both
from tests.compiled.random_documents import varied
from tests.elsewhere import CITIES

EXAMPLES = int(os.environ.get("EXAMPLES", "60"))
TEXT = print_schema(SCHEMA)
FIELDS = sorted(SCHEMA.query_type.fields)
KINDS = {
    name: st.sampled_from(values).map(nodes.String)
    for name, values in {
        "LocalDate": ["2026-11-24", "9999-12-31", "24/11/2026"],
        "OffsetDateTime": ["2026-11-24T09:05:00Z", "tomorrow"],
        "_Any": ["Pool", ""],
    }.items()
}
ODD = (None, 2**40, float("nan"), "", "odd", True, [], [None], {}, object(), ValueError("odd"))


class Bad(Mapping):
    """The answers of all keys, some of them gone wrong: each in the same way for who asks again."""

    def __init__(self, answers, seed):
        self.answers, self.seed, self.gone = answers, seed, {}

    def __getitem__(self, kind):
        answer = self.answers[kind]

        async def bad(ask, keys):
            return [self.of(*pair) for pair in zip(keys, await answer(ask, keys), strict=True)]

        return bad

    def __iter__(self):
        return iter(self.answers)

    def __len__(self):
        return len(self.answers)

    def of(self, key: Key, found):
        if key not in self.gone:
            random = Random(f"{self.seed}{key!r}")
            self.gone[key] = found if random.random() < 0.6 else gone(found, random)
        return self.gone[key]


def gone(found, random):
    """Something else than was found, or that with something odd in it."""
    if random.random() < 0.3:
        binding = next(iter(CITIES["nantes"].bindings.values()))
        return random.choice([None, Unavailable("down", binding), RuntimeError("a bug"), *ODD])
    if isinstance(found, list):
        return [gone(one, random) if random.random() < 0.3 else one for one in found]
    if not is_dataclass(found) or isinstance(found, type) or not vars(found):
        return random.choice(ODD)
    found = copy.copy(found)
    name = random.choice(sorted(vars(found)))
    inner = getattr(found, name)
    deeper = isinstance(inner, list) or is_dataclass(inner)
    try:
        setattr(found, name, gone(inner, random) if deeper else random.choice(ODD))
    except AttributeError:  # frozen
        return random.choice(ODD)
    return found


@pytest.fixture(scope="module")
def nantes(_timetables):
    with both() as executors:
        yield executors


@cache
def documents(field):
    return queries(TEXT, fields=[field], custom_scalars=KINDS)


def drawn(many, *, anew=False):
    """So many examples, the same in every run, so that what fails is found again; or others."""
    return settings(
        max_examples=many,
        deadline=None,
        derandomize=not anew,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def test_any_document_over_any_data(nantes):
    became = Counter()

    @drawn(EXAMPLES, anew="EXAMPLES" in os.environ)
    @given(st.data())
    def compare(data):
        text = data.draw(documents(data.draw(st.sampled_from(FIELDS))))
        text, variables = data.draw(varied(SCHEMA, text))
        seed = data.draw(st.none() | st.integers(0, 10**6))
        became[compared(nantes, text, variables, seed)] += 1

    compare()

    assert became["compiled"] > EXAMPLES / 2, became


def compared(nantes, text, variables, seed):
    """What became of a document, when both had found the same."""
    try:
        plan = PLANNER.plan(text)
        PLANNER.check(PLANNER.estimate(plan, None, variables))
    except RequestError:
        return "refused"
    answers = loaders.registered
    loaders.registered = answers if seed is None else Bad(answers, seed)
    try:
        compiled, _ = nantes.run(plan, variables)
    except RequestError:
        return "not coerced"
    finally:
        loaders.registered = answers
    return "left" if compiled is None else "compiled"
