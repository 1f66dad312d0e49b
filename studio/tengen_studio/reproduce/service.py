"""Says whether a version can be run again, runs it, and keeps what came of it.

Running means running somebody's code with the host's rights: the host alone may, and only in
projects of their own. Everybody who sees a project sees the results.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tengen_studio.access import Actor, Role
from tengen_studio.audit import service as audit
from tengen_studio.context import StudioContext, context_of
from tengen_studio.datasets import service as datasets
from tengen_studio.db import utcnow
from tengen_studio.environment import Environment, environment
from tengen_studio.errors import ConflictError, InvalidError, NotFoundError
from tengen_studio.history import service as history
from tengen_studio.paging import newest_first
from tengen_studio.paths import project_folder
from tengen_studio.projects import service as projects
from tengen_studio.projects.models import Project
from tengen_studio.reproduce import building, running
from tengen_studio.reproduce.models import Reproduction
from tengen_studio.reproduce.running import Job
from tengen_studio.reproduce.schemas import (
    Readiness,
    Report,
    ReproductionEntry,
    ReproductionPage,
    ReproductionRequest,
    VersionEnvironment,
)
from tengen_studio.reproduce.seeds import unseeded
from tengen_studio.reproduce.states import State, move
from tengen_studio.tasks import process_name

_FIELD = "environment"
_SHARES = {"files": 0.0, "packages": 0.1, "notebooks": 0.3}


def version_environment(
    session: Session, actor: Actor, project_id: str, which: str
) -> VersionEnvironment:
    """Return what a version was saved with, and what is missing here to run it again.

    `which` is its number, or "latest".

    Raises:
        NotFoundError: no such project or version.
        InvalidError: neither a number nor "latest".
    """
    project = projects.get(session, actor, project_id)
    number = history.get(session, actor, project, history.parse_number(which)).number
    recorded, known = _recorded(session, actor, project, number)
    changed = building.changed(recorded.packages)
    return VersionEnvironment(
        version=number,
        recorded=known,
        python=recorded.python,
        system=recorded.system,
        engine=building.engine_version(recorded.packages),
        packages=recorded.packages,
        changed=changed,
        readiness=_readiness(session, actor, project, number, known, changed),
    )


def start(
    session: Session, actor: Actor, project_id: str, request: ReproductionRequest
) -> tuple[ReproductionEntry, Job]:
    """Note that a version is to be run again, and return the job for `begin`.

    Raises:
        NotFoundError: no such project or version.
        ForbiddenError: the project is not the host's own.
        InvalidError: tolerances or minutes out of bounds.
        ConflictError: the project is being reproduced already.
    """
    project = projects.get(session, actor, project_id, Role.owner)
    _check(request)
    version = history.get(session, actor, project, request.version)
    running_now = select(Reproduction.id).where(
        Reproduction.project_id == project.id, Reproduction.state == State.running
    )
    if session.scalar(running_now) is not None:
        raise ConflictError("This project is being run again already; wait for it or cancel it.")
    row = Reproduction(
        project_id=project.id,
        version=version.number,
        actor_id=actor.id,
        state=State.running,
        options=msgspec.to_builtins(request),
        process=process_name(),
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "reproduction.start", project.id, version=version.number)
    context = context_of(session)
    recorded, _ = _recorded(session, actor, project, version.number)
    job = Job(
        reproduction_id=row.id,
        project_id=project.id,
        tree=version.tree,
        actor=actor,
        recorded=recorded,
        home=project_folder(context, project),
        request=request,
    )
    return _entry(context, row), job


def begin(context: StudioContext, job: Job) -> None:
    """Run the job in a task of its own; called after the transaction that noted it."""
    context.tasks.start(job.reproduction_id, lambda task: running.run(context, job, task))


def listing(
    session: Session, actor: Actor, project_id: str, after: str | None = None
) -> ReproductionPage:
    """Return a page of the project's reproductions, the newest first, without their reports."""
    project = projects.get(session, actor, project_id)
    rows, cursor = newest_first(
        session,
        _shown(session, actor, project),
        Reproduction.created,
        Reproduction.id,
        after,
    )
    context = context_of(session)
    return ReproductionPage([_entry(context, row, report=False) for row in rows], cursor)


def show(
    session: Session, actor: Actor, project_id: str, reproduction_id: str
) -> ReproductionEntry:
    """Return one reproduction with its report, or how far it is.

    Raises:
        NotFoundError: none of that id in a project that the asker sees.
    """
    row = _get(session, actor, project_id, reproduction_id, Role.viewer)
    return _entry(context_of(session), row)


