"""Which files of a new version may hold secrets that the version before did not show."""

from __future__ import annotations

from collections.abc import Callable, Set

from tengen_studio.storage import trees
from tengen_studio.storage.history import Reader
from tengen_studio.storage.trees import Change, Entry

MOST_SCANNED = 20 * 2**20
Look = Callable[[str, bytes], set[str]]


def suspects(reader: Reader, changes: list[Change], before: Set[str], look: Look) -> frozenset[str]:
    """Return the paths of the files that may hold secrets.

    `changes` lead to the new version from the one before, in which `before` were such files.
    `look` finds the possible secrets in a file. What the files that passed show already is no
    news: a file may be changed or renamed without being asked about again.
    """

    def found(path: str, entry: Entry | None) -> set[str]:
        content = scannable(reader, entry) if entry is not None else None
        return look(path, content) if content is not None else set()

    fresh = {path: values for path, _, new in changes if (values := found(path, new))}
    passed: set[str] = set()
    if fresh:
        for path, old, _ in changes:
            passed |= found(path, old) if path not in before else set()
    still = before - {path for path, _, _ in changes}
    return frozenset(still | {path for path, values in fresh.items() if values - passed})


def scannable(reader: Reader, entry: Entry) -> bytes | None:
    """Return the content of a file, or None for one too large to be looked through."""
    if entry.mode == trees.LINK or reader.pointer(entry) or reader.size(entry) > MOST_SCANNED:
        return None
    return reader.blob(entry.oid)
