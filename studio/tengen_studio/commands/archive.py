"""The form of a backup: a tar archive of a manifest, the database's rows, and the store's files.

    manifest.json             form, release, schema revision, time, and the number of rows by table
    database/<table>.jsonl    one row a line
    store/blobs/..            large files, by checksum
    store/histories/..        versions, by project
    store/secrets.key         only where it was asked for
    checksums.txt             last: the SHA-256 of every other member, as `sha256sum` prints it

Nothing in it depends on the database that it came from or will go to.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from tengen_studio.commands.places import CommandError
from tengen_studio.errors import is_full
from tengen_studio.storage import durable

FORM = 1
MANIFEST = "manifest.json"
CHECKSUMS = "checksums.txt"
_MEMBER = re.compile(
    r"manifest\.json|checksums\.txt|database/[a-z_]{1,60}\.jsonl|store/secrets\.key"
    r"|store/blobs/[0-9a-f]{2}/[0-9a-f]{62}"
    r"|store/histories/[A-Za-z0-9][A-Za-z0-9_-]{0,63}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,200}){1,6}"
)
_CHUNK = 2**20


class Manifest(Struct, frozen=True):
    """What `manifest.json` holds."""

    form: int
    release: str
    revision: str
    made: str
    rows: dict[str, int]


class Writer:
    """Adds members to an archive and keeps their checksums."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._sums: list[str] = []
        self.files = 0
        self.bytes = 0

    def add_file(self, name: str, path: Path) -> None:
        """Add the file at `path` under `name`."""
        with path.open("rb") as file:
            size = path.stat().st_size
            self._add(name, file, size)
        self.files, self.bytes = self.files + 1, self.bytes + size

    def add_bytes(self, name: str, data: bytes) -> None:
        """Add a member of these bytes."""
        self._add(name, io.BytesIO(data), len(data))

    def finish(self) -> None:
        """Add the checksums."""
        self._add(CHECKSUMS, io.BytesIO("".join(self._sums).encode()), len("".join(self._sums)))

    def _add(self, name: str, file: BinaryIO, size: int) -> None:
        if not _MEMBER.fullmatch(name):
            raise ValueError(f"[archive] a member of a backup was expected; {name!r} came")
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = size, 0o600, int(time.time())
        reader = _Hashed(file)
        self._archive.addfile(entry, reader)  # type: ignore[arg-type]
        self._sums.append(f"{reader.hash.hexdigest()}  {name}\n")


class _Hashed:
    """A file that is hashed while it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def read(self, count: int = -1) -> bytes:
        """Return the next bytes."""
        data = self._file.read(count)
        self.hash.update(data)
        return data


def unpack(archive: Path, folder: Path) -> None:
    """Write every member of a backup into the new `folder`, and compare the checksums.

    Raises:
        CommandError: not a backup of ours, damaged, or incomplete.
    """
    found: dict[str, str] = {}
    try:
        with tarfile.open(archive, "r:") as source:
            for entry in source:
                if not entry.isreg() or not _MEMBER.fullmatch(entry.name) or ".." in entry.name:
                    raise CommandError(f"{archive.name} is no backup: it has {entry.name!r}.")
                found[entry.name] = _unpack_one(source, entry, folder / entry.name)
    except (tarfile.TarError, EOFError, OSError) as error:
        if is_full(error):
            raise  # it is the folder that cannot be written
        raise CommandError(f"{archive} cannot be read: {error}") from None
    _compare(archive, folder, found)


def _unpack_one(source: tarfile.TarFile, entry: tarfile.TarInfo, target: Path) -> str:
    content = source.extractfile(entry)
    assert content is not None
    durable.make_directory(target.parent)
    hasher = hashlib.sha256()
    with target.open("xb") as file:
        target.chmod(0o400 if "/blobs/" in entry.name else 0o600)
        while chunk := content.read(_CHUNK):
            hasher.update(chunk)
            file.write(chunk)
    return hasher.hexdigest()


def _compare(archive: Path, folder: Path, found: dict[str, str]) -> None:
    if CHECKSUMS not in found or MANIFEST not in found:
        raise CommandError(f"{archive.name} is incomplete: its checksums are missing.")
    del found[CHECKSUMS]
    lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    wanted = {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines)}
    wrong = sorted(
        name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)
    )
    if wrong:
        raise CommandError(f"{archive.name} is damaged: {wrong[0]} is not what was backed up.")


@contextmanager
def reading_lines(path: Path) -> Iterator[Iterable[str]]:
    """Give the lines of a member that was unpacked."""
    with path.open(encoding="utf-8") as file:
        yield (line for line in file if line.strip())
