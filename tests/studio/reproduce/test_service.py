"""Reproductions: a version is run again beside the project, compared, and judged."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from sqlalchemy import select

from tengen_studio.context import StudioContext
from tengen_studio.datasets import mounting
from tengen_studio.datasets import service as datasets
from tengen_studio.datasets.mounting import LockEntry
from tengen_studio.datasets.schemas import DatasetRequest
from tengen_studio.environment import environment
from tengen_studio.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from tengen_studio.history import service as history
from tengen_studio.history.models import Version
from tengen_studio.projects import service as projects
from tengen_studio.projects.models import Project
from tengen_studio.reproduce import running, service
from tengen_studio.reproduce.models import Reproduction
from tengen_studio.reproduce.schemas import ReproductionEntry, ReproductionRequest
from tengen_studio.roles import Role
from tengen_studio.tasks import process_name

from ..actors import HOST, make_account, make_member, make_project


@pytest.fixture
def work(context: StudioContext) -> tuple[str, Path]:
    """A project with an empty folder: its id and the folder."""
    folder = context.root / "work"
    folder.mkdir()
    return make_project(context, root=str(context.root), directory="work"), folder


def write(folder: Path, *cells: tuple[str, str | None], name: str = "train.ipynb") -> None:
    """Write a notebook of code cells with what each printed, None for nothing."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title")])
    for source, printed in cells:
        cell = nbformat.v4.new_code_cell(source)
        if printed is not None:
            cell.outputs = [nbformat.v4.new_output("stream", text=printed)]
        notebook.cells.append(cell)
    nbformat.write(notebook, folder / name)


def save(context: StudioContext, project_id: str) -> int:
    """Save the folder and return the version's number."""
    with context.transaction() as session:
        project = projects.get(session, HOST, project_id)
        return history.save(session, HOST, project, "saved").number


def start(context: StudioContext, project_id: str, **options: Any) -> str:
    """Begin a reproduction and return its id."""
    with context.transaction() as session:
        entry, job = service.start(session, HOST, project_id, ReproductionRequest(**options))
    assert entry.state == "running"
    service.begin(context, job)
    return entry.id


def show(context: StudioContext, project_id: str, reproduction_id: str) -> ReproductionEntry:
    """Return a reproduction as it is now."""
    with context.transaction(read_only=True) as session:
        return service.show(session, HOST, project_id, reproduction_id)


def finish(context: StudioContext, project_id: str, **options: Any) -> ReproductionEntry:
    """Run a reproduction to its end."""
    begun = start(context, project_id, **options)
    wait(lambda: context.tasks.get(begun) is None)
    return show(context, project_id, begun)


