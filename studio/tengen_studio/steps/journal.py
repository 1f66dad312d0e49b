"""Writes steps down before they begin, and settles them when the database has decided."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from sqlalchemy import delete
from sqlalchemy.orm import Session

from tengen_studio.context import StudioContext, context_of
from tengen_studio.db import at_end, before_commit, hold, new_id, release
from tengen_studio.errors import ConflictError
from tengen_studio.steps.kinds import ChangeFolder, Step
from tengen_studio.steps.models import CommittedStep
from tengen_studio.storage import durable

log = logging.getLogger(__name__)

LONGEST_WAIT = 60.0


def lock_project(session: Session, project_id: str) -> None:
    """Keep other writers of the project out until the transaction has ended.

    What an earlier change of its folder has left, for want of room, is settled first.

    Raises:
        ConflictError: another writer is still at it after a minute.
        NoSpaceError, ForbiddenError: what was left cannot be settled yet.
        RuntimeError: the transaction has written already, so that waiting could block others.
    """
    release(session)
    context = context_of(session)
    try:
        hold(session).enter_context(context.storage.lock(project_id, LONGEST_WAIT))
    except Timeout:
        raise ConflictError("The project is being saved elsewhere; try again later.") from None
    for entry in _left(context):
        step = _read(entry)
        if isinstance(step, ChangeFolder) and step.project_id == project_id:
            _settle_left(context, entry)


def promise(session: Session, step: Step) -> None:
    """Write `step` down, and settle it when the transaction has ended."""
    context = context_of(session)
    step_id = new_id()
    entry = context.storage.journal(step_id)
    # Whoever settles after a crash takes this lock, which a living process holds.
    lock = FileLock(entry.with_suffix(".lock"), thread_local=False)
    hold(session).enter_context(lock)
    durable.write_file(entry, msgspec.json.encode(step))
    before_commit(session, lambda last: last.add(CommittedStep(id=step_id)))
    at_end(session, lambda committed: _settle(context, entry, step, committed))


def settle_all(context: StudioContext) -> int:
    """Settle what a crash left; return how many steps that were."""
    settled = 0
    for entry in _left(context):
        lock = FileLock(entry.with_suffix(".lock"), thread_local=False)
        try:
            with lock.acquire(timeout=0):
                settled += _settle_left(context, entry)
        except Timeout:
            continue
        except Exception:
            log.exception("tengen_studio: a step of %s could not be settled", entry.name)
    return settled


def _left(context: StudioContext) -> list[Path]:
    """Return the entries of the journal, those of living transactions among them."""
    folder = context.storage.journal("any").parent
    left = {path.stem for path in folder.glob("*.*") if not path.name.startswith(durable.TEMPORARY)}
    return [context.storage.journal(step_id) for step_id in sorted(left)]


def _read(entry: Path) -> Step | None:
    try:
        return msgspec.json.decode(entry.read_bytes(), type=Step)
    except FileNotFoundError:
        return None


def _settle_left(context: StudioContext, entry: Path) -> int:
    step = _read(entry)
    if step is None:
        # The crash came before the step was written down, or after it was settled.
        entry.with_suffix(".lock").unlink(missing_ok=True)
        return 0
    with context.transaction(read_only=True) as session:
        committed = session.get(CommittedStep, entry.stem) is not None
    _settle(context, entry, step, committed)
    return 1


def _settle(context: StudioContext, entry: Path, step: Step, committed: bool) -> None:
    step.settle(context.storage, committed)
    durable.remove_file(entry)
    entry.with_suffix(".lock").unlink(missing_ok=True)
    if committed:
        with context.transaction() as session:
            session.execute(delete(CommittedStep).where(CommittedStep.id == entry.stem))
