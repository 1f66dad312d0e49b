"""graph.json of a `.tgm` file: a Graph as plain data, readable without the engine."""

from typing import Any

import numpy as np

from ..base.dtype import as_dtype
from ..base.errors import FileFormatError, TengenError, TraceError
from ..graph.graph import Graph
from ..graph.node import Var
from ..graph.opdef import registry
from ..graph.state import scope_path
from ..graph.types import TensorType
from .attributes import decode, encode

VERSION = 1
MOST_NODES = 2_000_000
MOST_DIMENSIONS = 64


def to_document(graph: Graph, other: Graph | None, batch: int, second: int) -> dict[str, Any]:
    """The graph as data; `other` is the same program at the batch size `second`, None if fixed.

    Inputs and constants are named by number: "i0", "c0"; results "n.k" by call and place.
    """
    other = graph if other is None else other
    if [n.op for n in graph.nodes] != [n.op for n in other.nodes]:
        raise TraceError("[dump] the program makes other calls for another batch size")
    names = _names(graph)
    nodes = []
    for node, twin in zip(graph.nodes, other.nodes, strict=True):
        attrs = {
            key: encode(value, again, batch, second)
            for key, default, value, again in zip(
                node.op.attrs, node.op.defaults, node.attrs, twin.attrs, strict=True
            )
            if value != default or type(value) is not type(default) or value != again
        }
        made: dict[str, Any] = {
            "op": node.op.name,
            "inputs": [None if v is None else names[v] for v in node.inputs],
        }
        if attrs:
            made["attrs"] = attrs
        path = scope_path(node.tag.scope) if node.tag is not None else ""
        if path:
            made["module"] = path
        nodes.append(made)
    inputs = [
        {"name": names[v], **_type(v.type, w.type, batch, second)}
        for v, w in zip(graph.inputs, other.inputs, strict=True)
    ]
    return {
        "version": VERSION,
        "inputs": inputs,
        "constants": [names[v] for v in graph.constants],
        "nodes": nodes,
        "outputs": [names[v] for v in graph.outputs if v is not None],
    }


def _names(graph: Graph) -> dict[Var, str]:
    names = {v: f"i{k}" for k, v in enumerate(graph.inputs)}
    names.update({v: f"c{k}" for k, v in enumerate(graph.constants)})
    for number, node in enumerate(graph.nodes):
        names.update({v: f"{number}.{k}" for k, v in enumerate(node.outputs)})
    return names


def _type(kind: TensorType, twin: TensorType, batch: int, second: int) -> dict[str, Any]:
    return {
        "shape": encode(kind.shape, twin.shape, batch, second),
        "dtype": kind.dtype.name,
    }


def from_document(document: Any, constants: dict[str, Any], batch: int, device: Any) -> Graph:
    """The Graph for a batch size. `constants` maps names to buffers.

    Every call is inferred again, so a damaged file is refused here. Raises FileFormatError.
    """
    try:
        return _read(document, constants, batch, device)
    except FileFormatError:
        raise
    except (TengenError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise FileFormatError(f"[load_static] the graph is damaged: {error!r:.300}") from error


def _read(document: Any, constants: dict[str, Any], batch: int, device: Any) -> Graph:
    check_document(document)
    graph = Graph()
    values: dict[str, Var] = {}
    for item in document["inputs"]:
        shape = decode(item["shape"], batch)
        values[item["name"]] = graph.add_input(
            TensorType.of(shape, as_dtype(item["dtype"]), device)
        )
    for name in document["constants"]:
        values[name] = graph.add_constant(constants[name])
    for number, item in enumerate(document["nodes"]):
        op = registry.get(item["op"])
        if op is None:
            raise FileFormatError(f"[load_static] unknown operator {item['op']!r:.60}")
        given = {key: decode(value, batch) for key, value in item.get("attrs", {}).items()}
        operands = tuple([None if n is None else values[n] for n in item["inputs"]])
        if not op.takes(len(operands)):
            raise FileFormatError(f"[load_static] {op.name} does not take {len(operands)} inputs")
        outs = graph.add_node(op, op.pack(given), operands)
        for place, var in enumerate(outs):
            values[f"{number}.{place}"] = var
    graph.outputs = [values[name] for name in document["outputs"]]
    return graph


def check_document(document: Any) -> None:
    """Raise FileFormatError unless the outer form and the sizes are sane."""
    if not isinstance(document, dict) or document.get("version") != VERSION:
        found = document.get("version") if isinstance(document, dict) else None
        raise FileFormatError(
            f"[load_static] graph.json of version {VERSION} expected; got {found!r}"
        )
    for key in ("inputs", "constants", "nodes", "outputs"):
        if not isinstance(document.get(key), list) or len(document[key]) > MOST_NODES:
            raise FileFormatError(f"[load_static] graph.json has no list {key!r} of a sane length")
    for key in ("constants", "outputs"):
        if not all(isinstance(name, str) for name in document[key]):
            raise FileFormatError(f"[load_static] {key!r} of graph.json lists names alone")
    for item in document["inputs"]:
        shape = item.get("shape") if isinstance(item, dict) else None
        if not isinstance(shape, list) or len(shape) > MOST_DIMENSIONS:
            raise FileFormatError("[load_static] an input has no shape")
        for size in shape:
            each = size.get("batch") if isinstance(size, dict) else size
            if type(each) is not int or not 0 <= each < 2**40:
                raise FileFormatError(f"[load_static] an input has the size {size!r:.40}")


def example_array(item: dict[str, Any], batch: int) -> Any:
    """An array that fits an input of the document: zeros."""
    return np.zeros(decode(item["shape"], batch), as_dtype(item["dtype"]))
