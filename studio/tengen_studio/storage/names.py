"""Which paths a file from elsewhere may have in a project: plain names, going down only."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from tengen_studio.storage.durable import TEMPORARY
from tengen_studio.storage.scan import IGNORED

LONGEST_NAME = 255
LONGEST_PATH = 1_000


class BadPathError(Exception):
    """The path is none that a project may have; the text says why."""


def checked_path(path: str) -> str:
    """Return `path`, which has `/` between its names, in the form in which it is kept.

    Raises:
        BadPathError: absolute, with `..`, with an empty or too long name, with a backslash or a
            control character, or with a name that is the studio's own.
    """
    shown = repr(path[:80])
    if path.startswith("/") or (len(path) > 1 and path[1] == ":"):
        raise BadPathError(f"a relative path was expected; {shown} came")
    if len(path.encode(errors="surrogatepass")) > LONGEST_PATH:
        raise BadPathError(f"a path of at most {LONGEST_PATH} bytes was expected; {shown} came")
    for name in path.split("/"):
        if name in ("", ".", ".."):
            raise BadPathError(f"a path without '..' or empty names was expected; {shown} came")
        if len(name.encode(errors="surrogatepass")) > LONGEST_NAME:
            raise BadPathError(f"names of at most {LONGEST_NAME} bytes were expected; {shown}")
        if "\\" in name or any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
            raise BadPathError(f"names without backslash or control characters; {shown} came")
        if name.startswith(TEMPORARY):
            raise BadPathError(f"{shown} is a name that the studio itself uses")
    return path


def is_ignored(path: str) -> bool:
    """Tell whether the file is one that no version holds, such as those of git itself."""
    # A file system that ignores case would take .GIT for .git, and so would git there.
    return any(name in IGNORED or name.casefold() == ".git" for name in path.split("/"))


def check_together(paths: Iterable[str]) -> None:
    """Return if all the files can stand in one folder.

    Raises:
        BadPathError: two have one path, or one is a folder of another.
    """
    seen: set[str] = set()
    folders: set[str] = set()
    for path in paths:
        if path in seen:
            raise BadPathError(f"each file once was expected; {path[:80]!r} came twice")
        seen.add(path)
        parts = path.split("/")
        folders.update("/".join(parts[:n]) for n in range(1, len(parts)))
    both = seen & folders
    if both:
        raise BadPathError(f"a file or a folder was expected; {min(both)[:80]!r} is both")


def check_case(paths: Iterable[str], folder: Path) -> None:
    """Return if `folder`, which is there, can hold all the files under names of their own.

    Raises:
        BadPathError: its disk takes names that differ only in case, or in how an accent is
            written, for one, and two of the files have such names.
    """
    if not _folds(folder):
        return
    seen: dict[str, str] = {}
    for path in paths:
        parts = path.split("/")
        for length in range(1, len(parts) + 1):
            name = "/".join(parts[:length])
            other = seen.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
            if other != name:
                raise BadPathError(f"this disk takes {other[:80]!r} and {name[:80]!r} for one name")


def _folds(folder: Path) -> bool:
    """Tell whether the disk finds the folder under a name in other case, too."""
    for place in (folder, *folder.parents):
        other = place.with_name(place.name.swapcase()) if place.name else place
        if other != place:
            try:
                return os.path.samefile(place, other)
            except FileNotFoundError:
                return False
    return False
