"""Makes what the studio's tests need: template folders and a context over temporary folders."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url

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

    The environment's TENGEN_TEST_DATABASE names a PostgreSQL database that tests may empty; of
    test processes that run side by side each has one of its own, named after it.
    """
    url = os.environ.get("TENGEN_TEST_DATABASE", "")
    if url:
        url = _own_database(url, os.environ.get("PYTEST_XDIST_WORKER", ""))
        database = Database(url)
        with database.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
        database.close()
    return url


@cache
def _own_database(url: str, process: str) -> str:
    """Return the address of a test process's database, made on the same server."""
    if not process:
        return url
    own = make_url(url)
    own = own.set(database=f"{own.database}_{process}")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{own.database}" WITH (FORCE)')
        connection.exec_driver_sql(f'CREATE DATABASE "{own.database}"')
    engine.dispose()
    return own.render_as_string(hide_password=False)
