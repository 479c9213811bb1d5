"""Gtfs: GTFS Schedule, the zip of CSV files in which a network publishes all it plans.

https://gtfs.org/documentation/schedule/reference/

    url            the zip; or, with `dataset`, the Opendatasoft portal that keeps it
    dataset        the portal's dataset whose record says where the zip is: the address
                   changes with each issue
    attachment     the record's column that says so: "fichier" unless told
    file           which file of the zip is read, such as "stops.txt"
    max_unzipped   bytes that the file may unzip to: 256 MiB unless told

One row per line under the file's own column names; what is empty is None. What translations.txt
says of a value makes a list of it: `[{"text": its own}, {"text": ..., "language": "en"}]`.
Tables that differ in `file` only share one download.

Habits understood: byte order marks, files in a folder, a zip in the zip, macOS
leftovers, spaces around values, values left out at a line's end, and Latin-1
where UTF-8 is required. Values have no line breaks (the reference forbids them),
so a quote that is never closed costs its own line and no other. Refused:
encryption, compression other than deflate, and bombs.
"""

import csv
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import IO, Any
from zipfile import ZipFile

import msgspec
from pydantic import Field

from sources.archive import MIB, archive_of, find_file
from sources.protocols import Ask, Speaks
from sources.protocols.opendatasoft import dataset_url

BOM = b"\xef\xbb\xbf"
TRANSLATIONS = "translations.txt"
IDS = {"stops.txt": "stop_id", "routes.txt": "route_id"}  # what its `record_id` is in each
Row = dict[str, Any]  # texts, or None; lists of them in several languages
# By field, and by record or by value.
Translations = dict[tuple[str, str | None, str | None], list[Mapping[str, str | None]]]


class Gtfs(Speaks):
    url: str
    dataset: str | None = None
    attachment: str = "fichier"
    file: str
    max_unzipped: int = Field(default=256 * MIB, ge=1)

    async def fetch(self, ask: Ask) -> bytes:
        url = self.url
        if self.dataset is not None:
            records = f"{dataset_url(self.url, self.dataset)}/records"
            url = _attached((await ask.get(records, {"limit": "1"})).body, self.attachment)
        return (await ask.get(url, whole=True)).body

    def rows(self, body: bytes) -> Iterator[Row]:
        """One row per line; a line that cannot be split is an empty row, for the reader to drop."""
        with archive_of(BytesIO(body), self.file, self.max_unzipped) as archive:
            lines = find_file(archive, self.file, self.max_unzipped)
            if lines is None:
                raise ValueError(f"no {self.file} in the zip")
            translated = self._translations(archive)
            for row in _rows(lines, self.file):
                yield _translated(row, self.file, translated) if translated else row

    def _translations(self, archive: ZipFile) -> Translations:
        """What is said of this file's values in other languages, by record or by the value.

        Nothing where the file of them is no good: then names are as they are.
        """
        found: Translations = {}
        try:
            lines = find_file(archive, TRANSLATIONS, self.max_unzipped)
            for row in _rows(lines, TRANSLATIONS) if lines is not None else ():
                field, text, by_id = (
                    row.get(c) for c in ("field_name", "translation", "record_id")
                )
                if row.get("table_name") == self.file.removesuffix(".txt") and field and text:
                    said = {"text": text, "language": row.get("language")}
                    of = (field, by_id, None if by_id else row.get("field_value"))
                    found.setdefault(of, []).append(said)
        except ValueError:
            return {}
        return found

    def feed(self) -> str:
        return f"{type(self).__name__}{self.model_dump_json(exclude={'file'})}"


def _translated(row: Row, file: str, translated: Translations) -> Row:
    """A record, with its values in all languages where there are several."""
    record = row.get(IDS.get(file, ""))
    for field, value in row.items():
        said = translated.get((field, record, None)) if isinstance(record, str) else None
        said = said or translated.get((field, None, value if isinstance(value, str) else None))
        if value and said:
            row[field] = [{"text": value}, *said]
    return row


def _attached(body: bytes, column: str) -> str:
    """The address of the file that is attached to the first record."""
    try:
        url = msgspec.json.decode(body)["results"][0][column]["url"]
    except (msgspec.DecodeError, RecursionError, LookupError, TypeError):
        url = None
    if not isinstance(url, str):
        raise ValueError(f"no record with a file in `{column}`: {body[:200]!r}")
    return url


def _rows(lines: IO[bytes], file: str) -> Iterator[Row]:
    columns = _split(next(lines, b"").removeprefix(BOM))
    if not columns:
        raise ValueError(f"{file} has no header")
    for line in lines:
        values = _split(line)
        if values is None or any(values[len(columns) :]):
            yield {}
        elif any(values):
            values += [""] * (len(columns) - len(values))
            yield {name: value or None for name, value in zip(columns, values, strict=False)}


def _split(line: bytes) -> list[str] | None:
    """The values of a line, stripped; None if a quote in it is never closed."""
    line = line.rstrip(b"\r\n") + b"\n"
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = line.decode("latin-1")
    try:
        values = next(csv.reader((text,), skipinitialspace=True))
    except csv.Error:
        return None
    return None if values and "\n" in values[-1] else [value.strip() for value in values]
