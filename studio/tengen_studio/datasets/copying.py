"""Takes a data set's files into the blob store, in a task of its own."""

from __future__ import annotations

import errno
import logging
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy import select

from tengen_studio.addresses import open_address, without_credentials
from tengen_studio.context import StudioContext
from tengen_studio.datasets import sources
from tengen_studio.datasets.listing import Listed, checksum
from tengen_studio.datasets.models import Dataset, DatasetFile
from tengen_studio.datasets.sources import SourceFile
from tengen_studio.datasets.states import State, move
from tengen_studio.errors import InvalidError, StudioError, is_full
from tengen_studio.tasks import CancelledError, Task, is_gone, once_there_is_room

log = logging.getLogger(__name__)

_CHUNK = 2**20


def copy(context: StudioContext, dataset_id: str, task: Task) -> None:
    """Take the files in and make the data set ready, or failed with the reason."""
    with context.transaction(read_only=True) as session:
        dataset = session.get_one(Dataset, dataset_id)
        session.expunge(dataset)
    try:
        files = _take_in(context, dataset, task)
        found = checksum(files, single=dataset.source_kind != "folder")
        if dataset.expected_sha256 not in (None, found):
            raise InvalidError(f"SHA-256 {dataset.expected_sha256} was expected; {found} came.")
    except StudioError as error:
        reason = error.message
    except CancelledError:
        reason = "It was cancelled."
    except OSError as error:
        reason = _reason(error)
    except Exception:
        once_there_is_room(
            task,
            lambda: _fail(context, dataset_id, "The server failed; its log has the reason."),
        )
        raise
    else:
        once_there_is_room(task, lambda: _finish(context, dataset_id, files, found))
        return
    once_there_is_room(task, lambda: _fail(context, dataset_id, reason))


def recover(context: StudioContext) -> None:
    """Mark what a server that is gone was still copying; called when a server starts."""
    with context.transaction() as session:
        for dataset in session.scalars(select(Dataset).where(Dataset.state == State.copying)):
            if is_gone(dataset.process):
                _forget_signature(dataset)
                dataset.state = move(State.copying, State.failed)
                dataset.message = "The server stopped while the files were taken in."


def _take_in(context: StudioContext, dataset: Dataset, task: Task) -> list[Listed]:
    if dataset.source_kind == "url":
        with context.storage.scratch() as scratch:
            file = _download(context, dataset.source, scratch, task)
            return [_put(context, file)]
    place = sources.find(context, dataset.source_kind, dataset.source)
    found = list(sources.walk(place, dataset.source_kind))
    task.total = sum(file.place.stat().st_size for file in found)
    listed = []
    for file in found:
        task.check()
        listed.append(_put(context, file))
        task.done += listed[-1].size
    return listed


def _put(context: StudioContext, file: SourceFile) -> Listed:
    with file.place.open("rb") as stream:
        sha256, size = context.storage.blobs.put(stream)
    return Listed(file.path, sha256, size)


def _download(context: StudioContext, url: str, scratch: Path, task: Task) -> SourceFile:
    """Write what `url` gives to a scratch file; its name is the address's last part."""
    limit = context.limits.upload_bytes
    private = context.limits.private_downloads
    target = scratch / "download"
    with open_address(url, private=private) as response, target.open("wb") as file:
        task.total = int(response.headers.get("Content-Length") or 0)
        while chunk := response.read(_CHUNK):
            task.check()
            file.write(chunk)
            task.done += len(chunk)
            if task.done > limit:
                raise InvalidError(f"The file is larger than {limit:,} bytes, the most allowed.")
    if task.total and task.done != task.total:
        raise InvalidError(f"{task.total:,} bytes were announced; {task.done:,} came.")
    return SourceFile(target, file_name(url))


def file_name(url: str) -> str:
    """Return the name for what `url` gives: the address's last part, if it can be a file's."""
    name = unquote(urlsplit(url).path).rpartition("/")[2]
    plain = "".join(char for char in name if char.isalnum() or char in "-_.+ ").strip(". ")
    return plain[:200] or "data"


def _finish(context: StudioContext, dataset_id: str, files: list[Listed], found: str) -> None:
    with context.transaction() as session:
        dataset = session.get(Dataset, dataset_id)
        if dataset is None:
            return  # removed in the meantime; the blobs are collected later
        session.add_all(
            DatasetFile(dataset_id=dataset_id, path=f.path, sha256=f.sha256, size=f.size)
            for f in files
        )
        dataset.state = move(dataset.state, State.ready)
        dataset.sha256, dataset.files = found, len(files)
        dataset.bytes, dataset.process = sum(f.size for f in files), ""
        _forget_signature(dataset)


def _fail(context: StudioContext, dataset_id: str, message: str) -> None:
    with context.transaction() as session:
        dataset = session.get(Dataset, dataset_id)
        if dataset is not None:
            dataset.state = move(dataset.state, State.failed)
            dataset.message, dataset.process = message, ""
            _forget_signature(dataset)


def _forget_signature(dataset: Dataset) -> None:
    """Keep no longer what signs the address: it was for this one download."""
    if dataset.source_kind == "url":
        dataset.source = without_credentials(dataset.source)


def _reason(error: OSError) -> str:
    if is_full(error):
        return "The disk is full."
    if error.errno in (errno.EACCES, errno.EPERM):
        return "A file of the source cannot be read."
    return f"The source cannot be read: {error.strerror or error}"
