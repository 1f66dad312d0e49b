"""Git trees as nested listings, built from paths and compared with each other.

A file too large for git stands in the tree as a pointer, a small text in the form of git-lfs,
and its content as a blob (`blobs.py`). A small file that looks like a pointer is stored the
same way, so that every pointer in a tree is one of ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

FILE, EXECUTABLE, LINK, FOLDER = 0o100644, 0o100755, 0o120000, 0o040000
MODES = {FILE, EXECUTABLE, LINK, FOLDER}
POINTER_LIMIT = 200
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (\d{1,18})\n"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a tree: git's mode and the id of the object."""

    mode: int
    oid: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """Stands for a large file."""

    sha256: str
    size: int

    def text(self) -> bytes:
        """Return what stands in the tree."""
        return b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n" % (
            self.sha256.encode(),
            self.size,
        )


def read_pointer(data: bytes) -> Pointer | None:
    """Return the pointer that `data` is, or None."""
    match = _POINTER.fullmatch(data) if len(data) <= POINTER_LIMIT else None
    return Pointer(match[1].decode(), int(match[2])) if match else None


def encode_tree(entries: Mapping[str, Entry]) -> bytes:
    """Return the tree object's content; git sorts a folder as if its name ended with `/`."""
    rows = sorted(
        (name.encode() + (b"/" if entry.mode == FOLDER else b""), name, entry)
        for name, entry in entries.items()
    )
    return b"".join(
        b"%o %s\0%s" % (entry.mode, name.encode(), bytes.fromhex(entry.oid))
        for _, name, entry in rows
    )


def decode_tree(data: bytes) -> dict[str, Entry]:
    """Return the entries of a tree object's content."""
    entries = {}
    at = 0
    while at < len(data):
        space = data.index(b" ", at)
        end = data.index(b"\0", space)
        mode = int(data[at:space], 8)
        entries[data[space + 1 : end].decode()] = Entry(mode, data[end + 1 : end + 21].hex())
        at = end + 21
    return entries


def build(files: Mapping[str, Entry], add: Callable[[bytes], str]) -> str:
    """Return the id of the tree of `files` (by path); `add` takes each tree's content.

    Folders are added before those that contain them.
    """
    top: dict[str, Entry] = {}
    folders: dict[str, dict[str, Entry]] = {"": top}
    for path, entry in files.items():
        parent, _, name = path.rpartition("/")
        inner = folders.get(parent)
        if inner is None:
            inner = _make_parents(folders, parent)
        inner[name] = entry
    for path in sorted(folders, key=lambda p: p.count("/") + bool(p), reverse=True):
        if path:
            parent, _, name = path.rpartition("/")
            folders[parent][name] = Entry(FOLDER, add(encode_tree(folders[path])))
    return add(encode_tree(top))


def _make_parents(folders: dict[str, dict[str, Entry]], path: str) -> dict[str, Entry]:
    parts = path.split("/")
    for length in range(1, len(parts) + 1):
        folders.setdefault("/".join(parts[:length]), {})
    return folders[path]


def walk(tree: str, read: Callable[[str], dict[str, Entry]]) -> Iterator[tuple[str, Entry]]:
    """Give each file of `tree` with its path; `read` gives a tree's entries."""
    waiting = [("", tree)]
    while waiting:
        prefix, oid = waiting.pop()
        for name, entry in read(oid).items():
            if entry.mode == FOLDER:
                waiting.append((f"{prefix}{name}/", entry.oid))
            else:
                yield prefix + name, entry


Change = tuple[str, Entry | None, Entry | None]


def changes(
    old: str | None, new: str | None, read: Callable[[str], dict[str, Entry]]
) -> list[Change]:
    """Return (path, old entry, new entry) of each file that differs, sorted by path.

    None stands for a missing tree or file. Equal folders are not opened.
    """
    found: list[Change] = []
    waiting: list[tuple[str, str | None, str | None]] = [("", old, new)]
    while waiting:
        prefix, left, right = waiting.pop()
        if left == right:
            continue
        before = read(left) if left else {}
        after = read(right) if right else {}
        for name in before.keys() | after.keys():
            one, two = before.get(name), after.get(name)
            if one == two:
                continue
            path = prefix + name
            folder_one = one.oid if one and one.mode == FOLDER else None
            folder_two = two.oid if two and two.mode == FOLDER else None
            if folder_one or folder_two:
                waiting.append((f"{path}/", folder_one, folder_two))
            file_one = None if folder_one else one
            file_two = None if folder_two else two
            if file_one or file_two:
                found.append((path, file_one, file_two))
    return sorted(found, key=lambda change: change[0])
