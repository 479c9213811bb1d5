"""Archive: the files in a zip from somebody else, opened with care.

Read: files in a folder, a zip in the zip, paths with backslashes. Passed over:
what macOS leaves behind. Refused: encryption, compression other than deflate, bombs.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, EIO, EMFILE, ENOSPC, EROFS
from io import BytesIO
from pathlib import Path
from typing import IO

MIB = 1 << 20
MAX_RATIO = 200  # timetables deflate to a twentieth of their size, bombs to a thousandth
ENCRYPTED = 0x1
DISK = {EDQUOT, EIO, EMFILE, ENOSPC, EROFS}  # what is wrong with our machine, and not with a zip


@contextmanager
def archive_of(zipped: IO[bytes] | Path, file: str, limit: int) -> Iterator[zipfile.ZipFile]:
    """The zip, or the one zip within it, whichever has `file`; ValueError if it is no good.

    What goes wrong while its files are read is a ValueError, too; but not the disk's own (OSError).
    """
    try:
        with zipfile.ZipFile(zipped) as outer:
            zips = [] if _members(outer, f"/{file}") else _members(outer, ".zip")
            if len(zips) != 1:
                yield outer
                return
            inner = BytesIO(outer.read(_checked(zips[0], limit)))
        with zipfile.ZipFile(inner) as nested:
            yield nested
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno in DISK:
            raise
        raise ValueError(f"not a zip, or a broken one: {error}") from None


def find_file(archive: zipfile.ZipFile, file: str, limit: int) -> IO[bytes] | None:
    """A file of the zip, out of any folder, unzipped as it is read: at most `limit` bytes."""
    for member in _members(archive, f"/{file}"):
        return archive.open(_checked(member, limit))
    return None


def _members(archive: zipfile.ZipFile, end: str) -> list[zipfile.ZipInfo]:
    """The files whose path ends so, shallowest first; macOS's shadows of them are none."""
    paths = [(f"/{member.filename}".replace("\\", "/"), member) for member in archive.infolist()]
    found = [
        (path.count("/"), member)
        for path, member in paths
        if path.endswith(end) and "/__MACOSX/" not in path and "/._" not in path
    ]
    return [member for _, member in sorted(found, key=lambda one: one[0])]


def _checked(member: zipfile.ZipInfo, limit: int) -> zipfile.ZipInfo:
    """The member, if it may be unzipped. Its own word on its size binds: zipfile stops there."""
    name, size = member.filename[:100], member.file_size
    if member.flag_bits & ENCRYPTED:
        raise ValueError(f"{name} is encrypted")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} is neither stored nor deflated")
    if size > limit:
        raise ValueError(f"{name} unzips to {size} bytes, more than the {limit} allowed")
    if size > MIB and size > MAX_RATIO * member.compress_size:
        raise ValueError(f"{name} unzips to {size} bytes from {member.compress_size}: a bomb")
    return member
