"""Icons: `icon.svg` as the pictures that home screens ask for.

    python -m tests.browser.icons

writes `icon-192.png` and `icon-512.png` beside it, anew.
"""

from server import home
from tests.browser.citizens import browsing

ICONS = home.HERE / "icons"
SIZES = (192, 512)


def main() -> None:
    drawing = (ICONS / "icon.svg").read_text("utf-8")
    with browsing() as browser:
        for size in SIZES:
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(f"<style>body{{margin:0}}svg{{display:block}}</style>{drawing}")
            page.screenshot(path=ICONS / f"icon-{size}.png")
            page.close()


if __name__ == "__main__":
    main()
