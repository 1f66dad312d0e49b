"""Makes what the studio's tests need: template folders and a context over temporary folders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tengen_studio.context import StudioContext

PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 112"/>'
NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def make_template(templates: Path, slug: str, **changes: Any) -> Path:
    """Write a complete template folder; `changes` replace fields of its template.json."""
    folder = templates / slug
    folder.mkdir(parents=True)
    manifest = {
        "title": {"en": f"Title of {slug}", "zh": f"{slug} 的标题"},
        "description": {"en": "What it does.", "zh": "它做什么。"},
        "picture": "picture.svg",
        "notebook": "start.ipynb",
    }
    (folder / "template.json").write_text(json.dumps(manifest | changes), encoding="utf-8")
    (folder / "picture.svg").write_text(PICTURE, encoding="utf-8")
    (folder / "start.ipynb").write_text(json.dumps(NOTEBOOK), encoding="utf-8")
    (folder / "data").mkdir()
    (folder / "data" / "text.txt").write_text("to be", encoding="utf-8")
    return folder


def make_context(tmp_path: Path, **changes: Any) -> StudioContext:
    """Return a context over `tmp_path`/home and `tmp_path`/shipped, with one template `first`."""
    home, shipped = tmp_path / "home", tmp_path / "shipped"
    home.mkdir()
    make_template(shipped, "first")
    fields = {"root": home.resolve(), "templates_dir": shipped.resolve()} | changes
    return StudioContext(**fields)
