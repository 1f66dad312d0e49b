"""The studio's import law: features use the frame and each other's service, never the engine."""

from __future__ import annotations

import ast
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


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_keep_the_law(path: Path) -> None:
    own = path.parts[0] if len(path.parts) > 1 else ""
    for name in imports(path):
        parts = name.split(".")
        assert parts[0] != "tengen", "the server never imports the engine into its process"
        if parts[0] != "tengen_studio" or parts[1] not in FEATURES or parts[1] == own:
            continue
        allowed = path.name == "app.py" if not own else parts[2] == "service"
        assert allowed, f"{path} imports {name}"


@pytest.mark.parametrize("path", [p for p in FILES if p.name == "service.py"], ids=str)
def test_services_know_no_http(path: Path) -> None:
    http = ("tornado", "jupyter_server", "tengen_studio.http", "tengen_studio.access")
    assert [name for name in imports(path) if name.startswith(http)] == []
