"""Lists templates and copies one into the user's folder, without ever overwriting anything."""

from __future__ import annotations

import errno
import logging
import re
import shutil
import tempfile
from pathlib import Path

import msgspec

from tengen_studio.context import StudioContext
from tengen_studio.errors import ForbiddenError, InvalidError, NoSpaceError, NotFoundError
from tengen_studio.paths import inside, resolve_directory
from tengen_studio.templates.schemas import Copy, Manifest, Template, TemplateList

log = logging.getLogger(__name__)

MANIFEST = "template.json"
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MOST_COPIES = 999
_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR}


def list_templates(context: StudioContext) -> TemplateList:
    """Return every readable template, in the order of rank and slug.

    A template that cannot be read is left out and named in the log: one bad folder must not
    hide the others.
    """
    found: list[tuple[int, Template]] = []
    folders = sorted(context.templates_dir.iterdir()) if context.templates_dir.is_dir() else []
    for folder in folders:
        if not (folder / MANIFEST).is_file():
            continue
        try:
            manifest = _read_manifest(folder)
            picture = (folder / manifest.picture).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            log.warning("template %s is left out: %s", folder.name, error)
            continue
        template = Template(folder.name, manifest.title, manifest.description, picture)
        found.append((manifest.rank, template))
    found.sort(key=lambda entry: (entry[0], entry[1].slug))
    return TemplateList([template for _, template in found])


def copy_template(context: StudioContext, slug: str, directory: str) -> Copy:
    """Copy the template `slug` into `directory` under a free name and say where it is.

    The name is the slug, then `slug-2`, `slug-3` and so on. Files are first gathered under a
    temporary name beside it and then renamed, so a copy is either whole or not there.

    Raises:
        NotFoundError: no such template, or no such folder.
        InvalidError: the folder's name breaks the path rules, or has too many copies.
        ForbiddenError: the folder cannot be written to.
        NoSpaceError: the disk is full.
    """
    source, manifest = _usable(context, slug)
    parent = resolve_directory(context, directory)
    try:
        target = _copy_to_free_name(source, parent, slug)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpaceError("The disk is full; nothing was copied.") from None
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise ForbiddenError("This folder cannot be written to; choose another.") from None
        raise
    relative = target.relative_to(context.root)
    return Copy(relative.as_posix(), (relative / manifest.notebook).as_posix())


def title(context: StudioContext, slug: str) -> str:
    """Return a template's English title.

    Raises:
        NotFoundError: no such template.
    """
    return _usable(context, slug)[1].title.en


def write_files(context: StudioContext, slug: str, folder: Path) -> str:
    """Write the template's files into the new folder `folder`; return the notebook's name.

    Raises:
        NotFoundError: no such template.
    """
    source, manifest = _usable(context, slug)
    _copy_files(source, folder)
    return manifest.notebook


def _usable(context: StudioContext, slug: str) -> tuple[Path, Manifest]:
    source = _template_folder(context, slug)
    try:
        return source, _read_manifest(source)
    except ValueError as error:
        log.warning("template %s cannot be used: %s", slug, error)
        raise NotFoundError("There is no such template.") from None


def _template_folder(context: StudioContext, slug: str) -> Path:
    folder = context.templates_dir / slug
    if not _SLUG.fullmatch(slug) or not (folder / MANIFEST).is_file():
        raise NotFoundError("There is no such template.")
    if not inside(folder.resolve(), context.templates_dir):
        raise NotFoundError("There is no such template.")
    return folder


def _read_manifest(folder: Path) -> Manifest:
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except msgspec.DecodeError as error:
        raise ValueError(f"[{MANIFEST}] {error}") from None
    for name in (manifest.picture, manifest.notebook):
        if Path(name).name != name or not (folder / name).is_file():
            raise ValueError(f"[{MANIFEST}] a file of the template was expected; {name!r} came")
    return manifest


def _copy_to_free_name(source: Path, parent: Path, slug: str) -> Path:
    staging = Path(tempfile.mkdtemp(prefix=f".{slug}-", dir=parent))
    try:
        whole = staging / slug
        _copy_files(source, whole)
        for number in range(1, _MOST_COPIES + 1):
            target = parent / (slug if number == 1 else f"{slug}-{number}")
            if not target.exists() and not target.is_symlink() and _rename(whole, target):
                return target
        raise InvalidError("This folder has too many copies of the template; choose another.")
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _copy_files(source: Path, target: Path) -> None:
    """Copy contents only: the copies belong to the user, whatever the originals' permissions.

    `shutil.copytree` would hide the reason of a failure, such as a full disk.
    """
    target.mkdir()
    for path in sorted(source.iterdir()):
        if path.name.startswith(".") or path.name in ("__pycache__", MANIFEST):
            continue
        if path.is_dir():
            _copy_files(path, target / path.name)
        else:
            shutil.copyfile(path, target / path.name)


def _rename(whole: Path, target: Path) -> bool:
    """Rename, or tell that `target` came to be in the meantime."""
    try:
        whole.rename(target)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise
    return True
