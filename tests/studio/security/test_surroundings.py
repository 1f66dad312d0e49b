"""What the studio stands on: the versions it asks for, and what it takes from where it starts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# The first releases without weaknesses that reach the studio.
PINS = {"jupyter_server": (2, 21), "jupyterlab": (4, 6, 2), "nbconvert": (7, 17, 1)}


def numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of a version."""
    return tuple(int(part) for part in re.findall(r"\d+", text))


@pytest.mark.parametrize("package", PINS)
def test_weak_releases_are_not_installed(package: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [asked] = [line for line in project["dependencies"] if re.match(rf"{package}[<>=]", line)]
    least = re.search(r">=([\d.]+)", asked)
    assert least and numbers(least[1]) >= PINS[package]
    assert numbers(version(package)) >= PINS[package]


def test_nothing_is_loaded_from_the_working_directory(tmp_path: Path) -> None:
    trap = "from pathlib import Path\nPath(__file__).with_name('sprung').touch()\n"
    names = (
        "jupyter_config.py",
        "jupyter_server_config.py",
        "jupyter_tengen_studio_config.py",
        "jupyter_nbconvert_config.py",
        "tengen_studio.py",
        "sitecustomize.py",
        "alembic/env.py",
        "env.py",
    )
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(trap, encoding="utf-8")
    home = tmp_path / "home"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")}
    environment |= {"HOME": str(home), "JUPYTER_PREFER_ENV_PATH": "0"}
    program = Path(sys.executable).with_name("tengen-studio")
    shown = subprocess.run(
        [program, "--show-config"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "Traceback" not in shown.stderr
    assert list(tmp_path.rglob("sprung")) == []
