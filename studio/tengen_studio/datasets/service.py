"""Registers data sets, shows them, and mounts them into projects.

Data sets are the host's: they are read from the host's machine. What a project uses is said by
its `datasets.json`, which goes with every version, fork and export.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from tengen_studio.access import Actor, Role
from tengen_studio.addresses import checked, without_credentials
from tengen_studio.audit import service as audit
from tengen_studio.context import StudioContext, context_of
from tengen_studio.datasets import copying, mounting, preview, sources
from tengen_studio.datasets.listing import Listed
from tengen_studio.datasets.models import VERSION_LENGTH, Dataset, DatasetFile
from tengen_studio.datasets.mounting import LockEntry
from tengen_studio.datasets.schemas import (
    DatasetEntry,
    DatasetFileEntry,
    DatasetFilePage,
    DatasetPage,
    DatasetRequest,
    Mount,
    MountList,
    Preview,
)
from tengen_studio.datasets.states import State
from tengen_studio.errors import ConflictError, InvalidError, NotFoundError
from tengen_studio.paging import newest_first
from tengen_studio.paths import project_folder
from tengen_studio.projects import service as projects
from tengen_studio.tasks import process_name

PAGE = 200
_PREVIEWED = 5_000


def register(session: Session, actor: Actor, request: DatasetRequest) -> DatasetEntry:
    """Note a data set; its files are taken in by `start`, after the transaction.

    Raises:
        InvalidError: a name, version, checksum or address of the wrong form.
        ConflictError: the name has this version already.
        NotFoundError: the source is not there.
    """
    mounting.check_name(request.name)
    if not 0 < len(request.version) <= VERSION_LENGTH or not request.version.isprintable():
        raise InvalidError(f"A version of 1 to {VERSION_LENGTH} characters was expected.")
    _check_sha256(request.sha256)
    if len(request.licence) > 100 or "\0" in request.description + request.licence:
        raise InvalidError("A licence of at most 100 characters was expected.")
    context = context_of(session)
    if request.kind == "url":
        checked(request.source, context.limits.private_downloads)
    else:
        sources.find(context, request.kind, request.source)
    _check_new(session, actor, request)
    dataset = Dataset(
        owner_id=actor.id,
        name=request.name,
        version=request.version,
        description=request.description,
        licence=request.licence,
        source_kind=request.kind,
        source=request.source,
        expected_sha256=request.sha256,
        state=State.copying,
        process=process_name(),
    )
    session.add(dataset)
    session.flush()
    audit.record(session, actor, "dataset.register", name=request.name, version=request.version)
    return _entry(context, dataset)


def start(context: StudioContext, dataset_id: str) -> None:
    """Begin to take the files of a registered data set in, in a task under its id."""
    context.tasks.start(dataset_id, lambda task: copying.copy(context, dataset_id, task))


def list_datasets(
    session: Session, actor: Actor, q: str = "", after: str | None = None
) -> DatasetPage:
    """Return a page of the asker's data sets, the newest first."""
    where: list[ColumnElement[bool]] = [Dataset.owner_id == actor.id]
    if q:
        where.append(
            or_(
                Dataset.name.icontains(q, autoescape=True),
                Dataset.description.icontains(q, autoescape=True),
            )
        )
    rows, cursor = newest_first(
        session, select(Dataset).where(*where), Dataset.created, Dataset.id, after
    )
    context = context_of(session)
    return DatasetPage([_entry(context, row) for row in rows], cursor)


def show(session: Session, actor: Actor, dataset_id: str) -> DatasetEntry:
    """Return one data set.

    Raises:
        NotFoundError: none of that id is the asker's.
    """
    return _entry(context_of(session), _get(session, actor, dataset_id))


def files(
    session: Session, actor: Actor, dataset_id: str, after: str | None = None
) -> DatasetFilePage:
    """Return a page of a data set's files by path; `after` is the last path of the page before."""
    _get(session, actor, dataset_id)
    rows = _files(session, dataset_id, after=after, limit=PAGE + 1)
    shown = [DatasetFileEntry(row.path, row.sha256, row.size) for row in rows[:PAGE]]
    return DatasetFilePage(shown, rows[PAGE - 1].path if len(rows) > PAGE else None)


