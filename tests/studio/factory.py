"""Makes what the studio's tests need: template folders and a context over temporary folders."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tengen_studio.context import StudioContext
from tengen_studio.db.engine import Database
from tengen_studio.start import open_context

# Contexts that tests made by themselves; conftest.py closes them after each test.
OPENED: list[StudioContext] = []
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
    fields = {
        "root": home,
        "templates_dir": shipped,
        "data_dir": tmp_path / "data",
        "database_url": fresh_database_url(),
    }
    made = open_context(**(fields | changes))
    OPENED.append(made)
    return made


def fresh_database_url() -> str:
    """Return the address of an empty database: SQLite's "", or PostgreSQL's emptied.

    The environment's TENGEN_TEST_DATABASE names a PostgreSQL database that tests may empty.
    """
    url = os.environ.get("TENGEN_TEST_DATABASE", "")
    if url:
        database = Database(url)
        with database.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        database.close()
    return url
