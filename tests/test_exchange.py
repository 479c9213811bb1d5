"""Addresses: whoever parses them, they are the same ones."""

from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sources.exchange import PLAIN, parsed
from sources.replies import is_private

HOSTS = [
    "data.example",
    "data.example:8080",
    "data.example:80",
    "data.example:443",
    "data.example:08",
    "127.0.0.1:9100",
    "999.1.1.1",
    "a..b",
    "[::1]:80",
    "xn--mnchen-3ya.example",
    "UPPER.example",
    "",
]


@given(
    st.sampled_from(["http://", "https://", "ftp://", "//", ""]),
    st.sampled_from(HOSTS),
    st.text("ab/..?&=%2Ffé #'\"[]{}|\\^`~+:@;,\x7f", max_size=12),
)
@example("https://", "data.example", "/a/../b")
@example("https://", "data.example", "/%2f?%zz=1")
def test_an_address_is_what_httpx_makes_of_it(scheme: str, host: str, rest: str) -> None:
    url = f"{scheme}{host}{rest}"
    try:
        found = httpx.URL(url)
        whole = str(found), found.scheme, found.host, found.port
    except (httpx.InvalidURL, UnicodeError):
        with pytest.raises((httpx.InvalidURL, UnicodeError)):
            parsed(url)
        return
    assert parsed(url) == whole
    reached = urlsplit(parsed(url).url)  # as connections see it
    assert is_private(parsed(url).host) == is_private(reached.hostname or "")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9100/departures?key=7&stop=S1&stop=S2",
        "https://data.example/api/explore/v2.1/exports/json?where=a+%3D+%22b%22&limit=-1",
        "https://data.example",
    ],
)
def test_most_addresses_need_no_httpx(url: str) -> None:
    assert PLAIN.fullmatch(url)
    assert parsed(url).url == str(httpx.URL(url))