def show_preview(
    session: Session, actor: Actor, dataset_id: str, path: str | None = None
) -> Preview:
    """Return the first rows or pictures.

    Raises:
        NotFoundError: no such data set, or no such file in it.
        ConflictError: its files are not all here yet.
    """
    dataset = _ready(_get(session, actor, dataset_id))
    found = _files(session, dataset.id, limit=_PREVIEWED, path=path)
    if not found:
        raise NotFoundError("There is no such file in the data set.")
    blobs = context_of(session).storage.blobs
    return preview.preview(found, lambda file: blobs.open(file.sha256), path)


def remove(session: Session, actor: Actor, dataset_id: str) -> None:
    """Forget a data set, and cancel it if it is still being copied.

    Projects that have it mounted keep their files; what nothing uses any more is collected by
    `tengen-studio gc`.
    """
    dataset = _get(session, actor, dataset_id)
    context_of(session).tasks.cancel(dataset.id)
    session.delete(dataset)
    audit.record(session, actor, "dataset.remove", name=dataset.name, version=dataset.version)


def of_project(session: Session, actor: Actor, project_id: str) -> MountList:
    """Return the data sets that the project's folder says it uses."""
    directory = _directory(session, actor, project_id, Role.viewer)
    entries = mounting.read_lock(directory)
    return MountList([_mount(session, actor, directory, entry) for entry in entries])


def mount(
    session: Session, actor: Actor, project_id: str, dataset_id: str, name: str | None = None
) -> Mount:
    """Put a data set into the project under `datasets/<name>`, and into its `datasets.json`.

    Raises:
        NotFoundError: no such project or data set.
        InvalidError: the name cannot be a folder's.
        ConflictError: the data set is not ready, or the name is taken.
    """
    directory = _directory(session, actor, project_id, Role.editor)
    dataset = _ready(_get(session, actor, dataset_id))
    chosen = mounting.check_name(name or dataset.name)
    context = context_of(session)
    entry = LockEntry(
        name=chosen,
        dataset=dataset.name,
        version=dataset.version,
        sha256=dataset.sha256 or "",
        files=dataset.files,
        bytes=dataset.bytes,
        licence=dataset.licence,
        url=without_credentials(dataset.source) if dataset.source_kind == "url" else "",
    )
    with context.storage.lock(project_id):
        mounting.mount(directory, chosen, _files(session, dataset.id), context.storage.blobs)
        others = [e for e in mounting.read_lock(directory) if e.name != chosen]
        mounting.write_lock(directory, [*others, entry])
    audit.record(session, actor, "dataset.mount", project_id, name=chosen, sha256=entry.sha256)
    return _mount(session, actor, directory, entry)


def mount_all(session: Session, actor: Actor, directory: Path) -> list[str]:
    """Mount what the folder's `datasets.json` lists, and return the names that are not here."""
    missing = []
    blobs = context_of(session).storage.blobs
    for entry in mounting.read_lock(directory):
        dataset = _by_checksum(session, actor, entry.sha256)
        if dataset is None:
            missing.append(entry.name)
        else:
            mounting.mount(directory, entry.name, _files(session, dataset.id), blobs)
    return missing


def missing(session: Session, actor: Actor, lock: bytes) -> list[str]:
    """Return the names in a `datasets.json` whose data sets are not registered here."""
    entries = mounting.parse_lock(lock)
    return [e.name for e in entries if _by_checksum(session, actor, e.sha256) is None]


