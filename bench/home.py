"""How soon the citizens' page shows its tiles, from a server that is warm: `python -m bench.home`.

A browser over real sockets, on this machine: from the click to the first painted tiles with their
answer. A newcomer meets the example; a first visit is by a link to ten tiles of all kinds, in a
browser that knows nothing; and again, where the page was before.
"""

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from playwright.sync_api import Page

from tests.browser.citizens import browsing, link
from tests.browser.test_home_light import everything
from tests.browser.town import opened

VISITS = 15
PAINTED = """
globalThis.painted = new Promise((done) => {
  new MutationObserver((_, observer) => {
    if (!document.querySelector(".departures time")) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now())));
  }).observe(document, { childList: true, subtree: true });
});
"""


def took_ms(page: Page) -> float:
    return float(page.evaluate("painted"))


def main() -> None:
    with (
        TemporaryDirectory() as data,
        opened(Path(data)) as town,
        browsing() as browser,
    ):
        tiles = everything(town)
        newcomer, first, again = [], [], []
        for _ in range(VISITS):
            page = browser.new_page(locale="fr-FR")
            page.add_init_script(PAINTED)
            page.goto(town.address)
            newcomer.append(took_ms(page))
            page.close()
            page = browser.new_page(locale="fr-FR")  # not watched: that takes its time, too
            page.add_init_script(PAINTED)
            page.goto(link(town, *tiles))
            first.append(took_ms(page))
            page.wait_for_function("async () => Boolean(await navigator.serviceWorker.ready)")
            page.reload()
            again.append(took_ms(page))
            page.close()
    for name, all_times in (("newcomer", newcomer), ("first visit", first), ("again", again)):
        times = all_times[1:]  # the first one warms what is on the way
        print(f"{name}: median {median(times):.0f} ms, {min(times):.0f} to {max(times):.0f} ms")


if __name__ == "__main__":
    main()
