"""Corpus: requests meant to hurt, each with the status and the code that refuses it."""

import gzip
import json
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Hostile:
    """A body, the status it must get and, where the answer is GraphQL, its error's code."""

    body: bytes
    status: int
    code: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


def asking(query: str, status: int = 422, code: str = "LIMIT_EXCEEDED", **more: object) -> Hostile:
    return Hostile(json.dumps({"query": query, **more}).encode(), status, code)


def hostile_header(name: str, status: int, start: str = "") -> Hostile:
    return Hostile(b'{"query": "{ __typename }"}', status, None, {name: start + "x" * 20_000})


def block(inside: str) -> str:
    return "{ " + inside + " }"


def pools(argument: str) -> str:
    return "{ pools(" + argument + ") { totalCount } }"


def unknown(count: int) -> str:
    return " ".join(f"x{n}: 1" for n in range(count))


def bomb(doublings: int) -> str:
    """2 ** doublings fields, in a document of some 30 bytes each."""
    parts = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(doublings)]
    return " ".join(["{ ...F0 }", *parts, f"fragment F{doublings} on Query {{ __typename }}"])


def deep_bomb(doublings: int) -> str:
    """The same through fields, which execution does not merge."""
    parts = [
        f"fragment F{n} on Pool {{ a: stops {{ pools {{ ...F{n + 1} }} }} "
        f"b: stops {{ pools {{ ...F{n + 1} }} }} }}"
        for n in range(doublings)
    ]
    top = "{ pools { nodes { ...F0 } } }"
    return " ".join([top, *parts, f"fragment F{doublings} on Pool {{ name }}"])


def ring(length: int) -> str:
    parts = [f"fragment F{n} on Query {{ ...F{(n + 1) % length} }}" for n in range(length)]
    return " ".join(["{ ...F0 }", *parts])


CYCLE = "{ pools { nodes { ...A } } } fragment A on Pool { stops { pools { ...A } } }"
CHAIN = " ".join(
    [
        "{ ...F0 ...F0 ...F0 ...F0 }",
        *(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(130)),
        "fragment F130 on Query { __typename }",
    ]
)
INTROSPECTION = " ".join(
    f"a{n}: __schema {{ types {{ fields {{ args {{ type {{ name }} }} }} }} }}" for n in range(19)
)

