"""Joining two sides: lines, cells and whole trees; where it cannot be done, both are kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tengen_studio.history.merging import Joined, join, merge_notebooks, merge_texts
from tengen_studio.storage.trees import FILE, Entry

from .project import notebook

TEXT = "a\nb\nc\nd\ne\n"


def sources(data: bytes | None) -> list[str]:
    """Return the source of each cell."""
    assert data is not None
    return [cell["source"] for cell in json.loads(data)["cells"]]


def merged(base: str, ours: str, theirs: str) -> bytes | None:
    """Join three notebooks' texts."""
    return merge_notebooks(base.encode(), ours.encode(), theirs.encode())


def test_texts_that_change_elsewhere_are_joined() -> None:
    assert merge_texts(TEXT, "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\nf\n") == "A\nb\nc\nd\nE\nf\n"
    assert merge_texts(TEXT, TEXT, "x\n") == "x\n"
    assert merge_texts("", "x\n", "x\n") == "x\n"


def test_texts_that_change_the_same_are_not() -> None:
    assert merge_texts(TEXT, "A\nb\nc\nd\ne\n", "B\nb\nc\nd\ne\n") is None


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_one_side_alone_always_wins(base: list[str], other: list[str]) -> None:
    old, new = ("".join(f"{line}\n" for line in lines) for lines in (base, other))
    assert merge_texts(old, old, new) == merge_texts(old, new, old) == new


def test_cells_that_change_elsewhere_are_joined() -> None:
    base = notebook("one", "two", "three")
    ours = notebook("one = 1", "two", "three")
    theirs = notebook("one", "two", "three = 3", "four")
    assert sources(merged(base, ours, theirs)) == ["one = 1", "two", "three = 3", "four"]


def test_cells_that_change_the_same_are_not() -> None:
    base = notebook("one", "two")
    assert merged(base, notebook("one = 1", "two"), notebook("one = 2", "two")) is None


def test_outputs_are_never_a_conflict() -> None:
    base = notebook("one", "two", outputs={0: "0", 1: "0"})
    ours = notebook("one", "two", "three", outputs={0: "mine", 1: "0"})
    theirs = notebook("one", "two = 2", outputs={0: "theirs", 1: "run"})
    data = merged(base, ours, theirs)
    assert sources(data) == ["one", "two = 2", "three"]
    assert data is not None
    outputs = [[o["text"] for o in cell["outputs"]] for cell in json.loads(data)["cells"]]
    assert outputs == [["mine"], ["run"], []]


def test_outputs_of_a_joined_cell_are_left_out() -> None:
    base = notebook("one\nx = 1\ny = 1\nz = 1", outputs={0: "0"})
    ours = notebook("one\nx = 2\ny = 1\nz = 1", outputs={0: "mine"})
    theirs = notebook("one\nx = 1\ny = 1\nz = 3", outputs={0: "theirs"})
    data = merged(base, ours, theirs)
    assert sources(data) == ["one\nx = 2\ny = 1\nz = 3"]
    assert data is not None
    assert json.loads(data)["cells"][0]["outputs"] == []


@pytest.mark.parametrize("bad", ["", "{", '{"cells": 3}', "[]", '"x"'])
def test_what_is_no_notebook_is_not_joined(bad: str) -> None:
    assert merged(notebook("one"), bad, notebook("two")) is None


class Trees:
    """Three sides whose files' ids are their contents; `result` is that of the last joining."""

    result: Joined

    def join(
        self, base: dict[str, str], ours: dict[str, str], theirs: dict[str, str]
    ) -> dict[str, str]:
        """Join the sides and keep the result."""
        sides = [
            {path: Entry(FILE, text) for path, text in side.items()}
            for side in (base, ours, theirs)
        ]
        self.result = join(
            *sides, lambda entry: entry.oid.encode(), lambda data: data.decode(), "Ana"
        )
        return {path: entry.oid for path, entry in self.result.files.items()}


@pytest.fixture
def trees() -> Trees:
    """Sides to join."""
    return Trees()


def test_files_of_one_side_are_taken(trees: Trees) -> None:
    base = {"a": "1\n", "b": "1\n", "c": "1\n"}
    found = trees.join(base, {**base, "d": "x\n"}, {"a": "2\n", "b": "1\n", "e": "y\n"})
    assert found == {"a": "2\n", "b": "1\n", "d": "x\n", "e": "y\n"}
    assert trees.result.taken == ["a", "c", "e"]
    assert trees.result.conflicts == {}


def test_both_sides_of_a_conflict_are_kept(trees: Trees) -> None:
    found = trees.join({"d/a.txt": "1\n"}, {"d/a.txt": "2\n"}, {"d/a.txt": "3\n"})
    assert found == {"d/a.txt": "2\n", "d/a (Ana).txt": "3\n"}
    assert trees.result.conflicts == {"d/a.txt": "d/a (Ana).txt"}


def test_a_name_beside_is_a_free_one(trees: Trees) -> None:
    found = trees.join({"a": "1\n"}, {"a": "2\n", "a (Ana)": "x\n"}, {"a": "3\n"})
    assert found == {"a": "2\n", "a (Ana)": "x\n", "a (Ana 2)": "3\n"}


def test_a_name_beside_is_no_longer_than_names_are(trees: Trees) -> None:
    long = "é" * 120 + ".txt"
    found = trees.join({long: "1\n"}, {long: "2\n"}, {long: "3\n"})
    assert sorted(found.values()) == ["2\n", "3\n"]
    assert all(len(path.encode()) <= 255 and path.endswith(".txt") for path in found)


def test_work_on_a_removed_file_comes_back(trees: Trees) -> None:
    assert trees.join({"a": "1\n"}, {}, {"a": "2\n"}) == {"a": "2\n"}
    assert trees.join({"a": "1\n"}, {"a": "2\n"}, {}) == {"a": "2\n"}
    assert trees.result.conflicts == {"a": ""}


def test_a_file_and_a_folder_of_one_name_both_stay(trees: Trees) -> None:
    found = trees.join({}, {"a": "file\n"}, {"a/b/c.txt": "inside\n"})
    assert found == {"a": "file\n", "a-b-c (Ana).txt": "inside\n"}
    found = trees.join({}, {"a/b": "inside\n"}, {"a": "file\n"})
    assert found == {"a/b": "inside\n", "a (Ana)": "file\n"}


_FILES = st.dictionaries(st.sampled_from(["a", "a/b", "c", "d/e"]), st.sampled_from("123"))


@given(_FILES, _FILES, _FILES)
def test_nothing_of_either_side_is_lost(
    base: dict[str, str], ours: dict[str, str], theirs: dict[str, str]
) -> None:
    def valid(side: dict[str, str]) -> dict[str, str]:
        return {
            path: f"{text}\n" for path, text in side.items() if path != "a/b" or "a" not in side
        }

    base, ours, theirs = valid(base), valid(ours), valid(theirs)
    found = Trees().join(base, ours, theirs)
    for side, other in ((ours, theirs), (theirs, ours)):
        for path, text in side.items():
            if base.get(path) != text and other.get(path) != text:
                assert text in found.values(), path
    for path in found:
        assert not any(o.startswith(f"{path}/") for o in found), "a file that is a folder too"
