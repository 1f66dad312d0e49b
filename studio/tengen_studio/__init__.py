"""Tengen Studio: the Jupyter server extension behind the browser studio.

`tengen_studio.app.StudioApp` is both the extension that `jupyter lab` loads and the program
`tengen-studio`.
"""

from __future__ import annotations

from typing import Any

from tengen_studio.version import __version__

__all__ = ["__version__"]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Name the extension to jupyter_server; the application is imported only when asked for."""
    from tengen_studio.app import StudioApp

    return [{"module": "tengen_studio", "app": StudioApp}]
