"""to_onnx: a model as an ONNX file, checked and compared in ONNX Runtime."""

import dataclasses
import importlib
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import ArgumentError, UnsupportedError
from ..jit.static import unwrapped
from ..module import Module
from ..runtime.plan import to_plain
from ..tensor import Tensor
from .onnx_library import onnx
from .onnx_recording import NAME, Recording, evaluating, other_batch, recorded
from .onnx_writer import Writer, element_code
from .onnx_writers.table import BatchIsFixed

__all__ = ["OnnxExport", "to_onnx"]

OPSETS = (17, 21)
LARGEST = 1 << 30
"""Bytes of weights above which they go into a file beside the model."""


@dataclasses.dataclass(frozen=True)
class OnnxExport:
    """What `to_onnx` wrote, and how ONNX Runtime's results compare with ours.

    `parity` holds, for each output, the largest difference over the largest element, None where
    ONNX Runtime did not run it, for the reason `missing_parity`; `note` says why the batch is
    fixed, if it is.
    """

    path: Path
    opset: int
    nodes: int
    weight_bytes: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    batch_is_free: bool
    note: str
    parity: tuple[float, ...] | None
    missing_parity: str = ""

    def __str__(self) -> str:
        lines = [
            f"{self.path}: opset {self.opset}, {self.nodes} nodes,"
            f" {self.weight_bytes:,} bytes of weights",
            "batch: free" if self.batch_is_free else f"batch: fixed, {self.note}",
        ]
        if self.parity is None:
            lines.append(f"parity: not compared, {self.missing_parity}")
        else:
            shown = ", ".join(
                f"{name} {value:.1e}" for name, value in zip(self.outputs, self.parity, strict=True)
            )
            lines.append(f"parity with ONNX Runtime (relative): {shown}")
        return "\n".join(lines)

    __repr__ = __str__


def to_onnx(
    model: Any,
    path: Any,
    *samples: Any,
    opset: int = 17,
    input_names: Any = None,
    output_names: Any = None,
    free_batch: bool | None = None,
    external_data: bool | None = None,
) -> OnnxExport:
    """Write `model(*samples)`, a module, converted module or function, as an ONNX file.

    Modules are written in evaluation mode. The first axis of the inputs stays open where the
    program allows it; `free_batch=True` insists on it, False fixes it. Weights of more than a
    gigabyte go into `<path>.data` beside the file, or as `external_data` says. The file is checked
    with onnx's checker and run in ONNX Runtime if that is installed; the report tells how close
    the results are. `opset` is 17 to 21. Raises UnsupportedError that lists all operators without
    an ONNX form.
    """
    low, high = OPSETS
    if not low <= opset <= high:
        raise ArgumentError(f"[{NAME}] opset is {low} to {high}; got {opset}")
    if not samples:
        raise ArgumentError(f"[{NAME}] sample inputs are needed: to_onnx(model, path, x)")
    function = unwrapped(model)
    tensors = [s if isinstance(s, Tensor) else Tensor(np.asarray(s)) for s in samples]
    inputs = _names("input_names", input_names, "input", len(tensors))
    with evaluating(function):
        known = _tensor_names(function)
        first = recorded(function, tensors, known)
        second, why = None, "as asked for"
        if free_batch is not False:
            second, why = other_batch(function, tensors, known, first)
        expected = [np.array(t) for t in _results(function, tensors)]
    writer, outputs, second, why = _written(first, second, why, opset, inputs)
    if free_batch and second is None:
        raise UnsupportedError(f"[{NAME}] the batch cannot be free: {why}")
    shown = _names("output_names", output_names, "output", len(outputs))
    proto = _proto(writer, outputs, shown, inputs, function, second)
    place = Path(path)
    total = sum(a.nbytes for a in writer.weights.values())
    external = total > LARGEST if external_data is None else external_data
    _save(proto, writer, place, external)
    onnx("checker").check_model(str(place), full_check=not external)
    parity, reason = _compared(place, inputs, tensors, expected)
    return OnnxExport(
        place, opset, len(proto.graph.node), total, tuple(inputs), tuple(shown),
        second is not None, why, parity, reason,
    )  # fmt: skip


def _written(
    first: Recording, second: Recording | None, why: str, opset: int, inputs: list[str]
) -> tuple[Writer, list[str], Recording | None, str]:
    """The nodes, with a free batch where that can be written."""
    writer = Writer(first, second, opset, inputs)
    missing = writer.missing()
    if missing:
        lines = "\n  ".join(missing)
        raise UnsupportedError(f"[{NAME}] {len(missing)} operator(s) have no ONNX form:\n  {lines}")
    try:
        return writer, writer.write(), second, why
    except BatchIsFixed as error:
        writer = Writer(first, None, opset, inputs)
        return writer, writer.write(), None, str(error)


