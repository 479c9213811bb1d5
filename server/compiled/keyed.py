"""Keyed: the key that a field ends in, made without the coroutine around it.

Nearly all our fields that wait do so once, at their end: `return await
info.context.load(SomeKey(...))`. One such field is asked of each object of a list, so it
is taken apart: all that comes before becomes a plain function, and objects that agree in
the attributes that it reads share their key.
"""

import ast
import linecache
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from textwrap import dedent
from types import CodeType, FunctionType
from typing import Any

from resolvers import Loaders
from schema.key import Key
from server.compiled.alike import ONLY
from server.compiled.encoded import Encoded

KEY = 400  # bytes of one that is kept, and of what it is kept by
CLOSING = 5  # lines after the last that does anything, for brackets alone
# What else could wait, or read something out of our sight.
OTHERWISE = (ast.Yield, ast.YieldFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True)
class KeyMaker:
    """`make` takes what the field's function takes; `reads` is all that it reads of an object.

    `lasting` is whether its key is the same for all requests that are made of the same cities,
    with the same arguments.
    """

    make: Callable[..., Any]
    info: str
    reads: Callable[[Any], Hashable]
    lasting: bool


class Keys:
    """Those of one field of a program, as they were made for the arguments that it has now."""

    def __init__(self, encoded: Encoded, maker: KeyMaker) -> None:
        self.reads = maker.reads
        self._maker = maker
        self._encoded = encoded
        self._known: dict[Hashable, Key[Any]] = {}
        self._made_of: tuple[Any, ...] = ()
        encoded.add(self)

    def known(self, loaders: Loaders, arguments: dict[str, Any]) -> dict[Hashable, Key[Any]] | None:
        """By what is read of objects; None if they are other keys than those of the last time."""
        made_of = loaders.home, loaders.cities, arguments
        if self._maker.lasting and made_of == self._made_of:
            return self._known
        if self._maker.lasting:
            self.forget()
            self._made_of = made_of
        return None

    def make(self, info: object, arguments: dict[str, Any]) -> Callable[[Any], Any]:
        """What makes them, of an object each."""
        return partial(self._maker.make, **{self._maker.info: info}, **arguments)

    def keep(self, read: Hashable, key: Key[Any]) -> None:
        """Know a key that was made for these arguments, if there is room."""
        if read is not ONLY and self._encoded.room(KEY) and read not in self._known:
            self._encoded.bytes += KEY
            self._known[read] = key

    def forget(self) -> None:
        gone, self._known = self._known, {}
        self._encoded.bytes -= KEY * len(gone)

    def __del__(self) -> None:  # with the plan
        self.forget()


def key_maker(function: Callable[..., Any], info: str) -> KeyMaker | None:
    """How the only key is made that a field of an object waits for; None if it does more.

    `info` is the name of that parameter; the object is the first one.
    """
    if not isinstance(function, FunctionType) or function.__closure__:
        return None
    definition = _definition(function)
    if definition is None or not _ends_in_key(definition, info):
        return None
    read = _read(definition)
    if read is None:
        return None
    reads = attrgetter(*sorted(read)) if read else _alike
    return KeyMaker(_made(definition, function), info, reads, _lasts(definition, info))


def _definition(function: FunctionType) -> ast.AsyncFunctionDef | None:
    """A function as its file has it; None if what is there is not what runs."""
    ours = function.__code__
    lines = linecache.getlines(ours.co_filename)
    last = max((line for *_, line in ours.co_lines() if line), default=0)
    for end in range(last, last + CLOSING):
        try:
            [found] = ast.parse(dedent("".join(lines[ours.co_firstlineno - 1 : end]))).body
        except (SyntaxError, ValueError):
            continue
        if not isinstance(found, ast.AsyncFunctionDef):
            return None
        found.decorator_list, found.returns, parameters = [], None, found.args
        for one in (*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs):
            one.annotation = None
        parameters.defaults, parameters.kw_defaults = [], [None] * len(parameters.kwonlyargs)
        return found if _same(_compiled(found), ours) else None
    return None


def _same(one: CodeType, other: CodeType) -> bool:
    return (
        one.co_code == other.co_code
        and one.co_names == other.co_names
        and one.co_varnames == other.co_varnames
        and len(one.co_consts) == len(other.co_consts)
        and all(
            a == b and type(a) is type(b)
            for a, b in zip(one.co_consts, other.co_consts, strict=True)
            if not isinstance(a, CodeType)
        )
    )


def _ends_in_key(definition: ast.AsyncFunctionDef, info: str) -> bool:
    """Whether it waits for `info.context.load(key)`, last, and for nothing else; then it does not
    any more, but returns the key."""
    inside = [one for statement in definition.body for one in ast.walk(statement)]
    waits = sum(isinstance(one, ast.Await | ast.AsyncFor | ast.AsyncWith) for one in inside)
    if waits != 1 or any(isinstance(one, OTHERWISE) for one in inside):
        return False
    match definition.body[-1]:
        case ast.Return(
            ast.Await(
                ast.Call(ast.Attribute(ast.Attribute(ast.Name(name), "context"), "load"), [key], [])
            )
        ) if name == info:
            definition.body[-1] = ast.Return(key)
            return True
    return False


def _read(definition: ast.AsyncFunctionDef) -> frozenset[str] | None:
    """The attributes of the object that are read; None if more is done with it."""
    this, found = definition.args.args[0].arg, set[str]()
    names = 0
    for one in ast.walk(definition):
        match one:
            case ast.Name(name) if name == this:
                names += 1
            case ast.Attribute(ast.Name(name), attribute, ast.Load()) if name == this:
                found.add(attribute)
                names -= 1
            case ast.Call(ast.Attribute(ast.Name(name))) if name == this:  # a method reads more
                return None
    return frozenset(found) if names == 0 else None


def _lasts(definition: ast.AsyncFunctionDef, info: str) -> bool:
    """Whether nothing of a request is looked at but its cities."""
    names = [one for one in ast.walk(definition) if isinstance(one, ast.Name) and one.id == info]
    cities = 0
    for one in ast.walk(definition):
        match one:
            case ast.Call(ast.Attribute(ast.Attribute(ast.Name(name), "context"), "city")):
                cities += name == info
    return len(names) == cities


def _made(definition: ast.AsyncFunctionDef, like: FunctionType) -> FunctionType:
    """The function that makes the key, of what another one takes."""
    plain = ast.FunctionDef(like.__name__, definition.args, definition.body, [])
    made = FunctionType(_compiled(plain), like.__globals__, like.__name__, like.__defaults__)
    made.__kwdefaults__ = like.__kwdefaults__
    return made


def _compiled(definition: ast.FunctionDef | ast.AsyncFunctionDef) -> CodeType:
    module = ast.fix_missing_locations(ast.Module([definition], []))
    code = compile(module, "<key>", "exec", dont_inherit=True)
    return next(one for one in code.co_consts if isinstance(one, CodeType))


def _alike(_: Any) -> Hashable:
    return None