def cancel(session: Session, actor: Actor, project_id: str, reproduction_id: str) -> None:
    """Stop a reproduction that runs; one that has ended is forgotten.

    Raises:
        NotFoundError: none of that id.
        ForbiddenError: the project is not the asker's.
    """
    row = _get(session, actor, project_id, reproduction_id, Role.owner)
    if row.state == State.running:
        context_of(session).tasks.cancel(row.id)
        if context_of(session).tasks.get(row.id) is None:
            row.state = move(State.running, State.lost)
            row.message, row.finished = "Nobody was running it any more.", utcnow()
    else:
        session.delete(row)
    audit.record(session, actor, "reproduction.cancel", project_id, version=row.version)


def badge(session: Session, actor: Actor, project: Project) -> ReproductionEntry | None:
    """Return the latest reproduction of a project that came to a judgement, without its report."""
    row = session.scalar(
        _shown(session, actor, project)
        .where(Reproduction.state.in_([State.agreed, State.differed]))
        .order_by(Reproduction.created.desc())
        .limit(1)
    )
    return _entry(context_of(session), row, report=False) if row else None


def _shown(session: Session, actor: Actor, project: Project) -> Select[Reproduction]:
    """Return what selects a project's reproductions, less those of versions held back."""
    found = select(Reproduction).where(Reproduction.project_id == project.id)
    held = history.hidden(session, actor, project)
    return found.where(Reproduction.version.not_in(held)) if held else found


def _check(request: ReproductionRequest) -> None:
    for name, value, most in (
        ("relative", request.relative, 1.0),
        ("absolute", request.absolute, 1e6),
        ("minutes", request.minutes, 7 * 24 * 60.0),
    ):
        if not (math.isfinite(value) and 0 <= value <= most):
            raise InvalidError(f"{name}: 0 to {most:g} was expected; {value:g} came.")


def _recorded(
    session: Session, actor: Actor, project: Project, number: int
) -> tuple[Environment, bool]:
    """Return the environment of a version, or of an earlier one, or the one here.

    The flag says that it is the version's own.
    """
    version = history.get(session, actor, project, number)
    own = _read(version.details)
    if own is not None:
        return own, True
    for details in history.earlier_details(session, project, number):
        found = _read(details)
        if found is not None:
            return found, False
    return environment(), False


def _read(details: Mapping[str, Any] | None) -> Environment | None:
    try:
        return msgspec.convert((details or {})[_FIELD], Environment)
    except (KeyError, msgspec.ValidationError):
        return None


def _readiness(
    session: Session,
    actor: Actor,
    project: Project,
    number: int,
    known: bool,
    changed: list[tuple[str, str, str | None]],
) -> list[Readiness]:
    files = list(history.contents(session, actor, project, number))
    lock = dict(files).get("datasets.json", b"")
    absent = datasets.missing(session, actor, lock) if lock else []
    random = unseeded(files)
    return [
        Readiness("code", True, "The version holds it."),
        Readiness(
            "packages",
            known,
            "This version was saved without a record of its packages."
            if not known
            else f"{len(changed)} of them have another version here."
            if changed
            else "All are the same here.",
        ),
        Readiness(
            "data",
            not absent,
            f"Not registered here: {', '.join(absent)}." if absent else _data_note(lock),
        ),
        Readiness(
            "seeds",
            not random,
            f"Random numbers without a seed: {', '.join(random[:5])}."
            if random
            else "Every notebook that draws random numbers sets a seed.",
        ),
    ]


def _data_note(lock: bytes) -> str:
    return "All data sets are here, by checksum." if lock else "The version names no data set."


def _get(
    session: Session, actor: Actor, project_id: str, reproduction_id: str, role: Role
) -> Reproduction:
    project = projects.get(session, actor, project_id, role)
    row = session.get(Reproduction, reproduction_id)
    held = history.hidden(session, actor, project)
    if row is None or row.project_id != project.id or row.version in held:
        raise NotFoundError("There is no such reproduction.")
    return row


def _entry(context: StudioContext, row: Reproduction, *, report: bool = True) -> ReproductionEntry:
    task = context.tasks.get(row.id)
    progress = 1.0 if row.state != State.running else 0.0
    if task is not None:
        start = _SHARES.get(task.step, _SHARES["notebooks"])
        done = task.done / task.total if task.total else 0.0
        progress = start + (1 - _SHARES["notebooks"]) * min(done, 1.0)
    return ReproductionEntry(
        id=row.id,
        version=row.version,
        state=State(row.state).value,
        message=row.message,
        step=task.step if task else "",
        progress=round(progress, 3),
        created=row.created.isoformat(),
        finished=row.finished.isoformat() if row.finished else None,
        report=msgspec.convert(row.report, Report) if report and row.report else None,
    )
