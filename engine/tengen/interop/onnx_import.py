"""from_onnx: an ONNX file as a module of ours."""

import dataclasses
import itertools
import math
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import (
    ArgumentError,
    FileFormatError,
    OutOfMemoryError,
    TengenError,
    UnsupportedError,
)
from ..module import Module
from ..runtime import memory
from ..tensor import Parameter
from .imported import Body, Held, ImportedModule, Part
from .onnx_file import NAME, OnnxFile, array_of, describe, element_type, read_model
from .onnx_library import onnx
from .onnx_operators.room import at_most
from .onnx_operators.table import Host, Operation, as_array, as_tensor, find
from .onnx_signature import check_signature
from .program import Call, Program, Slot

__all__ = ["from_onnx"]

CONTROL_FLOW = ("If", "Loop", "Scan", "SequenceMap")
QUANTIZED = (
    "QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger", "QuantizeLinear",
    "DequantizeLinear", "DynamicQuantizeLinear",
)  # fmt: skip
RANDOM = (
    "RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli",
    "Dropout",
)  # fmt: skip
SMALL = 4096
LARGEST_FOLDED = 128 << 20
"""Bytes that the values computed ahead may take together."""


def from_onnx(path: Any) -> Module:
    """An ONNX model (a file's path, or a ModelProto) as a module of ours, for inference.

    Float weights become parameters under their names in the file, so the model can also be
    trained; call it with the graph's inputs in order or by name. One output comes as it is,
    several in a tuple. Reads opsets 7 to 28; external data must lie in the file's folder.
    Raises FileFormatError for a broken or hostile file, UnsupportedError that lists all nodes that
    have no counterpart: control flow, quantized operators, other domains, strings, sequences.
    """
    file = read_model(path)
    reading = _Reading(file)
    reading.refuse()
    return reading.module()


class _Reading:
    """Turns a checked file into a module."""

    def __init__(self, file: OnnxFile):
        self.file = file
        self.root = ImportedModule(file.graph.name or "OnnxModel")
        self.slots: dict[str, int] = {"": -1}
        self.size = 0
        self.held: dict[int, Held] = {}
        self.constants: dict[int, Any] = {}
        self.left = LARGEST_FOLDED

    def refuse(self) -> None:
        """Raise UnsupportedError that lists every node without a counterpart."""
        lines = []
        for number, node in enumerate(self.file.graph.node):
            reason = why_not(node)
            if reason:
                lines.append(f"{describe(node, number)}: {reason}")
        if self.file.graph.sparse_initializer:
            lines.append("sparse initializers")
        if lines:
            shown = "\n  ".join(lines[:100]) + ("\n  ..." if len(lines) > 100 else "")
            raise UnsupportedError(
                f"[{NAME}] {self.file.name}: {len(lines)} node(s) have no counterpart:\n  {shown}"
            )

    def module(self) -> ImportedModule:
        """The module, complete."""
        graph = self.file.graph
        known = {i.name for i in graph.initializer}
        for tensor in graph.initializer:
            self.weight(tensor)
        names, slots, shapes = [], [], []
        for value in graph.input:
            if value.name not in known:
                names.append(value.name)
                slots.append(self.new_slot(value.name))
                shapes.append(_shape(value, self.file))
        calls = [c for c in map(self.call, graph.node, itertools.count()) if not self.folded(c)]
        results = [self.slots[value.name] for value in graph.output]
        program = Program(calls, self.size, set(results))
        body = Body(program, list(slots), shapes, self.held, self.constants, [], Results(results))
        self.root.install(body, body, Inputs(tuple(names), self.root._kind))
        self.root.eval()
        return self.root

    def new_slot(self, name: str) -> int:
        """The slot of a value."""
        self.slots[name] = self.size
        self.size += 1
        return self.size - 1

    def weight(self, tensor: Any) -> None:
        """Hold an initializer: floats as a parameter, single and whole numbers on the host."""
        array = array_of(tensor, self.file)
        slot = self.new_slot(tensor.name)
        if not dt.is_differentiable(array.dtype) or not array.ndim:
            self.constants[slot] = Host.of(array)
            return
        owner, name = self.place_for(tensor.name)
        setattr(owner, name, Parameter(array, dtype=array.dtype))
        self.held[slot] = Held(owner, name)

    def place_for(self, name: str) -> tuple[Part, str]:
        """The part and attribute for a weight: dots in its name make parts."""
        *path, last = name.split(".")
        owner: Part = self.root
        usable = all(path) and bool(last)
        for step in path if usable else ():
            inner = vars(owner).get(step)
            if inner is None and _free(owner, step):
                inner = Part("")
                setattr(owner, step, inner)
            if not isinstance(inner, Part):
                usable = False
                break
            owner = inner
        if usable and _free(owner, last):
            return owner, last
        plain = name
        while not _free(self.root, plain):
            plain += "_"
        return self.root, plain

    def folded(self, call: Call) -> bool:
        """Compute a call ahead if it depends on small host arrays alone."""
        operation: Any = call.function
        given = [None if a is None else self.constants.get(a.index) for a in call.args]
        small = all(
            a is None or (isinstance(v, Host) and v.size <= SMALL)
            for a, v in zip(call.args, given, strict=True)
        )
        if not small or operation.name in RANDOM:
            return False
        sizes = [v.size for v in given if v is not None]
        bound = sum(sizes) if operation.name == "Concat" else math.prod(max(n, 1) for n in sizes)
        if bound * 8 > LARGEST_FOLDED:
            return False
        try:
            with at_most(self.left), memory.attempt():
                made = operation(*given)
        except OutOfMemoryError:
            return False
        except UnsupportedError:
            raise
        except TengenError as error:
            reason = str(error).partition("\n  at ")[0]
            raise FileFormatError(
                f"[{NAME}] {self.file.name}: {operation.label}: {reason}"
            ) from error
        arrays = [as_array(value) for value in made]
        taken = sum(np.asarray(array).nbytes for array in arrays)
        if taken > self.left:
            return False
        self.left -= taken
        for slot, array in zip(call.outputs, arrays, strict=False):
            if slot is not None:
                self.constants[slot] = Host.of(array)
        return True

    def call(self, node: Any, number: int) -> Call:
        """The call of one node."""
        check_signature(node, number, self.file)
        attributes = {a.name: _attribute(a, self.file) for a in node.attribute}
        outputs = list(node.output)
        while outputs and not outputs[-1]:
            outputs.pop()
        operation = Operation(
            node.op_type, attributes, self.file.opset, len(outputs), describe(node, number)
        )
        args = tuple(Slot(self.slots[n]) if n else None for n in node.input)
        places = tuple(self.new_slot(n) if n else None for n in outputs)
        label = f"{node.op_type}:{node.name}" if node.name else node.op_type
        return Call(label, operation, args, {}, places, whole=False)


