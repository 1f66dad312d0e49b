"""A real Jupyter server with the studio's extension, over temporary folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403  (its fixtures and its async runner)

from .factory import make_template


@pytest.fixture
def templates_dir(tmp_path: Path) -> Path:
    """A folder with the templates `first` and `second`."""
    folder = tmp_path / "shipped"
    make_template(folder, "second", rank=20)
    make_template(folder, "first", rank=10)
    return folder


@pytest.fixture
def jp_server_config(templates_dir: Path) -> dict[str, Any]:
    """The server's configuration: our extension, these templates."""
    return {
        "ServerApp": {"jpserver_extensions": {"tengen_studio": True, "jupyterlab": True}},
        "StudioApp": {"templates_dir": str(templates_dir)},
    }
