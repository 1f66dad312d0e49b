"""Makes the objects of a new version, before any row says that there is one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tengen_studio.errors import OverQuotaError
from tengen_studio.history import cells
from tengen_studio.history.suspects import Look, suspects
from tengen_studio.sizes import size_text
from tengen_studio.storage import Storage
from tengen_studio.storage.history import HistoryStore, Reader, make_commit
from tengen_studio.storage.packs import BLOB, COMMIT, PackWriter
from tengen_studio.storage.scan import Inspect, Intake, snapshot
from tengen_studio.storage.trees import Change, read_pointer

MOST_NOTEBOOKS = 50


@dataclass(frozen=True)
class Room:
    """How many bytes a project may still add; None for as many as there are."""

    left: int | None
    limit: int = 0

    def spender(self) -> Spender:
        """Return a fresh count against what is left."""
        return Spender(self)


class Spender:
    """Counts the bytes that are about to be written, and refuses those over the quota."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._spent = 0

    def __call__(self, count: int) -> None:
        self._spent += count
        left = self._room.left
        if left is not None and self._spent > left:
            raise OverQuotaError(
                f"The quota of {size_text(self._room.limit)} is used up: {size_text(left)} are "
                f"left, and this adds at least {size_text(self._spent)}. Delete projects that "
                "you no longer need, or ask for a larger quota."
            )


@dataclass(frozen=True)
class Parent:
    """The version that a new one follows."""

    commit: str
    tree: str
    files: int
    bytes: int
    suspects: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Label:
    """What a version's commit says about it."""

    author: str
    message: str
    when: datetime


@dataclass(frozen=True)
class Draft:
    """A version's objects, in the store; `large` gives its large files' sizes by SHA-256."""

    commit: str
    tree: str
    files: int
    bytes: int
    changes: list[Change]
    cells: cells.Counts
    large: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    suspects: frozenset[str] = frozenset()

    @property
    def parent(self) -> Parent:
        """This draft as what the next one follows."""
        return Parent(self.commit, self.tree, self.files, self.bytes, self.suspects)


@dataclass(frozen=True)
class Workshop:
    """Where the drafts of one project are made; `held` are its large files so far.

    `inspect` refuses files of the folder that no version may hold; `look` finds possible secrets.
    """

    storage: Storage
    project_id: str
    large_file: int
    room: Room
    held: frozenset[str]
    inspect: Inspect | None
    look: Look

    def from_folder(self, folder: Path, parent: Parent | None, label: Label) -> Draft:
        """Return the present state of `folder`; its commit is the parent's if nothing changed.

        Raises:
            OverQuotaError: the new content does not fit.
        """
        history = self.storage.history(self.project_id)
        history.create()
        spend = self.room.spender()
        with history.reader() as reader, history.writer(reader, spend) as writer:
            intake = Intake(writer, self.storage.blobs, self.large_file, self.held, self.inspect)
            found = snapshot(folder, history, reader, intake)
            commit = _commit(writer, found.tree, parent, label)
        found.remember(history, commit)
        history.point_to(commit)
        return self._draft(
            commit, found.tree, parent, found.files, found.bytes, found.large, found.skipped
        )

    def from_tree(self, tree: str, parent: Parent, label: Label) -> Draft:
        """Return a version whose tree is in the store already."""
        history = self.storage.history(self.project_id)
        with history.reader() as reader, history.writer(reader) as writer:
            commit = _commit(writer, tree, parent, label)
            changes = reader.changes(parent.tree, tree)
            olds = [old for _, old, _ in changes if old is not None]
            news = [new for _, _, new in changes if new is not None]
            pointers = [pointer for entry in news if (pointer := reader.pointer(entry))]
            count = parent.files + len(news) - len(olds)
            size = parent.bytes + sum(map(reader.size, news)) - sum(map(reader.size, olds))
        history.point_to(commit)
        large = {pointer.sha256: pointer.size for pointer in pointers}
        return self._draft(commit, tree, parent, count, size, large, {})

    def tree_of(self, folder: Path) -> str:
        """Return the tree of another folder's files, which it takes in.

        Raises:
            OverQuotaError: the new content does not fit.
        """
        history = self.storage.history(self.project_id)
        spend = self.room.spender()
        with history.reader() as reader, history.writer(reader, spend) as writer:
            intake = Intake(writer, self.storage.blobs, self.large_file, self.held, self.inspect)
            return snapshot(folder, history, reader, intake).tree

    def copy_tree(self, source: HistoryStore, tree: str) -> None:
        """Take in a tree of another project, with all that it holds.

        Raises:
            OverQuotaError: the new content does not fit.
        """
        history = self.storage.history(self.project_id)
        spend = self.room.spender()
        with (
            source.reader() as theirs,
            history.reader() as reader,
            history.writer(reader, spend) as writer,
        ):
            for oid in theirs.reachable(tree):
                if not reader.has(oid):
                    kind, data = theirs.raw(oid)
                    pointer = read_pointer(data) if kind == BLOB else None
                    if pointer and pointer.sha256 not in self.held:
                        spend(pointer.size)
                        self.storage.blobs.renew(pointer.sha256)
                    writer.add(kind, data)

    def _draft(
        self,
        commit: str,
        tree: str,
        parent: Parent | None,
        files: int,
        size: int,
        large: dict[str, int],
        skipped: dict[str, str],
    ) -> Draft:
        with self.storage.history(self.project_id).reader() as reader:
            changes = reader.changes(parent.tree if parent else None, tree)
            counts = _count_cells(reader, changes)
            before = parent.suspects if parent else frozenset()
            doubtful = suspects(reader, changes, before, self.look)
        return Draft(commit, tree, files, size, changes, counts, large, skipped, doubtful)


def _commit(writer: PackWriter, tree: str, parent: Parent | None, label: Label) -> str:
    if parent is not None and parent.tree == tree and not label.message:
        return parent.commit
    parents = [parent.commit] if parent else []
    return writer.add(COMMIT, make_commit(tree, parents, label.author, label.message, label.when))


def _count_cells(reader: Reader, changes: list[Change]) -> cells.Counts:
    notebooks = [change for change in changes if change[0].endswith(".ipynb")]
    total = cells.Counts()
    for _, old, new in notebooks[:MOST_NOTEBOOKS]:
        texts = [
            b"" if entry is None or reader.pointer(entry) else reader.blob(entry.oid)
            for entry in (old, new)
        ]
        total += cells.count(*texts)
    return total
