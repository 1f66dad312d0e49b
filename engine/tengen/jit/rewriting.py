"""Suggested source: a line that looks at a value, as it could stand without doing so."""

import ast
import linecache
import textwrap
from dataclasses import dataclass


@dataclass(frozen=True)
class Patch:
    """Lines `first` to `last` (from 1) of a file, what stands there, and what could."""

    file: str
    first: int
    last: int
    before: str
    after: str


def patch_for(file: str, line: int) -> Patch | None:
    """The change for the statement at a line, None where no safe one is known.

    `if` and `if/else` that assign one name become F.where; `return x.item()` returns the tensor;
    a `print` of a value is left out.
    """
    lines = linecache.getlines(file)
    if not 0 < line <= len(lines):
        return None
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:
        return None
    statement = _innermost(tree, line)
    if statement is None:
        return None
    made = _changed(statement)
    if made is None:
        return None
    first, last = statement.lineno, statement.end_lineno or statement.lineno
    before = "".join(lines[first - 1 : last])
    indent = before[: len(before) - len(before.lstrip())]
    after = textwrap.indent(ast.unparse(made), indent) + "\n" if made.body else ""
    return Patch(file, first, last, before, after)


def _innermost(tree: ast.AST, line: int) -> ast.stmt | None:
    """The smallest statement that begins at a line."""
    found = None
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node.lineno == line:
            found = node
    return found


def _changed(statement: ast.stmt) -> ast.Module | None:
    if isinstance(statement, ast.If):
        return _where(statement)
    if isinstance(statement, ast.Return) and statement.value is not None:
        value = _without_read(statement.value)
        if value is not None and ast.dump(value) != ast.dump(statement.value):
            return _module(ast.Return(value))
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        called = statement.value.func
        if isinstance(called, ast.Name) and called.id == "print":
            return _module()
    return None


def _where(statement: ast.If) -> ast.Module | None:
    """`if test: a = p` (else `a = q`) as `a = F.where(test, p, a or q)`."""
    test = _without_read(statement.test)
    chosen = _assigned(statement.body)
    other = _assigned(statement.orelse) if statement.orelse else None
    if test is None or chosen is None or not isinstance(test, ast.Compare):
        return None
    if statement.orelse and (other is None or other[0] != chosen[0]):
        return None
    name, value = chosen
    otherwise = other[1] if other is not None else ast.Name(name, ast.Load())
    where = ast.Attribute(ast.Name("F", ast.Load()), "where", ast.Load())
    call = ast.Call(where, [test, value, otherwise], [])
    return _module(ast.Assign([ast.Name(name, ast.Store())], call))


def _assigned(body: list[ast.stmt]) -> tuple[str, ast.expr] | None:
    """The name and value of a body that is one assignment."""
    if len(body) != 1:
        return None
    (only,) = body
    if isinstance(only, ast.Assign) and len(only.targets) == 1:
        target = only.targets[0]
        if isinstance(target, ast.Name):
            return target.id, only.value
    if isinstance(only, ast.AugAssign) and isinstance(only.target, ast.Name):
        name = only.target.id
        return name, ast.BinOp(ast.Name(name, ast.Load()), only.op, only.value)
    return None


class _Reads(ast.NodeTransformer):
    """`x.item()`, `float(x)` and the like as `x`."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "item" and not node.args:
            return node.func.value
        if isinstance(node.func, ast.Name) and node.func.id in ("float", "bool", "int"):
            return node.args[0] if len(node.args) == 1 and not node.keywords else node
        return node


def _without_read(value: ast.expr) -> ast.expr | None:
    copied = ast.parse(ast.unparse(value), mode="eval").body
    found = _Reads().visit(copied)
    return found if isinstance(found, ast.expr) else None


def _module(*statements: ast.stmt) -> ast.Module:
    made = ast.Module(list(statements), [])
    ast.fix_missing_locations(made)
    return made
