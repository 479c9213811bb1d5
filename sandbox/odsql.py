"""ODSQL: the query language of Opendatasoft, the part of it that a reader of city data needs.

where: `= != < > <= >=`, `in (a, b)`, `like`, `is [not] null`, `and or not ( )`,
`search(field, 'x')`, `within_distance(field, geom'POINT(lon lat)', 500m)`, strings in either
quotes, numbers, `date'2026-01-01'`, `now()`, `now(days=-2, hours=1)`.
A null equals nothing and differs from everything.
"""

import operator
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from math import cos, hypot, radians
from typing import Any

from sandbox.datasets import Field, Row

Test = Callable[[Row], bool]
METRES_PER_DEGREE = 111_195.0
TOKEN = re.compile(
    r"""\s*(?:
      (?P<point>geom\s*'\s*POINT\s*\(\s*(?P<lon>-?[\d.]+)\s+(?P<lat>-?[\d.]+)\s*\)\s*')
    | date\s*(?P<date>'[^']*'|"[^"]*")
    | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<length>\d+(?:\.\d+)?\s*k?m)\b
    | (?P<number>-?\d+(?:\.\d+)?)
    | `(?P<quoted>[^`]+)`
    | (?P<word>[A-Za-z_]\w*)
    | (?P<sign>!=|<=|>=|[=<>(),])
    )""",
    re.VERBOSE | re.IGNORECASE,
)
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


UNITS = ("weeks", "days", "hours", "minutes", "seconds")


class MalformedQuery(ValueError):
    """The portal answers it with 400 and `error_code: ODSQLError`."""

    def __init__(self, what: str, clause: str) -> None:
        super().__init__(
            f"ODSQL query is malformed: {what} Clause(s) containing the error(s): {clause}."
        )


def where(text: str, fields: Iterable[Field], now: datetime) -> Test:
    """The filter that a `where` clause describes at an instant; raises MalformedQuery."""
    parser = Parser(text, {field.name: field for field in fields}, now)
    test = parser.either()
    parser.expect("end")
    return test


def order_by(text: str, fields: Iterable[Field]) -> Callable[[list[Row]], list[Row]]:
    """The sorting that an `order_by` clause describes (`name, date desc`); nulls come last."""
    keys = []
    names = {field.name for field in fields}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\w+)(?:\s+(asc|desc))?\s*", part, re.IGNORECASE)
        if not match or match[1] not in names:
            raise MalformedQuery(part.strip(), "order_by")
        keys.append((match[1], (match[2] or "").lower() == "desc"))

    def ordered(rows: list[Row]) -> list[Row]:
        for name, descending in reversed(keys):
            known = [row for row in rows if row[name] is not None]
            known.sort(key=lambda row: comparable(row[name]), reverse=descending)
            rows = known + [row for row in rows if row[name] is None]
        return rows

    return ordered


def select(text: str, fields: Iterable[Field]) -> tuple[Field, ...]:
    """The fields that a `select` clause lists, in its order; `*` is all of them."""
    by_name = {field.name: field for field in fields}
    chosen: dict[str, Field] = {}
    for name in (part.strip(" `") for part in text.split(",")):
        if name == "*":
            chosen |= by_name
        elif name in by_name:
            chosen[name] = by_name[name]
        else:
            raise MalformedQuery(name, "select")
    return tuple(chosen.values())


