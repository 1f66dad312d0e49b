"""Which public names the test modules say they cover, read from their text without running them.

`COVERS` is a tuple of names, or an expression over literals of the same module: generator
expressions over tuples and tables (of which the keys count), f-strings, sums, sorted and tuple.
"""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]


def covered() -> dict[str, list[str]]:
    """The test files that cover each name."""
    found: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for name in claims(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(name, []).append(str(path.relative_to(TESTS)))
    return found


def claims(tree: ast.Module) -> list[str]:
    """The names in a module's COVERS, none without one."""
    module = _Module(tree)
    if "COVERS" not in module.assigned:
        return []
    names = list(module.value(module.assigned["COVERS"], {}))
    wrong = [name for name in names if not isinstance(name, str)]
    if wrong:
        raise TypeError(f"COVERS holds names; got {wrong}")
    return names


class _Module:
    """The module-level assignments and imports of a module, and what expressions over them give."""

    def __init__(self, tree: ast.Module):
        self.assigned: dict[str, ast.expr] = {}
        self.imported: dict[str, str] = {}
        for node in tree.body:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self.assigned[target.id] = node.value
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                if node.value is not None:
                    self.assigned[node.target.id] = node.value
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    self.imported[alias.asname or alias.name] = alias.name
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self.imported[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def value(self, node: ast.expr, local: dict[str, Any]) -> Any:
        """What an expression gives; a table stands for its keys."""
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name) if name in local:
                return local[name]
            case ast.Name(id=name) if name in self.assigned:
                return self.value(self.assigned[name], {})
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
                return tuple(self._items(items, local))
            case ast.Dict(keys=keys):
                return tuple(self._keys(node, keys, local))
            case ast.JoinedStr(values=parts):
                return "".join(str(self.value(part, local)) for part in parts)
            case ast.FormattedValue(value=inner):
                return self.value(inner, local)
            case ast.BinOp(left=left, op=ast.Add() | ast.BitOr(), right=right):
                return self.value(left, local) + self.value(right, local)
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
                return tuple(self._each(node.elt, node.generators, local))
            case ast.DictComp(key=key, generators=generators):
                return tuple(self._each(key, generators, local))
            case ast.Call(func=ast.Name(id="tuple" | "sorted" | "list" | "set"), args=[inner]):
                return tuple(self.value(inner, local))
            case ast.Call(func=ast.Attribute(value=inner, attr="keys" | "items"), args=[]):
                return self.value(inner, local)
            case ast.Attribute(value=ast.Name(id=name), attr="__all__") if name in self.imported:
                return tuple(importlib.import_module(self.imported[name]).__all__)
        raise ValueError(f"line {node.lineno}: COVERS cannot be read from {ast.unparse(node)!r}")

    def _items(self, items: list[ast.expr], local: dict[str, Any]) -> Iterator[Any]:
        for item in items:
            if isinstance(item, ast.Starred):
                yield from self.value(item.value, local)
            else:
                yield self.value(item, local)

    def _keys(self, node: ast.Dict, keys: Any, local: dict[str, Any]) -> Iterator[Any]:
        for key, value in zip(keys, node.values, strict=True):
            if key is None:
                yield from self.value(value, local)
            else:
                yield self.value(key, local)

    def _each(
        self, element: ast.expr, loops: list[ast.comprehension], local: dict[str, Any]
    ) -> Iterator[Any]:
        if not loops:
            yield self.value(element, local)
            return
        loop = loops[0]
        if loop.ifs:
            raise ValueError(f"line {element.lineno}: COVERS is read without conditions")
        for value in self.value(loop.iter, local):
            inner = dict(local)
            if isinstance(loop.target, ast.Name):
                inner[loop.target.id] = value
            elif isinstance(loop.target, ast.Tuple):
                # Rows of a table, or its keys where `.items()` was asked for.
                row = value if isinstance(value, tuple) else (value,)
                for target, part in zip(loop.target.elts, row, strict=False):
                    if isinstance(target, ast.Name):
                        inner[target.id] = part
            yield from self._each(element, loops[1:], inner)