def _names(what: str, given: Any, plain: str, count: int) -> list[str]:
    if given is None:
        return [plain] if count == 1 else [f"{plain}{i}" for i in range(count)]
    names = [given] if isinstance(given, str) else list(given)
    if len(names) != count or len(set(names)) != count:
        raise ArgumentError(f"[{NAME}] {what} must be {count} different names; got {names}")
    return names


def _tensor_names(function: Any) -> dict[int, str]:
    """The names of a module's parameters and buffers, by their buffer's id."""
    if not isinstance(function, Module):
        return {}
    return {id(tensor._buffer): name for name, tensor in function.named_tensors()}


def _results(function: Any, tensors: list[Tensor]) -> list[Any]:
    made = recorded_results(function(*tensors))
    return [to_plain(t._buffer) for t in made]


def recorded_results(value: Any) -> list[Tensor]:
    """The tensors in a result, in order."""
    if isinstance(value, Tensor):
        return [value]
    items = value.values() if isinstance(value, dict) else value
    if not isinstance(value, (dict, list, tuple)):
        return []
    return [t for item in items for t in recorded_results(item)]


def _proto(
    writer: Writer, outputs: list[str], shown: list[str], inputs: list[str], function: Any,
    second: Recording | None,
) -> Any:  # fmt: skip
    """The ModelProto, its weights still without data."""
    helper = onnx("helper")
    first = writer.first
    others: Any = second.graph if second is not None else first.graph
    given = [
        helper.make_tensor_value_info(name, element_code(a.type.dtype), _open(a, b))
        for name, a, b in zip(inputs, first.graph.inputs, others.inputs, strict=True)
    ]
    results = []
    for name, label, a, b in zip(outputs, shown, first.graph.outputs, others.outputs, strict=True):
        assert a is not None and b is not None
        writer.nodes.append(helper.make_node("Identity", [name], [label], name=f"/{label}"))
        results.append(
            helper.make_tensor_value_info(label, element_code(a.type.dtype), _open(a, b))
        )
    title = getattr(function, "_kind", "") or type(function).__name__
    graph = helper.make_graph(writer.nodes, title, given, results)
    return helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", writer.opset)],
        producer_name="tengen",
        ir_version={17: 8, 18: 8, 19: 9, 20: 9, 21: 10}[writer.opset],
    )


def _open(one: Any, two: Any) -> list[Any]:
    """A shape with what follows the batch open."""
    if one.type.shape == two.type.shape:
        return list(one.type.shape)
    found: list[Any] = []
    for a, b in zip(one.type.shape, two.type.shape, strict=True):
        found.append(a if a == b else "batch" if b == a + 1 else None)
    return found


def _save(proto: Any, writer: Writer, path: Path, external: bool) -> None:
    """Write the file, and the weights beside it if they are external; whole or not at all."""
    data = path.with_name(path.name + ".data")
    offset = 0
    kinds = onnx().TensorProto
    with tempfile.TemporaryDirectory(dir=path.resolve().parent, prefix=".onnx-") as folder:
        weights = Path(folder) / "data"
        with weights.open("wb") as file:
            for name, array in writer.weights.items():
                tensor = proto.graph.initializer.add()
                tensor.name, tensor.data_type = name, element_code(array.dtype)
                tensor.dims.extend(array.shape)
                raw = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
                if not external or array.nbytes < 1024:
                    tensor.raw_data = raw
                    continue
                tensor.data_location = kinds.EXTERNAL
                entries = {"location": data.name, "offset": offset, "length": len(raw)}
                for key, value in entries.items():
                    tensor.external_data.add(key=key, value=str(value))
                file.write(raw)
                offset += len(raw)
        model = Path(folder) / "model"
        model.write_bytes(proto.SerializeToString())
        if external:
            os.replace(weights, data)
        os.replace(model, path)


def _compared(
    path: Path, names: list[str], tensors: list[Tensor], expected: list[Any]
) -> tuple[tuple[float, ...] | None, str]:
    """How far ONNX Runtime's outputs are from ours, relative to the largest element; or why that
    is not known."""
    try:
        runtime = importlib.import_module("onnxruntime")
    except ImportError:
        return None, "onnxruntime is not installed"
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        if "NOT_IMPLEMENTED" not in str(error):
            raise
        return None, f"ONNX Runtime has no such kernel: {str(error).splitlines()[0]}"
    feeds = {n: t.numpy() for n, t in zip(names, tensors, strict=True)}
    known = {i.name for i in session.get_inputs()}
    made = session.run(None, {n: v for n, v in feeds.items() if n in known})
    found = []
    for got, want in zip(made, expected, strict=True):
        if got.dtype == bool or got.size == 0:
            found.append(float(np.any(got != want)) if got.size else 0.0)
            continue
        a, b = got.astype(np.float64), want.astype(np.float64)
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        gap = np.where(same, 0.0, np.abs(a - b))
        finite = np.abs(b[np.isfinite(b)]).max(initial=0)
        found.append(float(gap.max() / max(1.0, finite)))
    return tuple(found), ""