class Parser:
    """Recursive descent over the tokens of a `where`; each method reads one rule."""

    def __init__(self, text: str, fields: dict[str, Field], now: datetime) -> None:
        self.fields = fields
        self.now = now
        self.tokens: list[tuple[str, str]] = []
        position = 0
        while text[position:].strip():
            match = TOKEN.match(text, position)
            if not match:
                raise self.malformed(text[position:].strip())
            kind = match.lastgroup or ""
            point = f"{match['lon']} {match['lat']}"
            self.tokens.append((kind, point if kind == "point" else match[kind]))
            position = match.end()
        self.tokens.append(("end", ""))

    def malformed(self, what: str) -> MalformedQuery:
        return MalformedQuery(f"unexpected {what}." if what else "unexpected end.", "where")

    def said(self, *words: str) -> bool:
        """Whether these words or signs come next; they are read if so."""
        ahead = [text.lower() for _, text in self.tokens[: len(words)]]
        if ahead != list(words):
            return False
        del self.tokens[: len(words)]
        return True

    def expect(self, kind: str, text: str = "") -> str:
        """The next token, which must be of that kind."""
        found, value = self.tokens[0]
        if found != kind or (text and value != text):
            raise self.malformed(value)
        if kind != "end":
            del self.tokens[0]
        return value

    def either(self) -> Test:
        tests = [self.both()]
        while self.said("or"):
            tests.append(self.both())
        return lambda row: any(test(row) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.said("and"):
            tests.append(self.one())
        return lambda row: all(test(row) for test in tests)

    def one(self) -> Test:
        if self.said("not"):
            negated = self.one()
            return lambda row: not negated(row)
        if self.said("("):
            test = self.either()
            self.expect("sign", ")")
            return test
        if self.said("search", "("):
            return self.search()
        if self.said("within_distance", "("):
            return self.within_distance()
        return self.comparison(self.field())

    def field(self) -> Field:
        kind, name = self.tokens.pop(0)
        if kind not in ("word", "quoted") or name not in self.fields:
            raise MalformedQuery(f"Unknown field: {name}.", "where")
        return self.fields[name]

    def literal(self, field: Field) -> object:
        """A value to compare with the field, in the field's own type."""
        if field.type in ("date", "datetime") and self.said("now", "("):
            return self.moment()
        kind, text = self.tokens.pop(0)
        if kind not in ("text", "date", "number"):
            raise self.malformed(text)
        if kind != "number":
            text = re.sub(r"\\(.)", r"\1", text[1:-1])
        if field.type in ("int", "double"):
            try:
                return float(text)
            except ValueError:
                raise MalformedQuery(f"{field.name} is a number.", "where") from None
        if field.type not in ("text", "date"):
            raise MalformedQuery(f"{field.name} cannot be compared.", "where")
        return text.replace("/", "-") if field.type == "date" else text

    def moment(self) -> str:
        """What is within the brackets of `now( )`, as an instant in UTC: days sort before it."""
        shift: dict[str, float] = {}
        while not self.said(")"):
            unit = self.expect("word")
            if unit not in UNITS:
                raise self.malformed(unit)
            self.expect("sign", "=")
            shift[unit] = float(self.expect("number"))
            self.said(",")
        then = self.now.astimezone(UTC) + timedelta(**shift)
        return f"{then:%Y-%m-%dT%H:%M:%S+00:00}"

    def comparison(self, field: Field) -> Test:
        name = field.name
        if self.said("is", "not", "null"):
            return lambda row: row[name] is not None
        if self.said("is", "null"):
            return lambda row: row[name] is None
        if self.said("in", "("):
            values = [self.literal(field)]
            while self.said(","):
                values.append(self.literal(field))
            self.expect("sign", ")")
            return lambda row: row[name] in values
        if self.said("like"):
            pattern = ".*".join(map(re.escape, plain(self.literal(field)).split("*")))
            return lambda row: re.search(pattern, plain(row[name])) is not None
        sign = self.expect("sign")
        if sign not in COMPARISONS:
            raise self.malformed(sign)
        compare, value = COMPARISONS[sign], self.literal(field)
        if sign == "!=":
            return lambda row: row[name] != value
        return lambda row: row[name] is not None and compare(row[name], value)

    def search(self) -> Test:
        """`search(field, 'words')` or `search('words')`: each word begins a word of the row."""
        names = [field.name for field in self.fields.values() if field.type == "text"]
        if self.tokens[0][0] != "text":
            names = [self.field().name]
            self.expect("sign", ",")
        wanted = [rf"\b{re.escape(word)}" for word in plain(self.expect("text")[1:-1]).split()]
        self.expect("sign", ")")
        return lambda row: all(
            re.search(word, plain(" ".join(str(row[name] or "") for name in names)))
            for word in wanted
        )

    def within_distance(self) -> Test:
        """`within_distance(field, geom'POINT(lon lat)', 500m)`, ends included."""
        field = self.field()
        if field.type != "geo_point_2d":
            raise MalformedQuery(f"{field.name} is no geo point.", "where")
        self.expect("sign", ",")
        lon, lat = map(float, self.expect("point").split())
        self.expect("sign", ",")
        length = self.expect("length").lower().replace(" ", "")
        metres = float(length[:-2]) * 1000 if length.endswith("km") else float(length[:-1])
        self.expect("sign", ")")

        def near(row: Row) -> bool:
            point = row[field.name]
            if not isinstance(point, dict):
                return False
            east = (point["lon"] - lon) * cos(radians(lat))
            return hypot(east, point["lat"] - lat) * METRES_PER_DEGREE <= metres

        return near


def comparable(value: object) -> tuple[float, str]:
    """A value as something that sorts with any other."""
    return (float(value), "") if isinstance(value, int | float) else (0.0, str(value))


def plain(value: object) -> str:
    """Text without case and accents, as full-text search sees it."""
    text = unicodedata.normalize("NFD", "" if value is None else str(value))
    return "".join(letter for letter in text if not unicodedata.combining(letter)).casefold()
