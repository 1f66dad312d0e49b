"""The history of one project: a bare git repository that holds the objects of its versions.

The database says which commits are versions; `refs/heads/versions` follows for whoever opens
the repository with git. Writers hold the project's lock; readers need none.
"""

from __future__ import annotations

import math
import mmap
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.objects import Commit, ObjectID, RawObjectID
from dulwich.pack import Pack, PackFileDisappeared

from tengen_studio.storage import durable, trees
from tengen_studio.storage.packs import BLOB, COMMIT, TREE, PackWriter
from tengen_studio.storage.trees import Change, Entry, Pointer

MOST_PACKS = 50
_SMALL_PACK = 64 * 2**20
_CHECKSUM = 20
_TRIES = 100
_CACHE = "files.cache"
_HEAD = "refs/heads/versions"
_CONFIG = b"[core]\n\trepositoryformatversion = 0\n\tbare = true\n"


@dataclass(frozen=True)
class OpenPack:
    """A pack that stays readable, whoever removes its files."""

    name: str
    objects: Pack
    bytes: mmap.mmap

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Give the id of each object, and how many bytes it takes in the pack."""
        rows = sorted((offset, name) for name, offset, _ in self.objects.index.iterentries())
        ends = [offset for offset, _ in rows[1:]] + [len(self.bytes) - _CHECKSUM]
        for (offset, name), end in zip(rows, ends, strict=True):
            yield name.hex(), end - offset


class Reader:
    """Reads a history's objects as they were when the reader was opened."""

    def __init__(self, packs: list[OpenPack]) -> None:
        self.packs = packs
        self._trees: dict[str, dict[str, Entry]] = {}

    def has(self, oid: str) -> bool:
        """Tell whether the object is here."""
        name = RawObjectID(bytes.fromhex(oid))
        return any(name in pack.objects for pack in self.packs)

    def raw(self, oid: str) -> tuple[int, bytes]:
        """Return an object's kind and content.

        Raises:
            KeyError: no such object.
        """
        name = RawObjectID(bytes.fromhex(oid))
        for pack in self.packs:
            try:
                return pack.objects.get_raw(name)
            except KeyError:
                continue
        raise KeyError(oid)

    def blob(self, oid: str) -> bytes:
        """Return a file's content, or the pointer that stands for it."""
        kind, data = self.raw(oid)
        if kind != BLOB:
            raise KeyError(oid)
        return data

    def tree(self, oid: str) -> dict[str, Entry]:
        """Return the entries of a folder."""
        if oid not in self._trees:
            kind, data = self.raw(oid)
            if kind != TREE:
                raise KeyError(oid)
            self._trees[oid] = trees.decode_tree(data)
        return self._trees[oid]

    def files(self, tree: str) -> dict[str, Entry]:
        """Return every file of a tree by path."""
        return dict(trees.walk(tree, self.tree))

    def changes(self, old: str | None, new: str | None) -> list[Change]:
        """Return what differs between two trees, sorted by path."""
        return trees.changes(old, new, self.tree)

    def find(self, tree: str, path: str) -> Entry | None:
        """Return the entry of the file at `path`, or None."""
        *folders, name = path.split("/")
        for folder in folders:
            entry = self.tree(tree).get(folder)
            if entry is None or entry.mode != trees.FOLDER:
                return None
            tree = entry.oid
        entry = self.tree(tree).get(name)
        return entry if entry is not None and entry.mode != trees.FOLDER else None

    def pointer(self, entry: Entry) -> Pointer | None:
        """Return the pointer that a file is, or None for a file that stands in git."""
        if entry.mode == trees.LINK or self._stored_size(entry.oid) > trees.POINTER_LIMIT:
            return None
        return trees.read_pointer(self.blob(entry.oid))

    def size(self, entry: Entry) -> int:
        """Return the size of a file's real content, reading little more than its header."""
        pointer = self.pointer(entry)
        return pointer.size if pointer else self._stored_size(entry.oid)

    def reachable(self, tree: str, done: set[str] | None = None) -> Iterator[str]:
        """Give the ids of a tree and of all that it holds, less those in `done`, each once."""
        seen = done if done is not None else set()
        waiting = [(TREE, tree)]
        while waiting:
            kind, oid = waiting.pop()
            if oid in seen:
                continue
            seen.add(oid)
            yield oid
            if kind == TREE:
                waiting += [
                    (TREE if entry.mode == trees.FOLDER else BLOB, entry.oid)
                    for entry in self.tree(oid).values()
                ]

    def held(self, commits: Iterable[str]) -> Iterator[str]:
        """Give the ids of commits and of all that they hold, each once.

        Raises:
            KeyError: one of them is no commit that is here.
        """
        done: set[str] = set()
        for commit in commits:
            kind, data = self.raw(commit)
            if kind != COMMIT:
                raise KeyError(commit)
            if commit not in done:
                done.add(commit)
                yield commit
            yield from self.reachable(data[5:45].decode(), done)

    def _stored_size(self, oid: str) -> int:
        name = RawObjectID(bytes.fromhex(oid))
        for pack in self.packs:
            try:
                offset = pack.objects.index.object_offset(name)
            except KeyError:
                continue
            return _size_at(pack.bytes, offset)
        raise KeyError(oid)


