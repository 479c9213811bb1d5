import httpx, pytest, time, asyncio
from tests.live.online import *
import server.live as L
pytestmark = pytest.mark.anyio
async def test_dbg(city, monkeypatch):
    real=L._good_s
    def good(now, until):
        print("GOOD", round(time.time()%100,2), now, until, real(now,until)); return real(now,until)
    monkeypatch.setattr(L,'_good_s',good)
    async with city.greeted() as socket:
        await socket.subscribe("1")
        await socket.next("1")
        print("NEXT", round(time.time()%100,2))
        feed = next(f for (kind, _), f in city.sources._feeds.items() if kind.__name__ == "Departure")
        city.replay.broken["departures"] = lambda _: httpx.Response(200, content=predicted("04"))
        city.clock.advance(3_600)
        feed.cached._rung()
        await socket.next("1")
        print("NEXT", round(time.time()%100,2))
    await city.quiet()
    print("QUIET", round(time.time()%100,2), feed.cached._watches)
    for n in range(200):
        await asyncio.sleep(0)
        if not feed.cached._watches: print("left after", n); break
