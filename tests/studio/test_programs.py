"""Both ways to start, as real processes: all of JupyterLab is there, and our part of it."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.browser.studio import Studio, start_studio

BIN = Path(sys.executable).parent


def get(studio: Studio, path: str, token: bool = True) -> str:
    """Return the text at `path`."""
    headers = {"Authorization": f"token {studio.token}"} if token else {}
    request = urllib.request.Request(studio.url + path, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.read().decode()


@pytest.mark.parametrize("program", ["tengen-studio", "jupyter-lab"])
def test_a_started_program_serves_lab_and_studio(tmp_path: Path, program: str) -> None:
    studio = start_studio(tmp_path, program=BIN / program)
    try:
        assert studio.url.startswith("http://127.0.0.1:")
        assert "@tengen/studio-lab" in get(studio, "/lab")
        assert json.loads(get(studio, "/tengen-studio/api/about"))["version"]
        assert json.loads(get(studio, "/api/terminals")) == []
        kernels = json.loads(get(studio, "/api/kernelspecs"))["kernelspecs"]
        assert "python3" in kernels
        plugin = "@jupyterlab/apputils-extension:notification"
        settings = json.loads(get(studio, f"/lab/api/settings/{plugin}"))
        assert settings["schema"]["properties"]["fetchNews"]["default"] == "false"
        assert settings["schema"]["properties"]["checkForUpdates"]["default"] is False
        with pytest.raises(urllib.error.HTTPError) as refused:
            get(studio, "/tengen-studio/api/about", token=False)
        assert refused.value.code == 403
        refused.value.close()
    finally:
        studio.stop()


def test_a_taken_port_gives_the_next_free_one(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    first = start_studio(tmp_path / "one")
    port = first.url.rsplit(":", 1)[1]
    try:
        second = start_studio(tmp_path / "two", port=int(port))
        try:
            assert second.url != first.url
            assert "JupyterLab" in get(second, "/lab")
        finally:
            second.stop()
    finally:
        first.stop()
