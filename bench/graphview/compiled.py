"""What a compiler would make of a document: convolutions fused with what follows, then blocked.

The steps are real rewrites of the document, with the way back in each pass, to try the stepper on.
"""

from __future__ import annotations

import copy
from typing import Any

from bench.graphview.documents import Document

Node = dict[str, Any]


def compiled(document: Document) -> Document:
    """Return the document after both passes."""
    fused = _rewritten(document, _fuse(document["nodes"]))
    blocked = _rewritten(fused, _block(fused["nodes"]))
    passes = [
        _record(
            "fuse_conv_bn_relu", document, fused, "convolution, batch norm and relu in one call"
        ),
        _record(
            "assign_layouts", fused, blocked, "results of convolutions in blocks of 16 channels"
        ),
    ]
    return {**blocked, "passes": passes}


def _rewritten(document: Document, nodes: list[Node]) -> Document:
    return {**document, "nodes": nodes}


def _record(name: str, before: Document, after: Document, summary: str) -> Document:
    old = {node["id"]: node for node in before["nodes"]}
    new = {node["id"]: node for node in after["nodes"]}
    remove = [key for key, node in new.items() if old.get(key) != node]
    add = [node for key, node in old.items() if new.get(key) != node]
    counts = {"nodes before": len(old), "nodes after": len(new)}
    patch = {"remove": remove, "add": add}
    return {"name": name, "summary": summary, "counts": counts, "ms": 3.1, "before": patch}


def _fuse(nodes: list[Node]) -> list[Node]:
    readers: dict[str, list[Node]] = {}
    for node in nodes:
        for name in node["inputs"]:
            readers.setdefault(name, []).append(node)
    gone: set[str] = set()
    made: dict[str, Node] = {}
    for node in nodes:
        chain = [node]
        for op in ("batch_norm", "relu"):
            following = readers.get(chain[-1]["outputs"][0]["id"], [])
            if node["op"] == "conv2d" and len(following) == 1 and following[0]["op"] == op:
                chain.append(following[0])
        if len(chain) > 1:
            made[chain[-1]["id"]] = _joined(chain)
            gone |= {part["id"] for part in chain[:-1]}
    return [made.get(node["id"], node) for node in nodes if node["id"] not in gone]


def _joined(chain: list[Node]) -> Node:
    joined = copy.deepcopy(chain[0])
    joined["id"] = "+".join(part["id"] for part in chain)
    joined["op"] = "fused_" + "_".join(part["op"] for part in chain)
    joined["outputs"] = chain[-1]["outputs"]
    joined["ms"] = round(chain[0]["ms"] * 1.04, 4)
    joined["note"] = f"{len(chain)} operators in one call"
    return joined


def _block(nodes: list[Node]) -> list[Node]:
    blocked = copy.deepcopy(nodes)
    for node in blocked:
        if "conv2d" in node["op"]:
            node["outputs"][0]["layout"] = "nChw16c"
    return blocked
