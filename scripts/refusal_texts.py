"""Writes for the front end what the server says when it refuses; run it after a change of that.

An f-string's n-th value is the place %n, as in the table of translations.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path

import tengen_studio
from tengen_studio import errors
from tengen_studio.reproduce.building import BuildError

STUDIO = Path(tengen_studio.__file__).parent
TARGET = Path(__file__).resolve().parent.parent / "extensions/lab/src/api/refusals.ts"
# What a person gets to read; other exceptions are for the log and the command line.
REFUSALS = frozenset(
    name
    for name, found in [*vars(errors).items(), ("BuildError", BuildError)]
    if isinstance(found, type) and issubclass(found, errors.StudioError)
)


def refusal_texts() -> set[str]:
    """Return the text of every refusal that is made where it stands in the source."""
    found = set()
    for path in STUDIO.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and _called(node.func) in REFUSALS:
                found.add(_text(node.args[0]))
    return found - {""}


def filled_in() -> list[str]:
    """Return the texts that have places, those first that say most themselves."""
    return sorted((t for t in refusal_texts() if "%1" in t), key=lambda t: (-len(t), t))


def render() -> str:
    """Return the front end's file: the texts in which values stand."""
    listed = "".join(f"  {json.dumps(text)},\n" for text in filled_in())
    return (
        "// Written by scripts/refusal_texts.py from the server's source; do not edit.\n\n"
        "/** What the server says of a refusal, %1 and so on for what it fills in. */\n"
        f"export const REFUSALS: readonly string[] = [\n{listed}];\n"
    )


def _called(name: ast.expr) -> str:
    if isinstance(name, ast.Attribute):
        return name.attr
    return name.id if isinstance(name, ast.Name) else ""


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if not isinstance(node, ast.JoinedStr):
        return ""
    said, places = "", 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            said += str(part.value)
        else:
            places += 1
            said += f"%{places}"
    return said


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
