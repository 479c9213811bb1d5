"""People who ask a cluster all the time, one question after the other, and what became of each."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import httpx

AT_ONCE = 6
QUESTIONS = (
    "query N%d { pools(first: 3) { nodes { name address { street } } } }",
    "query N%d { parkings(first: 3) { nodes { name } } }",
)


class People:
    """Half of them GET, half of them POST; no question is asked twice in the same words."""

    def __init__(self, url: str) -> None:
        self.outcomes: Counter[str] = Counter()
        self._numbers = count()
        self._url = url
        self._news = asyncio.Condition()

    @property
    def failures(self) -> dict[str, int]:
        """What became of those who were not answered, and how often."""
        return {what: number for what, number in self.outcomes.items() if what != "answered"}

    async def answered(self, more: int) -> None:
        """Come back when so many more have been answered; TimeoutError."""
        goal = self.outcomes["answered"] + more
        async with asyncio.timeout(60), self._news:
            await self._news.wait_for(lambda: self.outcomes["answered"] >= goal)

    async def ask_for_ever(self) -> None:
        async with httpx.AsyncClient(base_url=self._url, timeout=30) as client:
            for number in self._numbers:
                query = QUESTIONS[number % 2] % number
                outcome = await self._outcome(client, query, get=number % 4 < 2)
                async with self._news:
                    self.outcomes[outcome] += 1
                    self._news.notify_all()

    async def _outcome(self, client: httpx.AsyncClient, query: str, *, get: bool) -> str:
        try:
            if get:
                answer = await client.get("/graphql", params={"query": query})
            else:
                answer = await client.post("/graphql", json={"query": query})
        except httpx.TransportError as error:
            return type(error).__name__
        if answer.status_code != 200:
            return f"HTTP {answer.status_code}: {answer.text}"
        errors = answer.json().get("errors")
        return f"errors: {errors}" if errors else "answered"


@asynccontextmanager
async def people(url: str) -> AsyncIterator[People]:
    """They come, and go when the test is over; all of them have been at it once."""
    crowd = People(url)
    tasks = [asyncio.create_task(crowd.ask_for_ever()) for _ in range(AT_ONCE)]
    await crowd.answered(4 * AT_ONCE)
    yield crowd
    for one in tasks:
        one.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in ended), ended