def why_not(node: Any) -> str:
    """Why a node cannot be run here, "" if it can."""
    if node.domain not in ("", "ai.onnx"):
        return f"an operator of the domain {node.domain}"
    if node.op_type in CONTROL_FLOW:
        return "control flow"
    if node.op_type in QUANTIZED:
        return "a quantized operator"
    entry = find(node.op_type)
    if entry is None:
        return "no such operator here"
    unknown = [a.name for a in node.attribute if a.name not in entry.attributes]
    if unknown:
        return f"its attribute {', '.join(unknown)}"
    kinds = onnx().AttributeProto
    if any(a.type in (kinds.GRAPH, kinds.GRAPHS, kinds.SPARSE_TENSOR) for a in node.attribute):
        return "a graph or sparse tensor as an attribute"
    return ""


def _free(owner: Part, name: str) -> bool:
    """Whether an attribute can be set without hiding something."""
    return bool(name) and not hasattr(owner, name) and name not in ("name", "training")


def _attribute(attribute: Any, file: OnnxFile) -> Any:
    """The value of an attribute; data types as ours, tensors as arrays."""
    kinds = onnx().AttributeProto
    kind = attribute.type
    if kind == kinds.FLOAT:
        return float(attribute.f)
    if kind == kinds.INT:
        whole = int(attribute.i)
        if attribute.name in ("to", "dtype", "output_datatype", "softmax_precision"):
            return element_type(whole, f"{file.name}: attribute {attribute.name}")
        return whole
    if kind == kinds.STRING:
        return attribute.s.decode("utf-8", "replace")
    if kind == kinds.TENSOR:
        return array_of(attribute.t, file)
    if kind == kinds.FLOATS:
        return [float(v) for v in attribute.floats]
    if kind == kinds.INTS:
        return [int(v) for v in attribute.ints]
    if kind == kinds.STRINGS:
        return [s.decode("utf-8", "replace") for s in attribute.strings]
    raise FileFormatError(
        f"[{NAME}] {file.name}: attribute {attribute.name!r} is of an unknown type"
    )


def _shape(value: Any, file: OnnxFile) -> tuple[int | None, ...] | None:
    """The shape that an input is declared with, None for an open axis."""
    if not value.type.HasField("tensor_type"):
        raise UnsupportedError(f"[{NAME}] {file.name}: the input {value.name!r} is no tensor")
    kind = value.type.tensor_type
    element_type(kind.elem_type, f"{file.name}: the input {value.name!r}")
    if not kind.HasField("shape"):
        return None
    return tuple([d.dim_value if d.HasField("dim_value") else None for d in kind.shape.dim])


@dataclasses.dataclass(frozen=True)
class Results:
    """The outputs: one as it is, several as a tuple."""

    slots: list[int]

    def __call__(self, values: list[Any]) -> Any:
        found = [as_tensor(values[slot]) for slot in self.slots]
        return found[0] if len(found) == 1 else tuple(found)


@dataclasses.dataclass(frozen=True)
class Inputs:
    """Turns a call's arguments, in order or by name, into the graph's inputs."""

    names: tuple[str, ...]
    kind: str

    def __call__(self, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        given = dict(zip(self.names, inputs, strict=False))
        clash = set(given) & set(kwargs)
        given.update(kwargs)
        if len(inputs) > len(self.names) or clash or set(given) != set(self.names):
            raise ArgumentError(
                f"[{self.kind}] the inputs are {', '.join(self.names)}; got {len(inputs)} in order"
                + (f" and {', '.join(kwargs)}" if kwargs else "")
            )
        return [_tensor(given[name]) for name in self.names]


def _tensor(value: Any) -> Any:
    return as_tensor(np.asarray(value)) if isinstance(value, (np.ndarray, np.generic)) else value
