"""What pyproject.toml, the docs and the front end say of the distribution agrees."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from importlib.metadata import metadata
from pathlib import Path

import pytest

import tengen
import tengen_studio

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DOC = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
READMES = ["README.md", "README.zh-CN.md"]


def name(requirement: str) -> str:
    """Return the package's name of a requirement such as `numpy>=2.0,<3`."""
    found = re.match(r"[A-Za-z0-9_.-]+", requirement)
    assert found
    return found[0]


def documented(section: str, columns: int) -> list[tuple[str, ...]]:
    """Return the first `columns` backticked cells of each row under a heading."""
    body = DOC.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    row = r"\| `([^`]+)` " * columns + r"\| \S"
    return [m if isinstance(m, tuple) else (m,) for m in re.findall(row, body)]


def test_every_dependency_has_its_reason_and_no_other_is_listed() -> None:
    listed = [row[0] for s in ("The framework", "The studio") for row in documented(s, 1)]
    assert sorted(listed) == sorted(map(name, PROJECT["dependencies"]))


def test_every_extra_has_its_reason() -> None:
    extras = [
        (extra, name(requirement))
        for extra, requirements in PROJECT["optional-dependencies"].items()
        for requirement in requirements
    ]
    assert sorted(documented("Extras", 2)) == sorted(set(extras))


# Imported only where present, behind a message that says what to install.
OPTIONAL = {"cuda", "cupy", "scipy", "torch"}
MODULES = {
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "onednn": "onednn-cpu-gomp",
    "tornado": "jupyter_server",
}
MODULES |= {"jinja2": "jupyter_server", "jupyter_core": "jupyter_server"}
MODULES |= {"jupyter_client": "jupyter_server", "markupsafe": "jupyter_server"}
MODULES |= {"argon2": "argon2-cffi", "anyio": "jupyter_server", "urllib3": "dulwich"}
MODULES |= {"traitlets": "jupyter_server", "IPython": "ipykernel", "llvmlite": "numba"}


def imported(path: Path) -> set[str]:
    """Return the top-level names of every import in a file, those in functions included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_every_import_is_a_declared_dependency() -> None:
    files = [*(ROOT / "engine/tengen").rglob("*.py"), *(ROOT / "studio").rglob("*.py")]
    assert files
    ours = {"tengen", "tengen_studio"} | set(sys.stdlib_module_names) | OPTIONAL
    declared = {name(requirement) for requirement in PROJECT["dependencies"]}
    missing = {
        f"{module} in {path.relative_to(ROOT)}"
        for path in files
        for module in imported(path) - ours
        if MODULES.get(module, module) not in declared and not module.startswith("_")
    }
    assert missing == set()


def test_every_range_is_bounded() -> None:
    for requirement in PROJECT["dependencies"]:
        assert re.search(r">=.*,<|==", requirement), requirement


def test_one_version_everywhere() -> None:
    package = json.loads((ROOT / "extensions/lab/package.json").read_text(encoding="utf-8"))
    versions = {
        PROJECT["version"],
        package["version"],
        tengen.__version__,
        tengen_studio.__version__,
        metadata("tengen-studio")["Version"],
    }
    assert len(versions) == 1
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_licence_is_apache() -> None:
    assert PROJECT["license"] == "Apache-2.0"
    assert "Version 2.0, January 2004" in (ROOT / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.parametrize("readme", READMES)
def test_readme_links_lead_somewhere(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("readme", READMES)
def test_readmes_name_the_two_commands(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    assert {"make studio", "make test"} <= set(re.findall(r"^make \w+$", text, re.MULTILINE))


def test_the_lock_names_no_host() -> None:
    lock = (ROOT / "extensions/lab/yarn.lock").read_text(encoding="utf-8")
    assert "resolution:" in lock
    assert not re.search(r"https?://", lock)
