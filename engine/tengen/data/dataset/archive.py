"""Unpacking archives that others made: regular files and folders only, inside the target."""

import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ...base.errors import FileFormatError


def extract_tar(path: Path, target: Path) -> None:
    """Unpack the tar file `path`, compressed or not, into the folder `target`.

    All of it is unpacked beside `target` first and moved into place at the end, so that no half
    of an archive is found there later. Raises FileFormatError, with nothing written to `target`,
    for a damaged archive and for members that are links, devices, or outside the target.
    """
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=target.parent) as folder:
        try:
            with tarfile.open(path) as tar:
                for member, place in _checked(tar, path, Path(folder)):
                    _write(tar, member, place)
        except (tarfile.TarError, EOFError, OSError) as error:
            raise FileFormatError(f"[extract] {path} cannot be unpacked: {error}") from error
        for entry in sorted(Path(folder).iterdir()):
            _move(entry, target / entry.name)


def _checked(
    tar: tarfile.TarFile, path: Path, root: Path
) -> Iterator[tuple[tarfile.TarInfo, Path]]:
    for member in tar:
        name = PurePosixPath(member.name.replace("\\", "/"))
        drive = any(":" in part for part in name.parts[:1])
        if name.is_absolute() or ".." in name.parts or drive:
            raise FileFormatError(f"[extract] {path}: {member.name!r} leads out of the archive")
        if not (member.isreg() or member.isdir()):
            raise FileFormatError(
                f"[extract] {path}: {member.name!r} is a link or device; only files and folders "
                f"are unpacked"
            )
        yield member, root.joinpath(*name.parts)


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    if member.isdir():
        place.mkdir(parents=True, exist_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    assert source is not None
    with source, open(place, "wb") as file:
        shutil.copyfileobj(source, file)


def _move(source: Path, target: Path) -> None:
    if source.is_dir() and target.is_dir():
        for entry in sorted(source.iterdir()):
            _move(entry, target / entry.name)
    else:
        os.replace(source, target)
