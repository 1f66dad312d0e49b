"""Runs the Python blocks of a page the way a notebook would.

The blocks of a page share one namespace, in order. What a block prints, and the value of its last
expression, is compared with the ```text block that follows it, if one does; `...` there stands
for anything. An error ends a block; the text then shows its class and message.
"""

import ast
import contextlib
import doctest
import io
import linecache
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
_CHECKER = doctest.OutputChecker()
_OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_NDIFF


@dataclass(frozen=True)
class Example:
    """One block: where it starts, its program, and the output the page shows (None: none)."""

    line: int
    source: str
    shown: str | None


def examples(page: Path) -> list[Example]:
    """The Python blocks of a page."""
    text = page.read_text(encoding="utf-8")
    fences = list(_FENCE.finditer(text))
    found = []
    for number, fence in enumerate(fences):
        if fence[1] != "python":
            continue
        after = fences[number + 1] if number + 1 < len(fences) else None
        follows = (
            after is not None
            and after[1] == "text"
            and not text[fence.end() : after.start()].strip()
        )
        line = text.count("\n", 0, fence.start()) + 2
        found.append(Example(line, fence[2], after[2] if after is not None and follows else None))
    return found


def run(example: Example, page: Path, namespace: dict[str, Any]) -> str:
    """What the block prints; an error counts as output only where the page shows one."""
    name, text = page.name, page.read_text(encoding="utf-8")
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    tree = ast.increment_lineno(ast.parse(example.source, name), example.line - 1)
    last = tree.body[-1]
    value = None
    if isinstance(last, ast.Expr):
        value = ast.Expression(last.value)
        tree.body.pop()
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output):
            exec(compile(tree, name, "exec"), namespace)
            if value is not None:
                result = eval(compile(value, name, "eval"), namespace)
                if result is not None:
                    print(repr(result))
    except Exception as error:
        if example.shown is None or f"{type(error).__name__}:" not in example.shown:
            raise
        output.write(f"{type(error).__name__}: {error}\n")
    return output.getvalue()


def difference(example: Example, output: str) -> str:
    """What differs from the text the page shows, "" when nothing does."""
    if example.shown is None or _CHECKER.check_output(example.shown, output, _OPTIONS):
        return ""
    shown = doctest.Example(example.source, example.shown)
    return _CHECKER.output_difference(shown, output, _OPTIONS)
