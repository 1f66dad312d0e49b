"""Unpacks zip archives that come from anywhere, and packs versions into new ones piece by piece."""

from __future__ import annotations

import io
import os
import shutil
import stat
import struct
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from tengen_studio.context import Limits
from tengen_studio.errors import InvalidError, NoSpaceError, TooLargeError
from tengen_studio.sizes import size_text
from tengen_studio.storage import durable, trees
from tengen_studio.storage.names import (
    BadPathError,
    check_case,
    check_together,
    checked_path,
    is_ignored,
)
from tengen_studio.storage.scan import stays_inside
from tengen_studio.storage.trees import Entry

_CHUNK = 2**18
_LONGEST_LINK = 1_000
_MOST_DIRECTORY = 64 * 2**20
_ENCRYPTED = 0x1
# The others that zipfile knows are unpacked whole at each reading: 300 bytes may fill the memory.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_END = 22
_TAIL = _END + 65_535
_KEPT_FREE = 256 * 2**20

File = tuple[str, Entry, int, Iterator[bytes]]


def unpack(archive: BinaryIO, folder: Path, limits: Limits) -> None:
    """Write the archive's files into the new folder `folder`.

    A single folder at the top that holds all the rest is left out, and so is what no version
    holds. Links stay if they stay within the archive. Of each file no more is unpacked than the
    archive says that it has.

    Raises:
        InvalidError: no zip archive, encrypted, damaged, with a name that leads elsewhere, or
            with names that this disk takes for one.
        TooLargeError: more files or bytes than the limits allow.
        NoSpaceError: the disk does not hold it.
    """
    _check_directory(archive, limits)
    try:
        with zipfile.ZipFile(archive) as opened:
            members = _members(opened, limits)
            folder.mkdir()
            check_case(members, folder)
            _check_free(sum(info.file_size for info in members.values()), folder)
            links: list[tuple[str, zipfile.ZipInfo]] = []
            for path, info in members.items():
                if stat.S_ISLNK(info.external_attr >> 16):
                    links.append((path, info))
                else:
                    _extract(opened, info, folder / path)
            for path, info in links:
                _link(opened, info, folder, path)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError) as error:
        raise InvalidError(f"The archive cannot be read: {error}") from None
    except BadPathError as error:
        raise InvalidError(f"The archive has a path that is not allowed: {error}.") from None
    except (ValueError, RuntimeError, OverflowError) as error:
        # zlib and zipfile raise these on damaged data.
        raise InvalidError(f"The archive is damaged: {error}") from None


def pack(files: Iterable[File], when: datetime) -> Iterator[bytes]:
    """Give a zip archive of `files` in pieces; no piece waits for the whole."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for path, entry, size, pieces in files:
            info = zipfile.ZipInfo(path, max(when.timetuple()[:6], (1980, 1, 1, 0, 0, 0)))
            mode = stat.S_IFLNK | 0o777 if entry.mode == trees.LINK else entry.mode & 0o777
            info.external_attr = (mode if entry.mode == trees.LINK else stat.S_IFREG | mode) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=size >= 2**31) as target:
                for piece in pieces:
                    target.write(piece)
                    yield from sink.take()
            yield from sink.take()
    yield from sink.take()


class _Sink(io.RawIOBase):
    """Takes what the archive writes, to be given on."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._pieces.append(piece)
        return len(piece)

    def take(self) -> Iterator[bytes]:
        pieces, self._pieces = self._pieces, []
        if pieces:
            yield b"".join(pieces)


