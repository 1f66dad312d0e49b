"""What every service gets to know of the running server, gathered once at start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StudioContext:
    """The user's folder, the templates on offer, and nothing of HTTP.

    `root` is the resolved folder that JupyterLab's file browser shows; no service reads or
    writes outside it, save `templates_dir`, which is only read.
    """

    root: Path
    templates_dir: Path
    allow_hidden: bool = False


SETTING = "tengen_studio_context"
