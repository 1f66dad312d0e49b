"""One reproduction from its start to its report, in a task of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select

from tengen_studio.access import Actor
from tengen_studio.context import StudioContext
from tengen_studio.datasets import service as datasets
from tengen_studio.db import utcnow
from tengen_studio.environment import Environment, environment
from tengen_studio.errors import StudioError
from tengen_studio.projects.models import Project
from tengen_studio.reproduce import building
from tengen_studio.reproduce.comparing import Tolerance, compare_cell
from tengen_studio.reproduce.models import Reproduction
from tengen_studio.reproduce.runner import KERNEL
from tengen_studio.reproduce.schemas import (
    CellReport,
    NotebookReport,
    Report,
    ReproductionRequest,
)
from tengen_studio.reproduce.states import State, move
from tengen_studio.storage.folders import Content, write_whole
from tengen_studio.tasks import CancelledError, Task, is_gone, once_there_is_room

_LARGEST_REPORT_NOTE = 500


@dataclass(frozen=True)
class Job:
    """What one reproduction works on: a version's tree, and where its environment is built."""

    reproduction_id: str
    project_id: str
    tree: str
    actor: Actor
    recorded: Environment
    home: Path | None
    request: ReproductionRequest


@dataclass
class _Ran:
    """What the runner said of one notebook."""

    path: str
    seconds: float = 0.0
    error: str = "it was not run"
    cells: list[Any] = field(default_factory=list)


def run(context: StudioContext, job: Job, task: Task) -> None:
    """Do the job and store its report and badge."""
    try:
        report = _reproduce(context, job, task)
    except CancelledError:
        _end(context, job, task, State.cancelled, "It was cancelled.")
    except StudioError as error:
        _end(context, job, task, State.failed, error.message)
    except OSError as error:
        _end(context, job, task, State.failed, f"The disk refused: {error.strerror or error}")
    except Exception:
        _end(context, job, task, State.failed, "The server failed; its log has the reason.")
        raise
    else:
        state, message = judge(report)
        _end(context, job, task, state, message, report)


def recover(context: StudioContext) -> None:
    """Mark what a server that is gone was still running; called when a server starts."""
    with context.transaction() as session:
        for row in session.scalars(select(Reproduction).where(Reproduction.state == "running")):
            if is_gone(row.process):
                row.state = move(State.running, State.lost)
                row.message, row.finished = "The server stopped while it ran.", utcnow()


def judge(report: Report) -> tuple[State, str]:
    """Return what a report comes to, and that in one sentence."""
    cells = [cell for notebook in report.notebooks for cell in notebook.cells]
    compared = [cell for cell in cells if cell.verdict != "new"]
    bad = [
        f"{notebook.path} cell {cell.cell}"
        for notebook in report.notebooks
        for cell in notebook.cells
        if cell.verdict in ("different", "failed", "not run")
    ]
    if not compared:
        return State.failed, "No cell of this version has an output to compare with."
    if bad:
        shown = ", ".join(bad[:3]) + (f" and {len(bad) - 3} more" if len(bad) > 3 else "")
        return (
            State.differed,
            f"{len(compared) - len(bad)} of {len(compared)} outputs agree; not {shown}.",
        )
    close = [cell.difference or 0.0 for cell in compared if cell.verdict == "close"]
    how = f"within {max(close):.1g}" if close else "exactly"
    return State.agreed, f"All {len(compared)} outputs agree {how}."


def _reproduce(context: StudioContext, job: Job, task: Task) -> Report:
    with context.storage.scratch() as scratch:
        folder = scratch / "project"
        task.step = "files"
        with context.storage.history(job.project_id).reader() as reader:
            write_whole(Content(reader, context.storage.blobs), job.tree, folder)
        task.check()
        with context.transaction(read_only=True) as session:
            missing = datasets.mount_all(session, job.actor, folder)
        task.step = "packages"
        python, rebuilt = _python(context, job, scratch, task)
        notebooks = _notebooks(folder, job.request)
        task.step, task.total = "notebooks", sum(len(recorded) for _, recorded in notebooks)
        ran = _run_notebooks(scratch, folder, python, notebooks, job.request, task)
        tolerance = Tolerance(job.request.relative, job.request.absolute)
        return Report(
            rebuilt=rebuilt,
            python=environment().python,
            changed=[] if rebuilt else building.changed(job.recorded.packages),
            missing=missing,
            relative=job.request.relative,
            absolute=job.request.absolute,
            notebooks=[
                _compare(one, recorded, tolerance)
                for one, (_, recorded) in zip(ran, notebooks, strict=True)
            ],
        )


def _python(context: StudioContext, job: Job, scratch: Path, task: Task) -> tuple[str, bool]:
    """Return the Python to run with, and whether it was built for this version."""
    differs = bool(building.changed(job.recorded.packages))
    if job.request.rebuild == "never" or (job.request.rebuild == "auto" and not differs):
        return sys.executable, False
    home = job.home or scratch
    return str(building.build(home, job.recorded, context.wheelhouse, task)), True


