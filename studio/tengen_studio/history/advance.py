"""Takes a project on to another tree: the folder with it, what was there kept as a version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy.orm import Session

from tengen_studio.access import Actor
from tengen_studio.context import context_of
from tengen_studio.db import new_id, release, utcnow
from tengen_studio.errors import ConflictError
from tengen_studio.history.drafts import Draft, Label, Workshop
from tengen_studio.history.models import Version
from tengen_studio.history.recording import latest, parent_of, record, workshop
from tengen_studio.paths import project_folder
from tengen_studio.projects.models import Project
from tengen_studio.steps import ChangeFolder, lock_project, promise
from tengen_studio.storage.durable import TEMPORARY
from tengen_studio.storage.folders import Content, MeanwhileError, change

MakeTree = Callable[[Workshop, str], str]


def advance(
    session: Session,
    actor: Actor,
    project: Project,
    make_tree: MakeTree,
    *,
    message: str,
    before: str,
    reason: str = "",
    details: dict[str, object] | None = None,
    expected: int | None = None,
) -> Version:
    """Bring the project to the tree that `make_tree` gives, and return the new version.

    `make_tree` takes the workshop and the present tree. The present state of the folder is kept
    first, as an automatic version with the reason `before`, if it was not saved. With `expected`
    the newest version must have that number.

    Raises:
        ConflictError: a file changed while this went on, or another version came first.
    """
    context = context_of(session)
    folder = project_folder(context, project)
    lock_project(session, project.id)
    newest = latest(session, project)
    if expected is not None and (newest.number if newest else 0) != expected:
        raise ConflictError(
            f"This builds on version {expected}, but the newest is "
            f"{newest.number if newest else 0}. Get that one, join both, and send it again."
        )
    parent = parent_of(newest)
    place = workshop(session, project)
    release(session)
    kept: Draft | None = None
    if folder is not None:
        kept = place.from_folder(folder, parent, Label(actor.name, "", utcnow()))
        parent = kept.parent
    if parent is None:
        raise ConflictError("This project has no version yet.")
    tree = make_tree(place, parent.tree)
    unsaved = kept is not None and (newest is None or kept.tree != newest.tree)
    if tree == parent.tree and newest is not None and not unsaved:
        return newest
    # The message is what makes a commit of its own, also where the tree is the parent's.
    after = place.from_tree(tree, parent, Label(actor.name, message or before, utcnow()))
    if folder is not None:
        step = ChangeFolder(
            project_id=project.id,
            folder=str(folder),
            staging=str(folder / f"{TEMPORARY}{new_id()}"),
            before=parent.tree,
            after=tree,
        )
        _change_folder(session, step, after)
    if kept is not None and unsaved:
        record(session, actor, project, kept, reason=before)
    return record(session, actor, project, after, message=message, reason=reason, details=details)


def _change_folder(session: Session, step: ChangeFolder, after: Draft) -> None:
    storage = context_of(session).storage
    promise(session, step)
    with storage.history(step.project_id).reader() as reader:
        content = Content(reader, storage.blobs)
        try:
            change(content, after.changes, Path(step.folder), Path(step.staging))
        except MeanwhileError as error:
            raise ConflictError(
                f"{error.path} was changed while this went on; nothing was done. Try again."
            ) from None
