"""Reads ONNX files that nobody vouches for: size, external data, order of nodes, opsets.

Nothing is executed and no path leaves the file's folder. What is found wrong is a FileFormatError
that names the place.
"""

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import FileFormatError, UnsupportedError
from .onnx_library import onnx

NAME = "from_onnx"
OPSETS = (7, 28)
LARGEST_FILE = 2 << 30
LARGEST_DATA = 64 << 30
MOST_NODES = 1_000_000
DOMAINS = ("", "ai.onnx")


@dataclasses.dataclass(frozen=True)
class OnnxFile:
    """A parsed model, the folder of its external data, and its opset."""

    model: Any
    folder: Path | None
    opset: int
    name: str

    @property
    def graph(self) -> Any:
        """The main graph."""
        return self.model.graph


def read_model(path: Any, any_opset: bool = False) -> OnnxFile:
    """The model of a file, or of a ModelProto, with its outer form checked.

    Raises FileFormatError for a file that is no ONNX model, too large, without a graph, of an
    unknown opset, or whose nodes are not in order.
    """
    library = onnx()
    if isinstance(path, library.ModelProto):
        return _checked(path, None, "model", any_opset)
    file = Path(path)
    try:
        size = file.stat().st_size
        if size > LARGEST_FILE:
            raise FileFormatError(
                f"[{NAME}] {file.name}: a file of at most {LARGEST_FILE} bytes is read; this one"
                f" has {size} (weights go into external data)"
            )
        data = file.read_bytes()
    except OSError as error:
        raise FileFormatError(f"[{NAME}] {file}: {error.strerror}") from error
    model = library.ModelProto()
    try:
        model.ParseFromString(data)
    except Exception as error:
        raise FileFormatError(f"[{NAME}] {file.name}: no ONNX model: {error}") from error
    return _checked(model, file.resolve().parent, file.name, any_opset)


def _checked(model: Any, folder: Path | None, name: str, any_opset: bool) -> OnnxFile:
    if not model.HasField("graph") or not model.graph.output:
        raise FileFormatError(f"[{NAME}] {name}: no ONNX model: it has no graph with outputs")
    if len(model.graph.node) > MOST_NODES:
        raise FileFormatError(
            f"[{NAME}] {name}: at most {MOST_NODES} nodes are read; this graph has"
            f" {len(model.graph.node)}"
        )
    opset = next((o.version for o in model.opset_import if o.domain in DOMAINS), None)
    if opset is None and any_opset:
        opset = 0
    if opset is None:
        raise FileFormatError(f"[{NAME}] {name}: the model names no opset of the standard domain")
    low, high = OPSETS
    if not any_opset and not low <= opset <= high:
        raise FileFormatError(
            f"[{NAME}] {name}: opsets {low} to {high} are read; this model has opset {opset}"
        )
    found = OnnxFile(model, folder, opset, name)
    _check_texts(found)
    _check_order(found)
    return found


def _check_texts(file: OnnxFile) -> None:
    """Every name is text."""
    graph = file.graph
    names: list[Any] = [graph.name]
    for value in (*graph.input, *graph.output, *graph.initializer):
        names.append(value.name)
    for node in graph.node:
        names += [node.name, node.op_type, node.domain, *node.input, *node.output]
        names += [a.name for a in node.attribute]
    for name in names:
        if not isinstance(name, str):
            raise FileFormatError(f"[{NAME}] {file.name}: a name is no text: {name[:40]!r}")


def _check_order(file: OnnxFile) -> None:
    """Every value is given once, and before it is read: so there is no cycle."""
    graph = file.graph
    known = {i.name for i in graph.input} | {i.name for i in graph.initializer}
    known |= {i.values.name for i in graph.sparse_initializer} | {""}
    for number, node in enumerate(graph.node):
        label = describe(node, number)
        for name in node.input:
            if name not in known:
                raise FileFormatError(
                    f"[{NAME}] {file.name}: {label} reads {name!r}, which nothing before it"
                    " gives: the graph has a cycle or a gap"
                )
        for name in node.output:
            if name and name in known:
                raise FileFormatError(
                    f"[{NAME}] {file.name}: {label} gives {name!r}, which is given already"
                )
            known.add(name)
    for value in graph.output:
        if value.name not in known:
            raise FileFormatError(f"[{NAME}] {file.name}: nothing gives the output {value.name!r}")


def describe(node: Any, number: int) -> str:
    """A node in words: its operator, and its name or number."""
    return f"{node.op_type} ({node.name or f'node {number}'})"


def element_type(code: int, what: str) -> dt.DType:
    """Our data type for ONNX's. Raises UnsupportedError for strings, 8-bit floats and the like."""
    library = onnx()
    try:
        return dt.as_dtype(onnx("helper").tensor_dtype_to_np_dtype(code))
    except Exception:
        names = library.TensorProto.DataType
        name = names.Name(code) if code in names.values() else str(code)
        raise UnsupportedError(f"[{NAME}] {what} has the data type {name}") from None


def array_of(tensor: Any, file: OnnxFile) -> np.ndarray[Any, Any]:
    """The values of a TensorProto. Raises FileFormatError where data and shape disagree, or the
    external data lies outside the model's folder."""
    what = f"{file.name}: tensor {tensor.name!r}"
    dtype = element_type(tensor.data_type, what)
    shape = tuple(tensor.dims)
    if any(n < 0 for n in shape):
        raise FileFormatError(f"[{NAME}] {what} has the shape {shape}")
    count = math.prod(shape)
    needed = count * dtype.itemsize
    if needed > LARGEST_DATA:
        raise FileFormatError(f"[{NAME}] {what} says it holds {needed} bytes")
    if tensor.data_location == onnx().TensorProto.EXTERNAL:
        data = _external(tensor, file, needed, what)
        return np.frombuffer(data, dtype.newbyteorder("<")).reshape(shape).astype(dtype)
    if tensor.HasField("raw_data"):
        held = len(tensor.raw_data)
        if held != needed:
            raise FileFormatError(
                f"[{NAME}] {what} of shape {shape} needs {needed} bytes; it has {held}"
            )
    try:
        found = onnx("numpy_helper").to_array(tensor)
    except Exception as error:
        raise FileFormatError(f"[{NAME}] {what}: {error}") from error
    if found.size != count:
        raise FileFormatError(
            f"[{NAME}] {what} of shape {shape} needs {count} elements; it has {found.size}"
        )
    return np.array(found, dtype)


def _external(tensor: Any, file: OnnxFile, needed: int, what: str) -> bytes:
    given = {entry.key: entry.value for entry in tensor.external_data}
    location = given.get("location", "")
    if file.folder is None:
        raise FileFormatError(f"[{NAME}] {what} lies outside the model: give the file's path")
    place = Path(location)
    target = (file.folder / place).resolve()
    inside = not place.is_absolute() and target.is_relative_to(file.folder)
    if not location or not inside or target == file.folder:
        raise FileFormatError(
            f"[{NAME}] {what}: external data must lie in the model's folder; got {location!r}"
        )
    try:
        offset, length = int(given.get("offset", 0)), int(given.get("length", needed))
        size = target.stat().st_size
    except (OSError, ValueError) as error:
        raise FileFormatError(f"[{NAME}] {what}: external data {location!r}: {error}") from error
    if length != needed or offset < 0 or offset + length > size or not target.is_file():
        raise FileFormatError(
            f"[{NAME}] {what} needs {needed} bytes at {offset} of {location!r}, which has {size}"
        )
    with target.open("rb") as handle:
        handle.seek(offset)
        return handle.read(length)
