"""Csv: a file of rows with a header, as spreadsheets write it (RFC 4180, with its variants).

https://www.rfc-editor.org/rfc/rfc4180

    url         the file's address
    separator   between cells: "," unless told, or ";" (usual in France), "\t", "|"
    encoding    "utf-8" unless told, with or without a byte order mark; or "cp1252" (what
                spreadsheets call ANSI), "latin-1", "utf-16"
    quote       around cells that hold a separator, a quote (doubled) or a new line: '"' unless
                told, or "'"; "" = none, quotes are text

One call. Rows are cells by the names of the first line, without the blanks around either; all
are texts, "" where there is nothing. A line of other length than the first has slipped: it is
dropped, and so counted, but where it only lacks empty cells at its end. A file in which the
first line is a single cell is refused (the separator is another, or it is a page that says
sorry), and so are bytes that the encoding does not have: better none than `MÃ©diathÃ¨que`.
"""

import csv
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any, Literal

from sources.protocols import Ask, Speaks

MOST_COLUMNS = 1_000  # and 131,072 characters in a cell, which is Python's own bound


class Csv(Speaks):
    url: str
    separator: Literal[",", ";", "\t", "|"] = ","
    encoding: Literal["utf-8", "cp1252", "latin-1", "utf-16"] = "utf-8"
    quote: Literal['"', "'", ""] = '"'

    async def fetch(self, ask: Ask) -> bytes:
        return (await ask.get(self.url, whole=True)).body

    def rows(self, body: bytes) -> Iterator[Mapping[str, Any]]:
        text = body.decode(self.encoding).removeprefix("\ufeff")
        lines = csv.reader(
            StringIO(text, newline=""),
            delimiter=self.separator,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
        )
        try:
            header = [name.strip() for name in next(lines, [])]
            if not 1 < len(header) <= MOST_COLUMNS:
                raise ValueError(f"{len(header)} columns; begins {text[:200]!r}")
            for cells in lines:
                if cells:  # a blank line is none
                    yield _row(header, cells)
        except csv.Error as error:
            raise ValueError(f"line {lines.line_num}: {error}") from None


def _row(header: list[str], cells: list[str]) -> Mapping[str, str]:
    """An empty row where the cells are not the header's."""
    if len(cells) > len(header):
        return {}
    padded = cells + [""] * (len(header) - len(cells))
    return {name: cell.strip() for name, cell in zip(header, padded, strict=True)}
