"""The listing of a data set: its files with their checksums, and one checksum over all of them.

A data set of one file has that file's checksum, which can be compared with the published one. A
folder has that of the text that `sha256sum` prints for its files, sorted by path.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Listed:
    """One file."""

    path: str
    sha256: str
    size: int


def checksum(files: Sequence[Listed], *, single: bool) -> str:
    """Return the data set's SHA-256; `single` where it was registered as one file."""
    if single and len(files) == 1:
        return files[0].sha256
    lines = "".join(f"{file.sha256}  {file.path}\n" for file in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()
