"""Makes a studio with a bit of everything in it, for the commands to work on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from tengen_studio.commands.places import Places
from tengen_studio.context import Limits, StudioContext
from tengen_studio.datasets import service as datasets
from tengen_studio.datasets.schemas import DatasetRequest
from tengen_studio.db.tables import Base
from tengen_studio.history import service as history
from tengen_studio.projects import service as projects
from tengen_studio.secrets import service as secrets

from ..actors import HOST, make_account, make_member, make_project

VALUE = "the value of the secret"
LARGE = bytes(range(256)) * 8


def fill(context: StudioContext) -> str:
    """Put a project with two versions and a large file, a fork, people, data and a secret in."""
    small = replace(context, limits=Limits(large_file=1024))
    folder = context.root / "work"
    (context.root / "raw").mkdir()
    (context.root / "raw" / "a.csv").write_text("x\n1\n")
    folder.mkdir()
    (folder / "train.py").write_text("print(1)\n")
    (folder / "weights.bin").write_bytes(LARGE)
    project_id = make_project(context, root=str(context.root), directory="work", tags=["vision"])
    ana = make_account(context, "Ana")
    make_member(context, project_id, ana, projects.Role.editor)
    with context.transaction() as session:
        made = datasets.register(session, HOST, DatasetRequest("set", "folder", "raw"))
        secrets.put(session, HOST, "HF_TOKEN", VALUE)
    datasets.start(context, made.id)
    task = context.tasks.get(made.id)
    assert task is None or task.ended.wait(30)
    save(small, project_id, "one")
    (folder / "train.py").write_text("print('准确率 two')\n")
    save(small, project_id, "two")
    make_project(context, name="Fork", origin_project_id=project_id, origin_version=1)
    return project_id


def save(context: StudioContext, project_id: str, message: str) -> int:
    """Save a version and return its number."""
    with context.transaction() as session:
        project = projects.get(session, HOST, project_id)
        return history.save(session, HOST, project, message).number


def places_of(
    context: StudioContext, data_dir: Path | None = None, url: str | None = None
) -> Places:
    """Return where a context's studio is, or another one beside it."""
    own = str(context.database.url.render_as_string(hide_password=False))
    own = "" if own.startswith("sqlite") else own
    return Places(data_dir or context.data_dir, own if url is None else url, context.root)


def rows_of(context: StudioContext) -> dict[str, list[dict[str, object]]]:
    """Return every row of every table as plain values."""
    with context.transaction(read_only=True) as session:
        return {
            table.name: sorted(
                (dict(row) for row in session.execute(select(table)).mappings()), key=repr
            )
            for table in Base.metadata.sorted_tables
        }