def _notebooks(folder: Path, request: ReproductionRequest) -> list[tuple[str, list[Any]]]:
    """Return the notebooks to run with their recorded cells: those that have outputs."""
    found = []
    for place in sorted(folder.rglob("*.ipynb")):
        path = place.relative_to(folder).as_posix()
        if place.is_symlink() or path.startswith("datasets/"):
            continue
        try:
            cells = json.loads(place.read_bytes())["cells"]
            has_outputs = any(cell.get("outputs") for cell in cells)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        wanted = has_outputs if request.notebooks is None else path in request.notebooks
        if wanted:
            found.append((path, cells))
    return found


def _run_notebooks(
    scratch: Path,
    folder: Path,
    python: str,
    notebooks: list[tuple[str, list[Any]]],
    request: ReproductionRequest,
    task: Task,
) -> list[_Ran]:
    """Run the notebooks in a process of their own, in `folder`."""
    spec = scratch / "share" / "kernels" / KERNEL
    results = scratch / "results"
    spec.mkdir(parents=True)
    results.mkdir()
    argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel = {"argv": argv, "display_name": KERNEL, "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(kernel), encoding="utf-8")
    job_file = scratch / "job.json"
    job = {
        "folder": str(folder),
        "notebooks": [path for path, _ in notebooks],
        "results": str(results),
        "seconds": request.minutes * 60,
    }
    job_file.write_text(json.dumps(job), encoding="utf-8")
    extra = {"JUPYTER_PATH": str(scratch / "share"), "JUPYTER_RUNTIME_DIR": str(scratch / "run")}
    ran = [_Ran(path) for path, _ in notebooks]
    with (
        (scratch / "said.txt").open("w+") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "tengen_studio.reproduce.runner", str(job_file)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=building.quiet_environment(extra),
        ) as process,
    ):
        over = _watch(process, task, request.minutes * 60)
        assert process.stdout is not None
        for line in process.stdout:
            _note(json.loads(line), ran, results, task)
        process.wait()
        task.check()
        errors.seek(0)
        said = [line for line in errors.read().splitlines() if line.strip()]
    if process.returncode:
        why = "its time was over" if over.is_set() else " ".join(said[-1:]) or "it was stopped"
        for one in ran:
            one.error = one.error or "" if one.cells else why
    return ran


def _watch(process: subprocess.Popen[str], task: Task, seconds: float) -> threading.Event:
    """Stop the process when the task is cancelled or its time is over, from another thread.

    The event says that it was the time.
    """
    over = threading.Event()

    def wait() -> None:
        end = time.monotonic() + seconds
        while process.poll() is None:
            late = time.monotonic() > end
            if late or task.cancelled.wait(0.2):
                if late:
                    over.set()
                building.stop(process)
                return

    threading.Thread(target=wait, daemon=True, name="tengen-reproduce-watch").start()
    return over


def _note(event: dict[str, Any], ran: list[_Ran], results: Path, task: Task) -> None:
    if event["event"] == "cell":
        task.done += 1
        task.step = f"{event['path']} cell {event['cell']}"
        return
    one = ran[event["number"]]
    one.seconds, one.error = event["seconds"], event["error"]
    result = results / f"{event['number']}.ipynb"
    one.cells = json.loads(result.read_bytes())["cells"]


def _compare(ran: _Ran, recorded: list[Any], tolerance: Tolerance) -> NotebookReport:
    """Compare the cells that have outputs now or had some; later ones of a stopped run are lost."""
    cells = []
    stopped = False
    for number, before in enumerate(recorded, start=1):
        if before.get("cell_type") != "code":
            continue
        outputs = before.get("outputs") or []
        after = ran.cells[number - 1] if number <= len(ran.cells) else None
        if after is None or stopped:
            if outputs:
                cells.append(CellReport(number, "not run", None, ran.error))
            continue
        again = after.get("outputs") or []
        stopped = bool(ran.error) and any(o.get("output_type") == "error" for o in again)
        if outputs or again:
            cells.append(compare_cell(number, outputs, again, tolerance))
    error = ran.error[:_LARGEST_REPORT_NOTE]
    return NotebookReport(ran.path, round(ran.seconds, 3), error, cells)


def _end(
    context: StudioContext,
    job: Job,
    task: Task,
    state: State,
    message: str,
    report: Report | None = None,
) -> None:
    def note() -> None:
        with context.transaction() as session:
            row = session.get(Reproduction, job.reproduction_id)
            if row is None or session.get(Project, job.project_id) is None:
                return
            row.state = move(row.state, state)
            row.message, row.finished, row.process = message, utcnow(), ""
            row.report = msgspec.to_builtins(report) if report else None

    once_there_is_room(task, note)
