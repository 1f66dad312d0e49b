"""The store of one project: packs, trees, and what stays after pruning."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tengen_studio.db import utcnow
from tengen_studio.storage import Storage, trees
from tengen_studio.storage.history import HistoryStore, make_commit
from tengen_studio.storage.packs import BLOB, COMMIT, TREE
from tengen_studio.storage.store import checked
from tengen_studio.storage.trees import FILE, Entry, Pointer, build, changes, decode_tree

_PATHS = st.lists(st.sampled_from(["a", "b", "a.b", "d", "é", "a0"]), min_size=1, max_size=3)


@pytest.fixture
def history(tmp_path: Path) -> HistoryStore:
    """An empty history."""
    store = HistoryStore(tmp_path / "history")
    store.create()
    return store


def commit(history: HistoryStore, files: dict[str, bytes]) -> tuple[str, str]:
    """Write files as a commit; return its id and the tree's."""
    with history.reader() as reader, history.writer(reader) as writer:
        entries = {path: Entry(FILE, writer.add(BLOB, data)) for path, data in files.items()}
        tree = build(entries, lambda data: writer.add(TREE, data))
        return writer.add(COMMIT, make_commit(tree, [], "Ana <x>\n", "m", utcnow())), tree


def test_objects_come_back(history: HistoryStore) -> None:
    data = {"a": b"", "d/b": os.urandom(100_000), "d/e/c": b"text"}
    _, tree = commit(history, data)
    with history.reader() as reader:
        files = reader.files(tree)
        assert {path: reader.blob(entry.oid) for path, entry in files.items()} == data
        assert {path: reader.size(entry) for path, entry in files.items()} == {
            path: len(content) for path, content in data.items()
        }
        assert reader.find(tree, "d/e/c") == files["d/e/c"]
        for path in ("d", "d/e", "x", "a/b", "d/x/y"):
            assert reader.find(tree, path) is None
        with pytest.raises(KeyError):
            reader.blob(tree)
        with pytest.raises(KeyError):
            reader.raw("0" * 40)


def test_what_is_there_is_not_written_again(history: HistoryStore) -> None:
    commit(history, {"a": b"x"})
    before = sorted(history.packs.iterdir())
    with history.reader() as reader, history.writer(reader) as writer:
        writer.add(BLOB, b"x")
    assert sorted(history.packs.iterdir()) == before


def test_a_failed_writer_leaves_nothing(history: HistoryStore) -> None:
    with pytest.raises(RuntimeError), history.reader() as reader, history.writer(reader) as writer:
        writer.add(BLOB, b"x")
        raise RuntimeError
    assert list(history.packs.iterdir()) == []


def test_pruning_keeps_what_is_asked_for(history: HistoryStore) -> None:
    kept, tree = commit(history, {"a": b"kept", "d/b": b"kept too"})
    lost, _ = commit(history, {"a": b"lost", "d/b": b"kept too"})
    history.cache.write_bytes(b"x")
    history.prune([kept])
    assert not history.cache.exists()
    with history.reader() as reader:
        assert len(reader.files(tree)) == 2
        assert not reader.has(lost)
    size = history.bytes()
    history.prune([kept])
    assert history.bytes() == size


def test_consolidating_loses_nothing(history: HistoryStore) -> None:
    made = [commit(history, {"a": str(n).encode(), "b": b"same"}) for n in range(8)]
    history.consolidate(most=3)
    assert len(list(history.packs.glob("*.pack"))) == 1
    with history.reader() as reader:
        for number, (oid, tree) in enumerate(made):
            assert reader.has(oid)
            entry = reader.find(tree, "a")
            assert entry is not None
            assert reader.blob(entry.oid) == str(number).encode()


def _valid(paths: list[list[str]]) -> dict[str, Entry]:
    files = {"/".join(parts): Entry(FILE, "11" * 20) for parts in paths}
    return {p: e for p, e in files.items() if not any(o.startswith(f"{p}/") for o in files)}


@given(st.lists(_PATHS), st.lists(_PATHS))
def test_trees_say_what_they_were_built_of(one: list[list[str]], two: list[list[str]]) -> None:
    objects: dict[str, bytes] = {}

    def add(data: bytes) -> str:
        oid = format(len(objects) + 1, "040x")
        found = next((known for known, kept in objects.items() if kept == data), oid)
        objects[found] = data
        return found

    def read(oid: str) -> dict[str, Entry]:
        return decode_tree(objects[oid])

    old, new = _valid(one), _valid(two)
    built = build(old, add), build(new, add)
    assert dict(trees.walk(built[0], read)) == old
    expected = sorted((p, old.get(p), new.get(p)) for p in old.keys() ^ new.keys())
    assert sorted((p, a, b) for p, a, b in changes(*built, read)) == expected


def test_a_tree_is_gits_own() -> None:
    from dulwich.objects import Tree

    entries = {"a": Entry(trees.FOLDER, "11" * 20), "a.b": Entry(FILE, "22" * 20)}
    entries["a0"] = Entry(FILE, "33" * 20)
    theirs = Tree()
    for name, entry in entries.items():
        theirs.add(name.encode(), entry.mode, entry.oid.encode())  # type: ignore[arg-type]
    assert trees.encode_tree(entries) == theirs.as_raw_string()


@pytest.mark.parametrize("text", [b"", b"x" * 500, Pointer("0" * 64, 1).text() + b"\n"])
def test_pointers_are_known(text: bytes) -> None:
    pointer = Pointer("ab" * 32, 123)
    assert trees.read_pointer(pointer.text()) == pointer
    assert trees.read_pointer(text) is None


@pytest.mark.parametrize("key", ["", ".", "..", "../x", "a/b", "-a", "a\0", "x" * 65, "é"])
def test_keys_are_ids(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="an id was expected"):
        checked(key)
    with pytest.raises(ValueError, match="an id was expected"):
        Storage(tmp_path).history(key)


@pytest.mark.parametrize("sha256", ["", "ab", "../" + "a" * 61, "A" * 64, "a" * 65])
def test_blobs_are_named_by_hashes(tmp_path: Path, sha256: str) -> None:
    with pytest.raises(ValueError, match="64 lower-case"):
        Storage(tmp_path).blobs.has(sha256)


def test_the_studios_files_are_its_owners_alone(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "data")
    history = storage.history("x")
    commit(history, {"a": b"x"})
    with (tmp_path / "f").open("w+b") as file:
        file.write(b"blob")
        storage.blobs.put(file)
    for path in (tmp_path / "data").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
