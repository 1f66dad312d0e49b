"""Large files that no row names any more: which they are, and their end.

Whoever puts a large file into the store names it in a row later on, or finds it there and makes
it young again; so only what has been there for an hour is taken away.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from tengen_studio.context import StudioContext
from tengen_studio.datasets.models import DatasetFile
from tengen_studio.history.models import LargeFile
from tengen_studio.saving.models import RefusedSave

YOUNG_SECONDS = 3600


def used(session: Session) -> set[str]:
    """Return the SHA-256 of every large file that versions, data sets or refused saves hold."""
    columns = (LargeFile.sha256, DatasetFile.sha256, RefusedSave.content, RefusedSave.base)
    return {sha256 for column in columns for sha256 in session.scalars(select(column)) if sha256}


def remove_unused(context: StudioContext, candidates: Iterable[str]) -> None:
    """Remove those of the large files that nothing refers to any more."""
    wanted = set(candidates)
    if not wanted:
        return
    with context.transaction(read_only=True) as session:
        wanted -= used(session)
    for sha256 in wanted:
        context.storage.blobs.remove(sha256, before=time.time() - YOUNG_SECONDS)
