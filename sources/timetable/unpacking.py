"""Unpacking: the files of a feed, out of the zip and in a shape that DuckDB reads well.

What is mended on the way: byte order marks, all line ends, and lines in Latin-1
where UTF-8 is required. A line with a quote that is never closed would swallow
the lines after it: it is emptied, so that the others keep their numbers.
"""

import csv
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sources.archive import MIB, find_file
from sources.arrays import np
from sources.timetable.layout import Problem

BOM = b"\xef\xbb\xbf"
LONGEST_LINE = MIB
QUOTE, NEWLINE = b'"'[0], b"\n"[0]
SPACED = (b", ", b" ,", b" \n", b'" ', b' "')
SHOWN = 100  # problems kept one by one; the rest are counted


@dataclass
class Problems:
    """What was wrong with a feed: some of it by line, all of it by file and in numbers."""

    bad_lines: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    shown: list[Problem] = field(default_factory=list)

    def bad_line(self, file: str, line: int, why: str) -> None:
        self.bad_lines[file] += 1
        if len(self.shown) < SHOWN:
            self.shown.append(Problem(file, line, why))

    def drop(self, why: str, count: int) -> None:
        if count:
            self.dropped[why] += count


class Unpacked(NamedTuple):
    """The names of a file's columns, and whether there are spaces around values."""

    names: list[str]
    spaced: bool


def unpack(
    archive: zipfile.ZipFile, file: str, into: Path, limit: int, problems: Problems
) -> Unpacked | None:
    """Write one file of the zip to the path `into`; None if it is not there, or empty.

    ValueError for what no feed has: files too large or encrypted, endless lines.
    """
    source = find_file(archive, file, limit)
    if source is None:
        return None
    with source, into.open("wb") as target:
        header = _mended(source.readline(LONGEST_LINE).removeprefix(BOM))
        target.write(b"\n")
        line, spaced = 2, False
        while chunk := source.read(MIB):
            chunk += source.readline(LONGEST_LINE)
            if len(chunk) >= MIB + LONGEST_LINE:
                raise ValueError(f"{file} has an endless line")
            chunk = _mended(chunk)
            if unclosed := _unclosed(chunk):
                lines = chunk.split(b"\n")
                for bad in unclosed:
                    problems.bad_line(file, line + bad, "a quote is never closed")
                    lines[bad] = b""
                chunk = b"\n".join(lines)
            target.write(chunk)
            if not spaced and b" " in chunk:
                spaced = any(pair in chunk for pair in SPACED)
            line += chunk.count(b"\n")
    try:
        names = next(csv.reader([header.decode()], skipinitialspace=True))
    except csv.Error as error:
        raise ValueError(f"{file} has no header: {error}") from None
    return Unpacked([name.strip() for name in names], spaced) if any(names) else None


def _mended(chunk: bytes) -> bytes:
    """The same lines, in UTF-8 and with one kind of end."""
    if b"\r" in chunk:
        chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if chunk.isascii():
        return chunk
    try:
        chunk.decode()
    except UnicodeDecodeError:
        return b"".join(_utf8(line) for line in chunk.splitlines(keepends=True))
    return chunk


def _utf8(line: bytes) -> bytes:
    try:
        line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1").encode()
    return line


def _unclosed(chunk: bytes) -> list[int]:
    """Which lines have an odd number of quotes, counted from 0."""
    if QUOTE not in chunk:
        return []
    letters = np.frombuffer(chunk, np.uint8)
    ends = np.append(np.flatnonzero(letters == NEWLINE), len(letters))
    before = np.searchsorted(np.flatnonzero(letters == QUOTE), ends)
    quotes = np.diff(before, prepend=0)
    found: list[int] = np.flatnonzero(quotes % 2).tolist()
    return found
