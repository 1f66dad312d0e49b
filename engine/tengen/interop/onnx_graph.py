"""onnx_document: an ONNX file as a graph document for the viewers. Nothing of it is run."""

import math
from pathlib import Path
from typing import Any

from ..base.errors import FileFormatError
from .onnx_file import OnnxFile, describe, read_model
from .onnx_library import onnx
from .onnx_shapes import inferred

__all__ = ["onnx_document"]

LONGEST_LIST = 64
Shape = list[Any]


def onnx_document(path: Any) -> dict[str, Any]:
    """The graph document (`form` "file") of an ONNX file or ModelProto, of any opset and domain.

    Shapes that the file does not state are inferred where that is possible; groups come from node
    names with slashes. Weights are named, their values are not read. Raises FileFormatError for a
    broken file.
    """
    file = read_model(path, any_opset=True)
    types = _types(file)
    graph = file.graph
    state = [_slot(tensor) for tensor in graph.initializer]
    known = {slot["id"] for slot in state}
    for tensor in graph.sparse_initializer:
        name = tensor.values.name
        state.append(_state(name, "constant", list(tensor.dims), tensor.values.data_type))
        known.add(name)
    nodes = [_node(node, number, types) for number, node in enumerate(graph.node)]
    title = graph.name or (Path(file.name).stem if file.folder is not None else "model")
    opsets = ", ".join(f"{o.domain or 'ai.onnx'} {o.version}" for o in file.model.opset_import)
    parameters = [slot for slot in state if slot["kind"] == "parameter"]
    counts = [math.prod(slot["shape"]) for slot in parameters]
    totals = {
        "parameters": sum(counts),
        "parameter_bytes": sum(slot["bytes"] for slot in parameters),
    }
    flops = [node["flops"] for node in nodes if node.get("flops")]
    if flops:
        totals["flops"] = sum(flops)
    return {
        "version": 1,
        "name": title,
        "form": "file",
        "note": f"ONNX, opset {opsets}",
        "nodes": nodes,
        "inputs": [_tensor(i.name, types) for i in graph.input if i.name not in known],
        "outputs": [value.name for value in graph.output],
        "state": state,
        "groups": [{"path": path} for path in _groups(nodes)],
        "totals": totals,
    }


def _types(file: OnnxFile) -> dict[str, tuple[str, Shape]]:
    """Data type and shape of every value of which the file, or inference, tells."""
    found: dict[str, tuple[str, Shape]] = {}
    graph = inferred(file.model).graph
    for value in (*graph.input, *graph.value_info, *graph.output):
        kind = value.type.tensor_type
        if value.type.HasField("tensor_type"):
            shape = [_dimension(d) for d in kind.shape.dim] if kind.HasField("shape") else []
            found[value.name] = type_name(kind.elem_type), shape
    for tensor in file.graph.initializer:
        found[tensor.name] = type_name(tensor.data_type), list(tensor.dims)
    return found


def _dimension(dim: Any) -> Any:
    if dim.HasField("dim_value"):
        return dim.dim_value
    return dim.dim_param or None


def type_name(code: int) -> str:
    """A data type's usual name."""
    try:
        return str(onnx("helper").tensor_dtype_to_np_dtype(code).name)
    except Exception:
        kinds = onnx().TensorProto.DataType
        return kinds.Name(code).lower() if code in kinds.values() else "unknown"