def _check_directory(archive: BinaryIO, limits: Limits) -> None:
    """Refuse an archive whose list of files alone is too large, before zipfile reads it.

    The numbers that the archive gives may lie, so its entries themselves are counted.
    """
    size = archive.seek(0, os.SEEK_END)
    archive.seek(max(0, size - _TAIL))
    tail = archive.read()
    at = len(tail) - _END if tail[-_END:].startswith(b"PK\5\6") else tail.rfind(b"PK\5\6")
    if at < 0 or at + _END > len(tail):
        raise InvalidError("A zip archive was expected; this is none.")
    end = size - len(tail) + at
    length = int.from_bytes(tail[at + 12 : at + 16], "little")
    places = [(end - length, length)]
    locator = tail[at - 20 : at] if at >= 20 else b""
    if locator[:4] == b"PK\6\7":
        # By the format the record lies where the locator says; some take it to be just before.
        for place in (int.from_bytes(locator[8:16], "little"), end - 76):
            archive.seek(min(max(place, 0), size))
            record = archive.read(56)
            if record[:4] == b"PK\6\6":
                length = int.from_bytes(record[40:48], "little")
                places.append((end - 76 - length, length))
    for start, length in places:
        if length > _MOST_DIRECTORY:
            raise _too_many(limits)
        archive.seek(max(start, 0))
        files, folders = _count(archive.read(length))
        if files > limits.import_files or folders > limits.import_files:
            raise _too_many(limits)
    archive.seek(0)


def _count(directory: bytes) -> tuple[int, int]:
    """Return how many files and how many folders a zip archive's directory lists."""
    files = folders = at = 0
    while directory[at : at + 4] == b"PK\1\2" and at + 46 <= len(directory):
        name, extra, comment = struct.unpack_from("<HHH", directory, at + 28)
        at += 46 + name
        if directory[at - 1 : at] == b"/":
            folders += 1
        else:
            files += 1
        at += extra + comment
    return files, folders


def _too_many(limits: Limits) -> TooLargeError:
    return TooLargeError(f"The archive has more than {limits.import_files:,} files.")


def _members(opened: zipfile.ZipFile, limits: Limits) -> dict[str, zipfile.ZipInfo]:
    infos = [info for info in opened.infolist() if not info.is_dir()]
    if len(infos) > limits.import_files:
        raise _too_many(limits)
    declared = sum(info.file_size for info in infos)
    if declared > limits.import_bytes:
        raise _too_large(limits)
    kept: dict[str, zipfile.ZipInfo] = {}
    # The archive's own spelling counts: zipfile turns what it cannot use into something else.
    named = [(checked_path(info.orig_filename), info) for info in infos]
    named = [(p, i) for p, i in named if not is_ignored(p) and not p.startswith("__MACOSX/")]
    top = _single_top([path for path, _ in named])
    check_together([path for path, _ in named])
    for path, info in named:
        if info.flag_bits & _ENCRYPTED:
            raise InvalidError("The archive is encrypted; unpack it first.")
        if info.compress_type not in _METHODS:
            raise InvalidError("A zip archive of the usual compression (deflate) was expected.")
        kept[path.removeprefix(top)] = info
    return kept


def _too_large(limits: Limits) -> TooLargeError:
    return TooLargeError(f"The archive unpacks to more than {size_text(limits.import_bytes)}.")


def _single_top(paths: list[str]) -> str:
    tops = {path.partition("/")[0] for path in paths}
    if len(tops) == 1 and all("/" in path for path in paths):
        return f"{tops.pop()}/"
    return ""


def _check_free(needed: int, folder: Path) -> None:
    if needed + _KEPT_FREE > shutil.disk_usage(folder).free:
        raise NoSpaceError(f"The disk does not hold the {size_text(needed)} of this archive.")


def _extract(opened: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o777 if (info.external_attr >> 16) & stat.S_IXUSR else 0o666
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file, opened.open(info) as source:
        # zipfile itself ends at the size that was declared, and all of those were added up.
        shutil.copyfileobj(source, file, _CHUNK)
    durable.boundary("file unpacked")


def _link(opened: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path, path: str) -> None:
    with opened.open(info) as source:
        target = source.read(_LONGEST_LINK + 1).decode(errors="replace")
    if len(target) > _LONGEST_LINK or not stays_inside(path, target):
        raise BadPathError(f"a link within the archive was expected; {path[:80]!r} leads out")
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).symlink_to(target)
