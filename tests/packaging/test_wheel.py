"""The wheel: what is in it, and that it alone brings up a studio in a bare environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.browser.studio import start_studio

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from this checkout with the tools of this environment."""
    if not (ROOT / "extensions/lab/dist/package.json").is_file():
        pytest.skip("the front end is not built; `make install` builds it")
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target)]
    done = subprocess.run([*command, str(ROOT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = target.glob("*.whl")
    return built


def test_the_wheel_is_complete_and_clean(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    data = next(name.split("/")[0] for name in names if ".data/" in name) + "/data/"
    wanted = [
        "tengen/__init__.py",
        "tengen_studio/app.py",
        "tengen_studio/locale/zh_CN/LC_MESSAGES/tengen_studio.json",
        "tengen_studio/template_files/first-training/template.json",
        "tengen_studio/template_files/first-training/first_training.ipynb",
        "tengen_studio/template_files/char-gpt/char_gpt.ipynb",
        data + "etc/jupyter/jupyter_server_config.d/tengen_studio.json",
        data + "etc/jupyter/labconfig/default_setting_overrides.d/tengen_studio.json",
        data + "share/jupyter/labextensions/@tengen/studio-lab/package.json",
        data + "share/jupyter/labextensions/@tengen/studio-lab/install.json",
    ]
    assert [name for name in wanted if name not in names] == []
    stray = ("node_modules", "__pycache__", ".ipynb_checkpoints", "/tests/", ".pyc")
    assert [name for name in names if any(word in name for word in stray)] == []
    assert wheel.stat().st_size < 5_000_000


@pytest.mark.long
def test_the_wheel_alone_brings_up_a_studio(wheel: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", str(bare)], check=True)
    programs = bare / ("Scripts" if os.name == "nt" else "bin")
    quiet = ["-q", "--disable-pip-version-check"]
    subprocess.run([programs / "pip", "install", *quiet, str(wheel)], check=True)
    shown = subprocess.run(
        [programs / "tengen-studio", "--version"], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() in wheel.name
    subprocess.run([programs / "python", "-c", "import tengen; tengen.Tensor([1.0])"], check=True)
    studio = start_studio(tmp_path, program=programs / "tengen-studio")
    try:
        headers = {"Authorization": f"token {studio.token}"}

        def get(path: str) -> bytes:
            request = urllib.request.Request(studio.url + path, headers=headers)
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.read()

        assert b"JupyterLab" in get("/lab")
        assert b"@tengen/studio-lab" in get("/lab")
        templates = json.loads(get("/tengen-studio/api/templates"))["items"]
        assert templates[0]["slug"] == "first-training"
    finally:
        studio.stop()