class HistoryStore:
    """One project's repository in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packs = folder / "objects" / "pack"

    @property
    def cache(self) -> Path:
        """Where the scan keeps what it knows of the project's files; safe to remove."""
        return self.folder / _CACHE

    def exists(self) -> bool:
        """Tell whether anything was written."""
        return self.packs.is_dir()

    def create(self) -> None:
        """Make the repository, if it is not there."""
        if (self.folder / "config").is_file():
            return
        for folder in (self.packs, self.folder / "refs" / "heads"):
            durable.make_directory(folder)
        durable.write_file(self.folder / "HEAD", f"ref: {_HEAD}\n".encode())
        durable.write_file(self.folder / "config", _CONFIG)

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """Give a reader of all that is here now."""
        with ExitStack() as stack:
            for _ in range(_TRIES):
                try:
                    packs = [_open(index, stack) for index in sorted(self.packs.glob("*.idx"))]
                except (FileNotFoundError, PackFileDisappeared):
                    # Somebody has just joined it with others; the new one is there by now.
                    stack.close()
                    continue
                yield Reader(packs)
                return
            raise FileNotFoundError(f"[history] packs at rest were expected in {self.packs}")

    @contextmanager
    def writer(
        self, reader: Reader, spend: Callable[[int], None] = lambda count: None
    ) -> Iterator[PackWriter]:
        """Give a writer; what was added is there, whole, when the block has ended.

        `spend` is told the bytes before they are written, and may refuse them by raising.
        """
        self.create()
        with PackWriter(self.packs, reader.has, spend) as writer:
            yield writer
        if writer.written:
            self.consolidate()

    def point_to(self, commit: str) -> None:
        """Have git's own branch follow the newest version."""
        durable.write_file(self.folder / _HEAD, f"{commit}\n".encode())

    def consolidate(self, most: int = MOST_PACKS) -> None:
        """Join the small packs into one when there are more than `most` packs."""
        packs = sorted(self.packs.glob("*.idx"))
        if len(packs) <= most:
            return
        small = [p for p in packs if p.with_suffix(".pack").stat().st_size < _SMALL_PACK]
        with self.reader() as reader:
            chosen = {p.stem for p in small}
            with PackWriter(self.packs, lambda oid: False) as writer:
                for pack in reader.packs:
                    if pack.name in chosen:
                        for oid, _ in pack.sizes():
                            writer.add(*reader.raw(oid))
        self._remove([path for path in small if path.stem != writer.name])

    def unused(self, commits: Iterable[str], before: float = math.inf) -> int:
        """Return how many bytes the given commits do not need, in packs older than `before`."""
        with self.reader() as reader:
            needed = set(reader.held(commits))
            old = [p for p in reader.packs if self._written(p) < before]
            return sum(size for pack in old for oid, size in pack.sizes() if oid not in needed)

    def prune(self, commits: Sequence[str]) -> None:
        """Keep what the given commits hold, and nothing else; the last one is the newest.

        The caller holds the project's lock.
        """
        if not self.exists():
            return
        old = sorted(self.packs.glob("*.idx"))
        durable.remove_file(self.cache)
        with self.reader() as reader, PackWriter(self.packs, lambda oid: False) as writer:
            for oid in reader.held(commits):
                writer.add(*reader.raw(oid))
        if commits:
            self.point_to(commits[-1])
        self._remove([path for path in old if path.stem != writer.name])

    def bytes(self) -> int:
        """Return how many bytes the packs take."""
        return sum(path.stat().st_size for path in self.packs.glob("*")) if self.exists() else 0

    def remove(self) -> None:
        """Remove the whole history for good."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _written(self, pack: OpenPack) -> float:
        try:
            return (self.packs / f"{pack.name}.pack").stat().st_mtime
        except FileNotFoundError:
            return math.inf

    def _remove(self, indexes: list[Path]) -> None:
        # The index goes first: a pack without one is no pack to any reader.
        for path in indexes:
            durable.remove_file(path)
            durable.remove_file(path.with_suffix(".pack"))


def make_commit(tree: str, parents: list[str], author: str, message: str, when: datetime) -> bytes:
    """Return the content of a commit object by `author`, at `when`."""
    name = "".join(c for c in author if c not in "<>\n\r\0").strip() or "unknown"
    commit = Commit()
    commit.tree = ObjectID(tree.encode())
    commit.parents = [ObjectID(parent.encode()) for parent in parents]
    commit.author = commit.committer = f"{name} <>".encode()
    commit.author_time = commit.commit_time = int(when.timestamp())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = message.encode()
    return commit.as_raw_string()


def _open(index: Path, stack: ExitStack) -> OpenPack:
    with index.with_suffix(".pack").open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    stack.enter_context(mapped)
    pack = Pack(str(index.with_suffix("")), object_format=DEFAULT_OBJECT_FORMAT)
    stack.callback(pack.close)
    # Opened now, both of them: afterwards they may be removed.
    _ = pack.index, pack.data
    return OpenPack(index.stem, pack, mapped)


def _size_at(data: mmap.mmap, offset: int) -> int:
    """Return an object's size from its header in a pack: 4 bits, then 7 bits a byte."""
    byte = data[offset]
    size, shift = byte & 15, 4
    while byte & 0x80:
        offset += 1
        byte = data[offset]
        size |= (byte & 0x7F) << shift
        shift += 7
    return size
