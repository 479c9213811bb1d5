"""Ported: a city beyond the first is its own file, and no line of code knows of it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = [
    path
    for folder in ("schema", "resolvers", "sources", "cities", "server")
    for path in (ROOT / folder).rglob("*.py")
    if "node_modules" not in path.parts
]
NAMES = ("bordeaux", "tbm", "mecatran")


def words(path: Path) -> Iterator[str]:
    """The names and texts of a module; what it explains may name whom it likes."""
    tree = ast.parse(path.read_text("utf-8"))
    explained = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in explained:
                yield node.value
        elif isinstance(node, ast.Name | ast.arg):
            yield node.id if isinstance(node, ast.Name) else node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute):
            yield node.attr


def test_bordeaux_has_a_file() -> None:
    assert (ROOT / "cities/bordeaux.toml").exists()
    assert len(CODE) > 100


@pytest.mark.parametrize("name", NAMES)
def test_no_line_of_code_is_for_bordeaux(name: str) -> None:
    found = {
        path.relative_to(ROOT) for path in CODE for word in words(path) if name in word.lower()
    }
    assert not found
