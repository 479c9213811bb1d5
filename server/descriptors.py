"""Descriptors: how many clients may be connected, as each is an open file, and so is all else.

With none left, no upstream could be asked and no file read, for anybody. So some are kept back:
whoever comes when all others are taken is told so at once, and those who are there are served.
"""

import resource
from contextlib import suppress

KEPT_BACK = 256  # for upstreams, the store, files and listeners; half of a limit that is lower
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n"
    b"content-length: 0\r\n\r\n"
)


def raised() -> None:
    """Let this process open as many files as it may: what a shell gives to begin with is less."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # where a system gives less than it says
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def clients() -> int:
    """How many connections there may be."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        files = 1 << 20
    return files - min(KEPT_BACK, files // 2)
