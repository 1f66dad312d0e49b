"""From a path that a browser sent to a folder that the user may have: the one place for it.

A name is judged by its components after every link is resolved, never by a string prefix.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tengen_studio.context import StudioContext
from tengen_studio.errors import ConflictError, InvalidError, NotFoundError

if TYPE_CHECKING:
    from tengen_studio.projects.models import Project


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


def project_folder(context: StudioContext, project: Project) -> Path | None:
    """Return a project's folder, or None for a project that lives only as versions.

    Raises:
        ConflictError: the folder was moved or removed, or lies under another server's folder.
    """
    if project.directory is None:
        return None
    if project.root != str(context.root):
        raise ConflictError("This project's folder does not lie in the folder of this server.")
    try:
        folder = resolve_directory(context, project.directory)
    except (InvalidError, NotFoundError):
        raise ConflictError(
            f"The folder {project.directory} of this project is gone. Move it back, or tell the "
            "project where it is now."
        ) from None
    if folder == context.root:
        raise ConflictError("A project has a folder of its own within the server's folder.")
    return folder