def _bytes(dtype: str, shape: Shape) -> int:
    sizes = {"bool": 1, "bfloat16": 2, "complex64": 8, "complex128": 16}
    digits = "".join(c for c in dtype if c.isdigit())
    each = sizes.get(dtype) or (int(digits) // 8 if digits and int(digits) >= 8 else 1)
    if not all(isinstance(n, int) and n >= 0 for n in shape):
        return 0
    return math.prod(shape) * each


def _tensor(name: str, types: dict[str, tuple[str, Shape]]) -> dict[str, Any]:
    dtype, shape = types.get(name, ("unknown", []))
    return {"id": name, "shape": shape, "dtype": dtype, "bytes": _bytes(dtype, shape), "name": name}


def _slot(tensor: Any) -> dict[str, Any]:
    floats = "float" in type_name(tensor.data_type)
    kind = "parameter" if floats and len(tensor.dims) else "constant"
    return _state(tensor.name, kind, list(tensor.dims), tensor.data_type)


def _state(name: str, kind: str, shape: Shape, code: int) -> dict[str, Any]:
    if any(n < 0 for n in shape):
        raise FileFormatError(f"[onnx_document] tensor {name!r} has the shape {tuple(shape)}")
    dtype = type_name(code)
    return {
        "id": name, "name": name, "kind": kind, "shape": shape, "dtype": dtype,
        "bytes": _bytes(dtype, shape),
    }  # fmt: skip


def _node(node: Any, number: int, types: dict[str, tuple[str, Shape]]) -> dict[str, Any]:
    op = f"{node.domain}.{node.op_type}" if node.domain not in ("", "ai.onnx") else node.op_type
    made: dict[str, Any] = {
        "id": f"n{number}",
        "op": op,
        "name": node.name or describe(node, number),
        "group": group_of(node.name),
        "inputs": [name or None for name in node.input],
        "outputs": [_tensor(name, types) for name in node.output if name],
        "attrs": {a.name: _attribute(a) for a in node.attribute},
    }
    flops = _flops(node, types)
    if flops is not None:
        made["flops"] = flops
    inner = [a.g for a in node.attribute if a.HasField("g")]
    if inner:
        made["note"] = f"holds {sum(len(g.node) for g in inner)} nodes in {len(inner)} subgraph(s)"
    return made


def group_of(name: str) -> str:
    """The module path in a node's name: "/layer1/layer1.0/conv1/Conv" gives layer1.0.conv1."""
    steps = [step for step in name.split("/") if step][:-1]
    path: list[str] = []
    for step in steps:
        so_far = ".".join(path)
        for known in (so_far, path[-1] if path else ""):
            if known and step.startswith(f"{known}."):
                step = step[len(known) + 1 :]
                break
        path.append(step.strip(".") or "_")
    return ".".join(path)


def _groups(nodes: list[dict[str, Any]]) -> list[str]:
    found: dict[str, None] = {}
    for node in nodes:
        steps = node["group"].split(".") if node["group"] else []
        for end in range(1, len(steps) + 1):
            found.setdefault(".".join(steps[:end]))
    return list(found)


def _attribute(attribute: Any) -> Any:
    """An attribute's value as JSON holds it; tensors and graphs in words."""
    kinds = onnx().AttributeProto
    kind = attribute.type
    if kind == kinds.FLOAT:
        return _number(attribute.f)
    if kind == kinds.INT:
        return int(attribute.i)
    if kind == kinds.STRING:
        return attribute.s.decode("utf-8", "replace")
    if kind == kinds.TENSOR:
        return f"{type_name(attribute.t.data_type)}{list(attribute.t.dims)}"
    lists = {kinds.FLOATS: attribute.floats, kinds.INTS: attribute.ints}
    if kind in lists:
        return _shortened([_number(v) if kind == kinds.FLOATS else int(v) for v in lists[kind]])
    if kind == kinds.STRINGS:
        return _shortened([s.decode("utf-8", "replace") for s in attribute.strings])
    if kind == kinds.GRAPH:
        return f"graph of {len(attribute.g.node)} nodes"
    return "..."


def _number(value: float) -> Any:
    return float(value) if math.isfinite(value) else str(value)


def _shortened(values: list[Any]) -> list[Any]:
    return values if len(values) <= LONGEST_LIST else [*values[:LONGEST_LIST], "..."]


def _flops(node: Any, types: dict[str, tuple[str, Shape]]) -> int | None:
    """Twice the multiplications of a product or convolution, None where shapes are open."""
    if node.op_type not in ("Conv", "ConvTranspose", "Gemm", "MatMul") or len(node.input) < 2:
        return None
    shapes = [types.get(name, ("", []))[1] for name in (*node.input[:2], node.output[0])]
    if not all(s and all(isinstance(n, int) for n in s) for s in shapes):
        return None
    x, weight, y = shapes
    if node.op_type == "Conv":
        return 2 * math.prod(y) * math.prod(weight[1:])
    if node.op_type == "ConvTranspose":
        return 2 * math.prod(x) * math.prod(weight[1:])
    if node.op_type == "Gemm":
        turned = any(a.name == "transA" and a.i for a in node.attribute)
        return 2 * math.prod(y) * (x[0] if turned else x[-1])
    return 2 * math.prod(y) * x[-1]