CORPUS = {
    "fragment bomb of 2^40": asking(bomb(40)),
    "fragment bomb through fields": asking(deep_bomb(20)),
    "fragment cycle": asking(CYCLE, code="GRAPHQL_VALIDATION_FAILED"),
    "fragment of itself": asking(ring(1), code="GRAPHQL_VALIDATION_FAILED"),
    "ring of 100 fragments": asking(ring(100), code="GRAPHQL_VALIDATION_FAILED"),
    "bomb that nobody uses": asking("{ __typename } " + bomb(40)[9:]),
    "10,000 aliases": asking(
        block(" ".join(f"a{n}: __typename" for n in range(10_000))), 413, None
    ),
    "900 aliases in few tokens": asking(block(" ".join(f"a{n}: a" for n in range(330)))),
    "10,000 directives": asking(block("__typename" + " @a" * 10_000), 400),
    "400 directives": asking(block("__typename" + " @a" * 400)),
    "300 root fields": asking(block(" ".join(f"a{n}" for n in range(300)))),
    "nesting of 5,000": asking("{ pools " * 5_000 + "}" * 5_000, 400, "GRAPHQL_PARSE_FAILED"),
    "nesting of 30": asking("{ pools " * 30 + "}" * 30),
    "nested lists of 490": asking(
        pools("first: " + "[" * 490 + "]" * 490),
        400,
        "GRAPHQL_PARSE_FAILED",
    ),
    "nested inline fragments": asking("{ ... " * 300 + "{ __typename }" + "}" * 300, 400, None),
    "240 duplicate keys": asking(block("__typename " * 240)),
    "duplicate keys below each other": asking(block(("pools" + block("nodes { id } " * 15)) * 15)),
    "duplicate keys across fragments": asking(
        block(" ".join(f"...F{n}" for n in range(60)))
        + " ".join(f"fragment F{n} on Query {{ __typename }}" for n in range(60))
    ),
    "240 unknown input fields": asking(pools("near: " + block(unknown(240)))),
    "unknown input fields in a default": asking(
        "query ($a: Near = " + block(unknown(240)) + ") { pools(near: $a) { totalCount } }"
    ),
    "5,000 unknown input fields in a variable": asking(
        "query ($a: Near) { pools(near: $a) { totalCount } }",
        code="BAD_USER_INPUT",
        variables={"a": {f"x{n}": 1 for n in range(5_000)}},
    ),
    "a long value, many times wrong": asking(
        pools("near: " + block(unknown(7) + ' long: "' + "x" * 60_000 + '"')),
        code="BAD_USER_INPUT",
    ),
    "introspection many times": asking(block(INTROSPECTION)),
    "1 MB of query": asking("{ __typename }" + " " * 1_000_000, 413, None),
    "100 KB of query": asking("{ __typename }" + " " * 100_000, 400),
    "60 KB of comments": asking("#\n" * 30_000 + "{ __typename }", 400),
    "1 MB of variables": asking("{ __typename }", 413, None, variables={"a": "x" * 1_000_000}),
    "long chain of fragments": asking(CHAIN, 400),
    "a page of a million": asking(
        "{ pools(first: 1000000) { nodes { name } } }", code="COST_ESTIMATED_TOO_EXPENSIVE"
    ),
    "a literal of 50,000 digits": asking(pools("first: " + "9" * 50_000), code="BAD_USER_INPUT"),
    "an id of 50,000 digits": asking(
        "{ pool(id: " + "9" * 50_000 + ") { name } }", 200, "BAD_USER_INPUT"
    ),
    "an integer of a million digits": Hostile(
        b'{"query": "{ __typename }", "variables": {"n": %s}}' % (b"9" * 1_000_000), 413
    ),
    "an integer of 100,000 digits": Hostile(
        b'{"query": "{ __typename }", "variables": {"n": %s}}' % (b"9" * 100_000), 400
    ),
    "an integer beyond all": asking(
        "query ($n: Int) { pools(first: $n) { totalCount } }",
        code="BAD_USER_INPUT",
        variables={"n": 10**200},
    ),
    "an expensive number": asking(
        "query ($n: Int) { pools(first: $n) { nodes { name } } }",
        code="COST_ESTIMATED_TOO_EXPENSIVE",
        variables={"n": 10**300},
    ),
    "bad UTF-8": Hostile(b'{"query": "\xc3\x28"}', 400),
    "NUL bytes": Hostile(b'{"query": "{ __type\x00name }"}', 400),
    "NUL in the document": asking("{ __type\0name }", 400, "GRAPHQL_PARSE_FAILED"),
    "NUL in a string": asking('{ pools(name: "\0") { totalCount } }', 200, None),
    "lone surrogate in JSON": Hostile(b'{"query": "{ pools(name: \\"\\ud800\\") { id } }"}', 400),
    "lone surrogate in a string": asking(
        '{ pools(name: "\\uD800") { totalCount } }', 400, "GRAPHQL_PARSE_FAILED"
    ),
    "100,000 brackets": Hostile(b"[" * 100_000, 400),
    "1,000 brackets, closed": Hostile(b"[" * 1_000 + b"]" * 1_000, 422, "BAD_REQUEST"),
    "brackets in variables": Hostile(
        b'{"query": "{ __typename }", "variables": {"a": %s}}' % (b"[" * 1_010 + b"]" * 1_010), 200
    ),
    "a key twice in JSON": Hostile(b'{"query": "{ a }", "query": "{ __typename }"}', 200),
    "a key 5,000 times": Hostile(
        b'{%s "query": "{ __typename }"}' % (b'"query": 1, ' * 5_000), 200
    ),
    "3,000 representations": asking(
        "query ($all: [_Any!]!) { _entities(representations: $all) { __typename } }",
        200,
        "BAD_USER_INPUT",
        variables={"all": [{"__typename": "No", "id": "a"}] * 3_000},
    ),
    "10,000 representations": asking(
        "query ($all: [_Any!]!) { _entities(representations: $all) { __typename } }",
        413,
        None,
        variables={"all": [{"__typename": "No", "id": "a"}] * 10_000},
    ),
    "an array of 1,000 operations": Hostile(
        b"[%s]" % b",".join([b'{"query": "{ __typename }"}'] * 1_000), 422, "BAD_REQUEST"
    ),
    "a gzip bomb": Hostile(
        gzip.compress(b" " * 10_000_000), 415, None, {"content-encoding": "gzip"}
    ),
    "a list of content codings": Hostile(b"{}", 415, None, {"content-encoding": "br, gzip"}),
    "hostile Accept": Hostile(b"{}", 406, None, {"accept": "a/b;q=0," * 2_000}),
    "a long key": hostile_header("x-api-key", 401),
    "a long token": hostile_header("authorization", 401, "Bearer "),
    "a long name of a scheme": hostile_header("authorization", 200),
    "a long origin": hostile_header("origin", 200),
    "a long id of the request": hostile_header("x-request-id", 200),
    "a long way here": hostile_header("x-forwarded-for", 200),
    "much to be explained": hostile_header("x-poche-explain", 200),
    "many tags": hostile_header("if-none-match", 200, '"a",' * 5_000),
    "many languages of one's own": hostile_header("accept-encoding", 200, "a;q=0.1," * 5_000),
    "5,000 members": Hostile(
        json.dumps({"query": "{ __typename }", **{f"m{n}": 0 for n in range(5_000)}}).encode(), 200
    ),
    "an operation name of 100 KB": asking(
        "query A { __typename } query B { __typename }",
        code="OPERATION_RESOLUTION_FAILURE",
        operationName="x" * 100_000,
    ),
}
