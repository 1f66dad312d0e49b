"""A version is run with the packages that it was saved with, not with those that are here."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from sqlalchemy import select

from tengen_studio.context import StudioContext
from tengen_studio.environment import normal_name
from tengen_studio.history import service as history
from tengen_studio.history.models import Version
from tengen_studio.projects import service as projects

from ..actors import HOST
from .test_building import wheel
from .test_service import finish, save, work, write

__all__ = ["work"]


def closure(name: str) -> dict[str, str]:
    """Return the installed versions of a package and of all that it needs."""
    found: dict[str, str] = {}
    waiting = [name]
    while waiting:
        one = normal_name(waiting.pop())
        if one in found:
            continue
        try:
            found[one] = version(one)
        except PackageNotFoundError:
            continue
        for text in requires(one) or []:
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
                waiting.append(wanted.name)
    return found


@pytest.mark.long
def test_notebooks_run_in_the_environment_of_their_version(
    context: StudioContext, work: tuple[str, Path], tmp_path: Path
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    lock = closure("ipykernel")
    names = [f"{name}=={number}" for name, number in lock.items()]
    download = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(wheels)]
    if subprocess.run([*download, *names], check=False).returncode:
        pytest.skip("the package index cannot be reached")
    wheel(wheels, "tengen_tiny", "1.0")
    project_id, folder = work
    write(folder, ("import tengen_tiny; print(tengen_tiny.VERSION)", "1.0\n"))
    save(context, project_id)
    with context.transaction() as session:
        row = session.scalars(select(Version)).one()
        recorded = {"packages": lock | {"tengen-tiny": "1.0"}, "local": []}
        row.details = {"environment": row.details["environment"] | recorded}
    offline = replace(context, wheelhouse=str(wheels))
    found = finish(offline, project_id)
    assert (found.state, found.message) == ("agreed", "All 1 outputs agree exactly.")
    assert found.report is not None
    assert found.report.rebuilt
    assert (folder / ".environment" / "pyvenv.cfg").is_file()
    save(context, project_id)
    with context.transaction(read_only=True) as session:
        project = projects.get(session, HOST, project_id)
        paths = [path for path, _, _ in history.files(session, HOST, project)]
    assert paths == ["train.ipynb"], "the environment is no part of a version"
    never = finish(offline, project_id, rebuild="never", version=1)
    assert never.state == "differed", "the package is not installed here"
