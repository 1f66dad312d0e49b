"""The history of one project: a bare git repository that holds the objects of its versions.

The database says which commits are versions; `refs/heads/versions` follows for whoever opens
the repository with git. Writers hold the project's lock; readers need none.
"""

from __future__ import annotations

import mmap
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from dulwich.object_store import DiskObjectStore
from dulwich.objects import Commit, ObjectID
from dulwich.pack import Pack

from tengen_studio.storage import durable, trees
from tengen_studio.storage.packs import BLOB, COMMIT, TREE, PackWriter
from tengen_studio.storage.trees import Change, Entry, Pointer

MOST_PACKS = 50
_SMALL_PACK = 64 * 2**20
_CACHE = "files.cache"
_HEAD = "refs/heads/versions"
_CONFIG = b"[core]\n\trepositoryformatversion = 0\n\tbare = true\n"


class Reader:
    """Reads a history's objects as they were when the reader was opened."""

    def __init__(self, store: DiskObjectStore, stack: ExitStack) -> None:
        self._store = store
        self._stack = stack
        self._maps: dict[Path, mmap.mmap] = {}
        self._trees: dict[str, dict[str, Entry]] = {}

    def has(self, oid: str) -> bool:
        """Tell whether the object is here."""
        return self._store.contains_packed(ObjectID(oid.encode()))

    def raw(self, oid: str) -> tuple[int, bytes]:
        """Return an object's kind and content.

        Raises:
            KeyError: no such object.
        """
        return self._store.get_raw(ObjectID(oid.encode()))

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

    def _stored_size(self, oid: str) -> int:
        name = bytes.fromhex(oid)
        for pack in self._store.packs:
            try:
                offset = pack.index.object_offset(name)  # type: ignore[arg-type]
            except KeyError:
                continue
            return _size_at(self._map(pack), offset)
        raise KeyError(oid)

    def _map(self, pack: Pack) -> mmap.mmap:
        path = _path(pack)
        if path not in self._maps:
            file = self._stack.enter_context(path.open("rb"))
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._maps[path] = self._stack.enter_context(mapped)
        return self._maps[path]


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
            store = DiskObjectStore(self.folder / "objects")
            stack.callback(store.close)
            yield Reader(store, stack)

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
                for pack in reader._store.packs:
                    if _path(pack).stem in chosen:
                        for name in pack.index:
                            writer.add(*reader.raw(bytes(name).decode()))
        self._remove([path for path in small if path.stem != writer.name])

    def prune(self, commits: Iterable[str]) -> None:
        """Keep what the given commits hold, and nothing else."""
        if not self.exists():
            return
        old = sorted(self.packs.glob("*.idx"))
        self.cache.unlink(missing_ok=True)
        with self.reader() as reader, PackWriter(self.packs, lambda oid: False) as writer:
            done: set[str] = set()
            for commit in commits:
                kind, data = reader.raw(commit)
                if kind != COMMIT:
                    raise KeyError(commit)
                writer.add(kind, data)
                for oid in reader.reachable(data[5:45].decode(), done):
                    writer.add(*reader.raw(oid))
        self._remove([path for path in old if path.stem != writer.name])

    def bytes(self) -> int:
        """Return how many bytes the packs take."""
        return sum(path.stat().st_size for path in self.packs.glob("*")) if self.exists() else 0

    def remove(self) -> None:
        """Remove the whole history for good."""
        shutil.rmtree(self.folder, ignore_errors=True)

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


def _path(pack: Pack) -> Path:
    return Path(os.fsdecode(pack._data_path))


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
