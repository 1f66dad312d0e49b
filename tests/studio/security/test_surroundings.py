"""What the studio stands on: the versions it asks for, and what it takes from where it starts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from ..browser import Browser

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


@pytest.fixture
def token_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> str:
    """A token that whoever starts the server gives by the environment."""
    monkeypatch.setenv("JUPYTER_TOKEN", "the-token-of-the-host")
    return "the-token-of-the-host"


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="the system shows none")
async def test_kernels_and_readable_files_hold_no_token(
    token_in_the_environment: str, host: Browser, jp_serverapp: Any, jp_runtime_dir: Path
) -> None:
    jp_serverapp.write_server_info_file()
    jp_serverapp.write_browser_open_files()
    made = await host.fetch("POST", "api/kernels", {"name": "python3"})
    kernel_id = json.loads(made.body)["id"]
    kernel = jp_serverapp.kernel_manager.get_kernel(kernel_id)
    try:
        inherited = Path(f"/proc/{kernel.provisioner.pid}/environ").read_text(errors="replace")
        told = Path(f"/proc/{kernel.provisioner.pid}/cmdline").read_text(errors="replace")
        assert "PATH=" in inherited
        for secret in (token_in_the_environment, jp_serverapp.identity_provider.token):
            assert secret not in inherited + told
        files = [path for path in Path(jp_runtime_dir).rglob("*") if path.is_file()]
        assert {"jpserver", "kernel"} <= {path.name.partition("-")[0] for path in files}
        # The server's own notes for its user have the token; nobody else gets to them.
        assert any(jp_serverapp.identity_provider.token in path.read_text() for path in files)
        assert Path(jp_runtime_dir).stat().st_mode & 0o077 == 0
    finally:
        await host.fetch("DELETE", f"api/kernels/{kernel_id}")
