"""The graph document: what is read, and what is refused with which words."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from tengen_studio.documents.graph import GraphDocument, read_graph
from tengen_studio.errors import InvalidError


def small() -> dict[str, Any]:
    """Return a document with an input, a parameter and two nodes."""
    tensor = {"shape": ["N", 4, None], "dtype": "float32"}
    return {
        "version": 1,
        "name": "net",
        "inputs": [{"id": "x", **tensor}],
        "state": [{"id": "w", "name": "fc.weight", "kind": "parameter", "written": "b", **tensor}],
        "nodes": [
            {
                "id": "0",
                "op": "matmul",
                "group": "fc",
                "inputs": ["x", "w", None],
                "outputs": [{"id": "a", **tensor}],
                "attrs": {"transpose": True, "axes": [0, 1], "alpha": 0.5, "mode": None},
                "source": {"file": "train.py", "line": 3},
            },
            {"id": "1", "op": "relu", "inputs": ["a"], "outputs": [{"id": "b", **tensor}]},
        ],
        "outputs": ["b"],
    }


def test_a_document_survives_reading_and_writing() -> None:
    text = json.dumps(small())
    document = read_graph(text)
    assert document.nodes[0].inputs == ["x", "w", None]
    assert document.nodes[1].flops is None
    assert json.loads(msgspec.json.encode(document)) == small()


def test_a_bare_document_is_enough() -> None:
    assert read_graph('{"version": 1, "name": "", "nodes": []}') == GraphDocument(1, "", [])


def wrong(field: str, value: Any) -> dict[str, Any]:
    """Return the small document with one field of its second node changed."""
    document = small()
    document["nodes"][1][field] = value
    return document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({**small(), "version": 2}, "version"),
        ({**small(), "colour": "red"}, "colour"),
        (wrong("inputs", ["lost"]), "Node '1' reads tensor 'lost', which nothing makes."),
        (wrong("id", "0"), "There are two nodes with the id '0'."),
        (wrong("outputs", small()["inputs"]), "There are two tensors with the id 'x'."),
        ({**small(), "outputs": ["c"]}, "The list of outputs reads tensor 'c'"),
        ({**small(), "groups": [{"path": "a"}, {"path": "a"}]}, "two groups with the id 'a'"),
    ],
)
def test_a_wrong_document_is_refused(document: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        read_graph(json.dumps(document))


def test_other_files_are_refused() -> None:
    for data in (b"\x89PNG", b"[]", b""):
        with pytest.raises(InvalidError, match="not a graph document"):
            read_graph(data)


def test_state_that_is_written_by_nobody_is_refused() -> None:
    document = small()
    document["state"][0]["written"] = "gone"
    with pytest.raises(InvalidError, match=r"State slot 'fc\.weight' reads tensor 'gone'"):
        read_graph(json.dumps(document))
