"""Colours: a line's own, and a text colour that can be read on it.

https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
"""

import re

BLACK, WHITE = "000000", "FFFFFF"
LEGIBLE = 3  # what WCAG asks of large text and of signs


def colour(text: str | None) -> str | None:
    """Six hexadecimal digits, or None: GTFS leaves `#` out, some feeds do not."""
    digits = (text or "").removeprefix("#").upper()
    return digits if re.fullmatch(r"[0-9A-F]{6}", digits) else None


def legible(text: str | None, background: str) -> str:
    """The text colour if it can be read on the background, else black or white: what is clearer."""
    if text is not None and contrast(text, background) >= LEGIBLE:
        return text
    return max(BLACK, WHITE, key=lambda one: contrast(one, background))


def contrast(one: str, other: str) -> float:
    """How well two colours stand out from each other: 1 is not at all, 21 is black on white."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """How bright it looks, between 0 and 1."""
    red, green, blue = (_linear(byte / 255) for byte in bytes.fromhex(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    """The light of a channel of sRGB, whose numbers follow the eye."""
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
