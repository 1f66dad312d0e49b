"""Large uploads, which come in pieces and appear when the last one is there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from tengen_studio.storage import durable


class MissingError(Exception):
    """The pieces before this one are gone."""


def part_of(os_path: str) -> Path:
    """Return where the pieces of an upload to `os_path` are gathered: beside it, unseen."""
    name = hashlib.sha256(os.fsencode(os_path)).hexdigest()[:16]
    return Path(os_path).parent / f"{durable.TEMPORARY}upload-{name}"


def append(part: Path, data: bytes, chunk: int) -> None:
    """Add a piece; where it does not fit, nothing of the upload is left to take up the disk.

    Raises:
        MissingError: it is not the first, and those before it are gone.
    """
    try:
        with part.open("wb" if chunk == 1 else "ab") as file:
            if chunk != 1 and file.tell() == 0:
                raise MissingError(str(part))
            file.write(data)
    except (OSError, MissingError):
        part.unlink(missing_ok=True)
        raise
