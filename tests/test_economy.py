"""Economy: the whole city in one question costs each of its sources one read, and then none."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

import cities
from sources.reading import Reader, read_all
from tests.conftest import Replay, serving
from tests.elsewhere import asked_in

EVERYTHING = (Path(__file__).parent / "queries/everything.graphql").read_text("utf-8")
# What Nantes, whose golden query it is, does not have.
BESIDES = """vehicles { vehicleId } bridgeClosures { vessel }
  attended: pools(first: 1) { nodes { attendance { current } } }
}"""
# Of one read: GTFS with the record that names its file; GBFS; a text and a point to look up.
MORE = {"stops": 2, "bikes": 4, "addresses": 2}


@pytest.mark.usefixtures("_timetables")
@pytest.mark.parametrize("city", sorted(cities.load()))
def test_everything_at_once(city: str) -> None:
    replay = Replay()

    async def main() -> tuple[dict[str, Any], dict[str, int]]:
        async with serving(httpx.MockTransport(replay), city=city, max_root_fields=30) as server:
            question = asked_in(city, EVERYTHING.rstrip().removesuffix("}") + BESIDES)
            answer = await server.ask(question)
            cold = dict(replay.calls)
            server.clock.advance(1)  # so that nothing that is remembered will do
            await server.ask(question)
            return answer, cold

    answer, cold = asyncio.run(main())

    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
    assert codes <= {"NOT_OFFERED"}
    asked = {source["id"].partition("/")[2] for source in answer["extensions"]["sources"]}
    offered = set(cities.load()[city].bindings)
    assert asked == offered, "the question leaves out, or adds, a source"
    assert cold == {table: min(calls, MORE.get(table, 1)) for table, calls in cold.items()}
    assert dict(replay.calls) == cold, "what is fresh is asked for again"


def test_the_same_bytes_again_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """But are as young as the read."""
    replay, read = Replay(), list[str]()

    def counted(reader: Reader[Any], *given: Any) -> Any:
        read.append(reader.table)
        return read_all(reader, *given)

    monkeypatch.setattr("sources.tables.read_all", counted)

    async def main() -> list[Any]:
        found = []
        async with serving(httpx.MockTransport(replay)) as server:
            for _ in range(4):
                server.clock.advance(3 * 86_400)
                found.append(await server.ask("{ pools { nodes { id name } } }"))
        return found

    answers = asyncio.run(main())

    assert all(one["data"] == answers[0]["data"] for one in answers)
    [ages] = [{source["ageS"] for one in answers for source in one["extensions"]["sources"]}]
    assert ages == {0}
    assert replay.calls["pools"] == 4
    assert read == ["pools", "pools"]  # and once to know the bytes by
