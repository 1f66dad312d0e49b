"""The studio's import law: features use the frame and what others share, never the engine."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import tengen_studio

ROOT = Path(tengen_studio.__file__).parent
FEATURES = {path.parent.name for path in ROOT.glob("*/handlers.py")}
FILES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Return the full names of the modules and names that a file imports."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


# What other features may use of a feature: its rules, the tables that theirs refer to, the
# shapes that its rules give, and what its package names in `__all__`.
SHARED = {"service", "models", "schemas"}
# These stand above the features: they wire them, migrate them, back them up.
ABOVE = {"app.py", "commands"}


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_keep_the_law(path: Path) -> None:
    own = path.parts[0]
    for name in imports(path):
        parts = name.split(".")
        assert parts[0] != "tengen", "the server never imports the engine into its process"
        if parts[0] != "tengen_studio" or parts[1:2] not in [[feature] for feature in FEATURES]:
            continue
        feature = parts[1]
        if feature == own or own in ABOVE or len(parts) == 2 or parts[2] in SHARED:
            continue
        exported = getattr(importlib.import_module(f"tengen_studio.{feature}"), "__all__", [])
        assert parts[2] in exported, f"{path} imports {name}"


@pytest.mark.parametrize("path", [p for p in FILES if p.name == "service.py"], ids=str)
def test_services_know_no_http(path: Path) -> None:
    http = ("tornado", "jupyter_server", "tengen_studio.http", "tengen_studio.guard")
    http += ("tengen_studio.cookies",)
    assert [name for name in imports(path) if name.startswith(http)] == []
