"""Picture: the citizens' page as the README shows it, and on other screens.

    python -m tests.browser.picture FOLDER

writes `home.png`, and `home-320.png`, `home-768.png`, dark and light, to be looked at.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.browser.citizens import browsing, later, look_again, tile, visiting
from tests.browser.town import Town, opened

SIZES = {
    "home": (1280, 900, "light"),
    "home-320": (320, 900, "dark"),
    "home-768": (768, 900, "light"),
}


def tiles(town: Town) -> list[str]:
    """Somebody's morning."""
    commerce = town.platform(town.find("commerce"))
    found = map(town.find, ["ligne tram 1", "piscine petit port", "école alphonse braud"])
    tram, pool, school = found
    waste = "waste:10 Rue Crébillon 44000 Nantes"
    return [
        commerce,
        pool,
        town.station(),
        school,
        tram,
        "air:44109",
        town.find("parking commerce"),
        waste,
        "events:",
    ]


def main(folder: Path) -> None:
    with (
        TemporaryDirectory() as data,
        opened(Path(data)) as town,
        browsing() as browser,
        visiting(browser, town) as visit,
    ):
        for name, (width, height, scheme) in SIZES.items():
            size = {"width": width, "height": height}
            page = visit(*tiles(town), viewport=size, color_scheme=scheme)
            page.get_by_role("button", name="Le garder").click()
            tile(page, "Commerce").get_by_role("link", name="Temps réel").wait_for()
            page.get_by_text("En direct").wait_for()
            later(page, town, 70)
            look_again(page)
            tile(page, "Commerce").locator(".when.realtime").first.wait_for()
            page.screenshot(path=folder / f"{name}.png", full_page=name != "home")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
