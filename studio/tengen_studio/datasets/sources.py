"""From what a person gives as a data set's source to the files that may be read for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tengen_studio.context import StudioContext
from tengen_studio.errors import InvalidError, NotFoundError
from tengen_studio.paths import inside

MOST_FILES = 1_000_000
LONGEST_PATH = 1000


@dataclass(frozen=True)
class SourceFile:
    """A file to take in: where it lies, and its path within the data set."""

    place: Path
    path: str


def find(context: StudioContext, kind: str, source: str) -> Path:
    """Return the resolved folder or file that `source` names.

    It is relative to the user's folder, or absolute below one of the server's data folders.

    Raises:
        InvalidError: a name with control characters.
        NotFoundError: nothing there of that kind, or it lies in neither.
    """
    if any(ord(char) < 32 for char in source) or "\\" in source:
        raise InvalidError("The source's name has a character that is not allowed.")
    allowed = (context.root, *(folder for folder in context.dataset_folders))
    pure = PurePosixPath(source)
    hidden = not context.allow_hidden and any(part.startswith(".") for part in pure.parts)
    try:
        place = context.root.joinpath(*pure.parts).resolve(strict=True)
    except (OSError, RuntimeError):
        place = None
    if (
        place is None
        or hidden
        or not any(inside(place, folder) for folder in allowed)
        or inside(place, context.data_dir)
        or not (place.is_dir() if kind == "folder" else place.is_file())
    ):
        raise NotFoundError(
            f"There is no such {kind} in your own folder or in the server's data folders."
        )
    return place


def walk(place: Path, kind: str) -> Iterator[SourceFile]:
    """Yield the files of a source by path; hidden names and special files are left out.

    Raises:
        InvalidError: a link that leads out of the folder, a name that is no text, too many
            files, or none.
    """
    if kind == "file":
        yield SourceFile(place, place.name)
        return
    count = 0
    for folder, names, files in os.walk(place):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            file = Path(folder, name)
            if name.startswith(".") or not file.is_file():
                continue
            path = file.relative_to(place).as_posix()
            count += 1
            _check(place, file, path, count)
            yield SourceFile(file, path)
    if not count:
        raise InvalidError("The folder holds no files.")


def _check(place: Path, file: Path, path: str, count: int) -> None:
    if count > MOST_FILES:
        raise InvalidError(f"A folder of at most {MOST_FILES:,} files was expected; it has more.")
    if file.is_symlink() and not inside(file.resolve(), place):
        raise InvalidError(f"{path} is a link that leads out of the folder.")
    try:
        path.encode()
    except UnicodeEncodeError:
        raise InvalidError(f"A file's name is not readable as UTF-8: {path!r}") from None
    if len(path) > LONGEST_PATH:
        raise InvalidError(f"A path of at most {LONGEST_PATH} characters was expected; {path!r}")