def unmount(session: Session, actor: Actor, project_id: str, name: str) -> None:
    """Take a data set out of the project.

    Raises:
        NotFoundError: the project does not use one of that name.
    """
    directory = _directory(session, actor, project_id, Role.editor)
    with context_of(session).storage.lock(project_id):
        entries = mounting.read_lock(directory)
        if name not in {entry.name for entry in entries}:
            raise NotFoundError("The project has no data set of this name.")
        mounting.unmount(directory, name)
        mounting.write_lock(directory, [entry for entry in entries if entry.name != name])
    audit.record(session, actor, "dataset.unmount", project_id, name=name)


def _check_sha256(sha256: str | None) -> None:
    if sha256 is not None and (len(sha256) != 64 or set(sha256) - set("0123456789abcdef")):
        raise InvalidError("A SHA-256 has 64 lower-case hexadecimal digits.")


def _check_new(session: Session, actor: Actor, request: DatasetRequest) -> None:
    same = select(Dataset).where(
        Dataset.owner_id == actor.id,
        Dataset.name == request.name,
        Dataset.version == request.version,
    )
    before = session.scalar(same)
    if before is None:
        return
    if before.state != State.failed:
        raise ConflictError("This version of the data set is there already; give another one.")
    session.delete(before)
    session.flush()


def _get(session: Session, actor: Actor, dataset_id: str) -> Dataset:
    dataset = session.get(Dataset, dataset_id)
    if dataset is None or dataset.owner_id != actor.id:
        raise NotFoundError("There is no such data set.")
    return dataset


def _ready(dataset: Dataset) -> Dataset:
    if dataset.state != State.ready:
        raise ConflictError("The data set's files are not all here.")
    return dataset


def _files(
    session: Session,
    dataset_id: str,
    *,
    after: str | None = None,
    limit: int | None = None,
    path: str | None = None,
) -> Sequence[Listed]:
    statement = select(DatasetFile).where(DatasetFile.dataset_id == dataset_id)
    if after is not None:
        statement = statement.where(DatasetFile.path > after)
    if path is not None:
        statement = statement.where(DatasetFile.path == path)
    rows = session.scalars(statement.order_by(DatasetFile.path).limit(limit))
    return [Listed(row.path, row.sha256, row.size) for row in rows]


def _directory(session: Session, actor: Actor, project_id: str, role: Role) -> Path:
    folder = project_folder(context_of(session), projects.get(session, actor, project_id, role))
    if folder is None:
        raise ConflictError("Data sets are mounted into projects that have a folder here.")
    return folder


def _by_checksum(session: Session, actor: Actor, sha256: str) -> Dataset | None:
    return session.scalar(
        select(Dataset)
        .where(Dataset.owner_id == actor.id, Dataset.sha256 == sha256)
        .order_by(Dataset.created.desc())
        .limit(1)
    )


def _mount(session: Session, actor: Actor, directory: Path, entry: LockEntry) -> Mount:
    dataset = _by_checksum(session, actor, entry.sha256)
    state: Literal["mounted", "available", "altered", "missing"] = "missing"
    if dataset is not None:
        whole = mounting.is_whole(directory, entry.name, _files(session, dataset.id))
        state = "available" if whole is None else "mounted" if whole else "altered"
    return Mount(
        name=entry.name,
        dataset=entry.dataset,
        version=entry.version,
        sha256=entry.sha256,
        files=entry.files,
        bytes=entry.bytes,
        licence=entry.licence,
        state=state,
        dataset_id=dataset.id if dataset else None,
    )


def _entry(context: StudioContext, dataset: Dataset) -> DatasetEntry:
    task = context.tasks.get(dataset.id)
    done = task.done / task.total if task and task.total else 0.0
    return DatasetEntry(
        id=dataset.id,
        name=dataset.name,
        version=dataset.version,
        description=dataset.description,
        licence=dataset.licence,
        kind=dataset.source_kind,  # type: ignore[arg-type]
        source=dataset.source,
        sha256=dataset.sha256,
        files=dataset.files,
        bytes=dataset.bytes,
        state=dataset.state,
        message=dataset.message,
        progress=1.0 if dataset.state == State.ready else min(done, 1.0),
        created=dataset.created.isoformat(),
    )
