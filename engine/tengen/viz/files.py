"""Model files as graph documents: `.tgm` and `.onnx`, read without running anything in them.

`python -m tengen.viz FILE` prints the document of a file, for programs that do not load the
framework.
"""

from pathlib import Path
from typing import Any

from ..base.errors import FileFormatError
from ..compiler.cost import flops
from ..deploy import archive
from ..deploy.attributes import decode, follows_batch
from ..deploy.model import StaticModel
from ..graph.node import Node
from ..interop import onnx_document
from .graph_document import printable, tensor_document, totals

SUFFIXES = (".tgm", ".onnx")


def file_document(path: str | Path) -> dict[str, Any]:
    """The graph document of a model file. Raises FileFormatError for a file of another kind."""
    file = Path(path)
    match file.suffix.lower():
        case ".tgm":
            return _static_document(file)
        case ".onnx":
            return onnx_document(file)
    raise FileFormatError(
        f"[viz] a file ending in {' or '.join(SUFFIXES)} is read; got {file.name}"
    )


def _static_document(file: Path) -> dict[str, Any]:
    document, arrays, meta = archive.read(file)
    graph = StaticModel(document, arrays, meta).graph(1)
    free = any(follows_batch(item["shape"]) for item in document["inputs"])
    names = {v: item["name"] for v, item in zip(graph.inputs, document["inputs"], strict=True)}
    names |= dict(zip(graph.constants, document["constants"], strict=True))
    names |= {v: f"{n}.{v.index}" for n, node in enumerate(graph.nodes) for v in node.outputs}
    inputs = []
    for number, (var, item) in enumerate(zip(graph.inputs, document["inputs"], strict=True)):
        shape = ["N" if follows_batch([d]) else decode(d, 1) for d in item["shape"]]
        name = _label(meta, "inputs", number, f"input {number + 1}")
        inputs.append({**tensor_document(names[var], var.type), "shape": shape, "name": name})
    state = [
        {**tensor_document(names[v], v.type), "name": names[v], "kind": "parameter"}
        for v in graph.constants
    ]
    made: dict[str, Any] = {
        "version": 1,
        "name": str(meta.get("name") or file.stem) if isinstance(meta, dict) else file.stem,
        "form": "file",
        "nodes": [
            _node(number, node, item, names)
            for number, (node, item) in enumerate(zip(graph.nodes, document["nodes"], strict=True))
        ],
        "inputs": inputs,
        "state": state,
        "outputs": [names[v] for v in graph.outputs if v is not None],
    }
    if free:
        made["note"] = "Shapes and work are those of a batch of one."
    made["totals"] = totals(made)
    return made


def _node(number: int, node: Node, item: Any, names: dict[Any, str]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": str(number),
        "op": node.op.name,
        "inputs": [None if v is None else names[v] for v in node.inputs],
        "outputs": [tensor_document(names[v], v.type) for v in node.outputs],
        "attrs": {name: printable(value) for name, value in node.op.unpack(node.attrs).items()},
        "flops": flops(node),
        "bytes": 0 if node.op.alias else sum(t.nbytes for t in node.out_types if t.known),
    }
    module = item.get("module")
    if isinstance(module, str) and module:
        made["group"] = module
    return made


def _label(meta: Any, kind: str, number: int, otherwise: str) -> str:
    found = meta.get(kind) if isinstance(meta, dict) else None
    name = found[number] if isinstance(found, list) and number < len(found) else None
    return name if isinstance(name, str) and name else otherwise
