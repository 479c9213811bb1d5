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
from operator import attrgetter
from textwrap import dedent
from types import CodeType, FunctionType
from typing import Any

CLOSING = 5  # lines after the last that does anything, for brackets alone
# What else could wait, or read something out of our sight.
OTHERWISE = (ast.Yield, ast.YieldFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True)
class KeyMaker:
    """`make` takes what the field's function takes; `reads` is all that it reads of an object."""

    make: Callable[..., Any]
    reads: Callable[[Any], Hashable]


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
    return KeyMaker(_made(definition, function), attrgetter(*sorted(read)) if read else _alike)


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
