"""From a path that a browser sent to a folder that the user may have: the one place for it.

A name is judged by its components after every link is resolved, never by a string prefix.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from tengen_studio.context import StudioContext
from tengen_studio.errors import InvalidError, NotFoundError


def resolve_directory(context: StudioContext, relative: str) -> Path:
    """Return the existing folder that `relative` names inside the user's folder.

    `relative` is written with `/`, as JupyterLab writes paths; "" is the user's folder itself.

    Raises:
        InvalidError: absolute, with `..`, with a backslash or with a control character.
        NotFoundError: no such folder, one reached through a link that leaves the user's
            folder, or a hidden one where hidden files are not allowed.
    """
    if any(ord(char) < 32 for char in relative) or "\\" in relative:
        raise InvalidError("The folder's name has a character that is not allowed.")
    pure = PurePosixPath(relative)
    if pure.is_absolute() or ".." in pure.parts or ":" in (pure.parts or ("",))[0]:
        raise InvalidError("The folder must be given relative to your own folder, without '..'.")
    missing = NotFoundError("There is no such folder.")
    if not context.allow_hidden and any(part.startswith(".") for part in pure.parts):
        raise missing
    try:
        resolved = context.root.joinpath(*pure.parts).resolve(strict=True)
    except (OSError, RuntimeError):
        raise missing from None
    if not inside(resolved, context.root) or not resolved.is_dir():
        raise missing
    return resolved


def inside(path: Path, root: Path) -> bool:
    """Tell whether the resolved `path` is the resolved `root` or lies under it."""
    return path == root or root in path.parents