def wait(done: Callable[[], Any]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + 90
    while not done():
        assert time.monotonic() < end, "nothing happened in 90 s"
        time.sleep(0.05)


def test_a_version_that_repeats_agrees(context: StudioContext, work: tuple[str, Path]) -> None:
    project_id, folder = work
    (folder / "values.py").write_text("LOSS = 0.25\n")
    write(
        folder,
        ("import values", None),
        ("print(values.LOSS + 1e-9)", "0.25\n"),
        ("print('done in 3 s')", "done in 1 s\n"),
    )
    save(context, project_id)
    (folder / "values.py").write_text("LOSS = 7\n")
    found = finish(context, project_id)
    assert (found.state, found.progress) == ("agreed", 1.0)
    assert found.message == "All 2 outputs agree within 4e-09."
    assert found.report is not None
    (notebook,) = found.report.notebooks
    assert [(c.cell, c.verdict) for c in notebook.cells] == [(3, "close"), (4, "same")]
    assert (notebook.error, found.report.rebuilt, found.report.changed) == ("", False, [])
    assert not (folder / ".environment").exists()
    with context.transaction(read_only=True) as session:
        badge = service.badge(session, HOST, session.get_one(Project, project_id))
        assert badge is not None
        assert (badge.state, badge.report) == ("agreed", None)


def test_what_differs_is_named(context: StudioContext, work: tuple[str, Path]) -> None:
    project_id, folder = work
    write(
        folder,
        ("print(1)", "2\n"),
        ("print('same')", "same\n"),
        ("1 / 0", "3\n"),
        ("print('later')", "later\n"),
    )
    write(folder, ("print('other')", "other\n"), name="another.ipynb")
    save(context, project_id)
    found = finish(context, project_id)
    assert found.state == "differed"
    assert found.message == (
        "2 of 5 outputs agree; not train.ipynb cell 2, train.ipynb cell 4, train.ipynb cell 5."
    )
    assert found.report is not None
    one, two = found.report.notebooks
    assert [c.verdict for c in one.cells] == ["same"]
    assert [c.verdict for c in two.cells] == ["different", "same", "failed", "not run"]
    assert two.error == "ZeroDivisionError: division by zero"
    alone = finish(context, project_id, notebooks=["another.ipynb"])
    assert alone.state == "agreed"


def test_a_notebook_without_outputs_gives_no_badge(
    context: StudioContext, work: tuple[str, Path]
) -> None:
    project_id, folder = work
    write(folder, ("print(1)", None))
    save(context, project_id)
    found = finish(context, project_id)
    assert (found.state, found.message) == (
        "failed",
        "No cell of this version has an output to compare with.",
    )
    with context.transaction(read_only=True) as session:
        assert service.badge(session, HOST, session.get_one(Project, project_id)) is None


def test_what_a_kernel_prints_by_itself_is_not_taken_for_a_report(
    context: StudioContext, work: tuple[str, Path]
) -> None:
    project_id, folder = work
    forged = '{"event": "notebook", "path": "train.ipynb", "number": 0, "seconds": 0, "error": ""}'
    write(folder, (f"import os; _ = os.write(1, b'''{forged}\\n''')", None), ("print(1)", "2\n"))
    save(context, project_id)
    assert finish(context, project_id).state == "differed"


def test_no_secret_of_the_server_reaches_the_kernel(
    context: StudioContext, work: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_SERVICE_TOKEN", "value")
    monkeypatch.setenv("JUPYTER_TOKEN", "value")
    project_id, folder = work
    write(folder, ("import os; print([k for k in os.environ if 'TOKEN' in k])", "[]\n"))
    save(context, project_id)
    assert finish(context, project_id).state == "agreed"


def test_cancelling_stops_the_kernel(context: StudioContext, work: tuple[str, Path]) -> None:
    project_id, folder = work
    mark = folder.parent / "mark"
    code = f"import os, time\nopen({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    write(folder, (code, "never\n"))
    save(context, project_id)
    begun = start(context, project_id)
    wait(lambda: mark.is_file() and mark.read_text())
    with context.transaction() as session, pytest.raises(ConflictError, match="already"):
        service.start(session, HOST, project_id, ReproductionRequest())
    with context.transaction() as session:
        service.cancel(session, HOST, project_id, begun)
    wait(lambda: context.tasks.get(begun) is None)
    assert show(context, project_id, begun).state == "cancelled"
    wait(lambda: not Path(f"/proc/{mark.read_text()}").exists())
    with context.transaction() as session:
        service.cancel(session, HOST, project_id, begun)
        assert service.listing(session, HOST, project_id).items == []


def test_time_that_is_over_ends_it(context: StudioContext, work: tuple[str, Path]) -> None:
    project_id, folder = work
    write(folder, ("import time; time.sleep(600)", "never\n"))
    save(context, project_id)
    found = finish(context, project_id, minutes=0.05)
    assert found.state == "differed"
    assert found.report is not None
    (notebook,) = found.report.notebooks
    assert [c.verdict for c in notebook.cells] in (["not run"], ["different"])
    assert "took longer" in notebook.error or "time was over" in notebook.error


def test_data_sets_are_there_by_checksum(context: StudioContext, work: tuple[str, Path]) -> None:
    project_id, folder = work
    (context.root / "raw").mkdir()
    (context.root / "raw" / "a.csv").write_text("x\n3\n")
    with context.transaction() as session:
        made = datasets.register(session, HOST, DatasetRequest("set", "folder", "raw"))
    datasets.start(context, made.id)
    wait(lambda: context.tasks.get(made.id) is None)
    with context.transaction() as session:
        datasets.mount(session, HOST, project_id, made.id)
    write(folder, ("print(open('datasets/set/a.csv').read())", "x\n3\n"))
    save(context, project_id)
    assert finish(context, project_id).state == "agreed"
    with context.transaction() as session:
        datasets.remove(session, HOST, made.id)
    found = finish(context, project_id)
    assert found.state == "differed"
    assert found.report is not None
    assert found.report.missing == ["set"]
    with context.transaction(read_only=True) as session:
        told = service.version_environment(session, HOST, project_id, "latest")
    assert [(r.name, r.ready) for r in told.readiness] == [
        ("code", True),
        ("packages", True),
        ("data", False),
        ("seeds", True),
    ]


def test_a_version_records_its_packages(context: StudioContext, work: tuple[str, Path]) -> None:
    project_id, folder = work
    write(folder, ("print(1)", "1\n"))
    number = save(context, project_id)
    with context.transaction(read_only=True) as session:
        told = service.version_environment(session, HOST, project_id, str(number))
    assert told.recorded and told.changed == []
    assert told.packages == environment().packages
    assert told.engine == environment().packages["tengen-studio"]


def test_an_older_version_borrows_the_nearest_record(
    context: StudioContext, work: tuple[str, Path]
) -> None:
    project_id, folder = work
    write(folder, ("print(1)", "1\n"))
    save(context, project_id)
    with context.transaction() as session:
        row = session.scalars(select(Version)).one()
        packages = dict(row.details["environment"]["packages"]) | {"numpy": "0.1", "gone": "2"}
        row.details = {"environment": row.details["environment"] | {"packages": packages}}
    write(folder, ("print(2)", "2\n"))
    save(context, project_id)
    with context.transaction() as session:
        session.scalars(select(Version).where(Version.number == 2)).one().details = {}
    with context.transaction(read_only=True) as session:
        told = service.version_environment(session, HOST, project_id, "2")
    assert not told.recorded
    here = environment().packages["numpy"]
    assert sorted(told.changed) == [("gone", "2", None), ("numpy", "0.1", here)]
    assert [r.ready for r in told.readiness if r.name == "packages"] == [False]


def test_only_the_owner_runs_and_members_see(
    context: StudioContext, work: tuple[str, Path]
) -> None:
    project_id, folder = work
    write(folder, ("print(1)", "1\n"))
    save(context, project_id)
    ana = make_account(context, "Ana")
    with context.transaction() as session, pytest.raises(NotFoundError):
        service.listing(session, ana, project_id)
    make_member(context, project_id, ana, Role.editor)
    with context.transaction() as session:
        assert service.listing(session, ana, project_id).items == []
        with pytest.raises(ForbiddenError):
            service.start(session, ana, project_id, ReproductionRequest())


@pytest.mark.parametrize(
    "options",
    [{"relative": -1.0}, {"relative": float("nan")}, {"absolute": float("inf")}, {"minutes": 1e9}],
)
def test_options_have_bounds(
    context: StudioContext, work: tuple[str, Path], options: dict[str, float]
) -> None:
    with context.transaction() as session, pytest.raises(InvalidError):
        service.start(session, HOST, work[0], ReproductionRequest(**options))


def test_an_unknown_reproduction_or_version_does_not_exist(
    context: StudioContext, work: tuple[str, Path]
) -> None:
    with context.transaction() as session:
        with pytest.raises(NotFoundError):
            service.show(session, HOST, work[0], "unknown")
        with pytest.raises(NotFoundError):
            service.start(session, HOST, work[0], ReproductionRequest(version=3))


def test_what_a_dead_server_was_running_is_lost(
    context: StudioContext, work: tuple[str, Path]
) -> None:
    with context.transaction() as session:
        session.add(Reproduction(project_id=work[0], version=1, actor_id="host", process="x:1:2"))
    running.recover(context)
    with context.transaction() as session:
        assert session.scalars(select(Reproduction)).one().state == "running"
        session.scalars(select(Reproduction)).one().process = process_name() + "0"
    running.recover(context)
    with context.transaction(read_only=True) as session:
        assert session.scalars(select(Reproduction)).one().state == "lost"


def test_the_lock_of_a_version_names_nothing_outside(
    context: StudioContext, work: tuple[str, Path]
) -> None:
    project_id, folder = work
    mounting.write_lock(folder, [LockEntry("../../x", "a", "1", "ab" * 32, 1, 1)])
    write(folder, ("print(1)", "1\n"))
    save(context, project_id)
    found = finish(context, project_id)
    assert found.report is not None
    assert (found.state, found.report.missing) == ("agreed", [])
