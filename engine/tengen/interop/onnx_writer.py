"""Writer: appends ONNX nodes and weights, and knows which sizes follow the batch."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import UnsupportedError
from ..graph.emit import emit
from ..graph.node import Node, Var
from ..graph.state import scope_path
from ..runtime.plan import to_plain
from ..tensor import Tensor
from .onnx_library import onnx
from .onnx_recording import NAME, Recording
from .onnx_writers.table import BatchIsFixed, find

FOLDED = 1 << 24
"""Bytes up to which a value that depends on constants alone is computed ahead."""


class CallToWrite:
    """One call of ours: attributes as fields, input and output types, and the constants read."""

    def __init__(self, writer: "Writer", node: Node, other: Node | None):
        self.writer = writer
        self.op = node.op
        self.attrs = node.op.unpack(node.attrs)
        self.other_attrs = self.attrs if other is None else other.op.unpack(other.attrs)
        self.inputs = node.inputs
        self.types = [None if v is None else v.type for v in node.inputs]
        self.out_types = node.out_types
        self.other_out_types = node.out_types if other is None else other.out_types

    def __getattr__(self, name: str) -> Any:
        attrs = self.__dict__["attrs"]
        if name not in attrs:
            raise AttributeError(name)
        if self.other_attrs[name] != attrs[name]:
            raise BatchIsFixed(f"{self.op.name}'s {name} depends on the batch")
        return attrs[name]

    def sizes(self, name: str) -> tuple[Any, Any]:
        """An attribute that holds sizes, in both recordings."""
        return self.attrs[name], self.other_attrs[name]

    def constant(self, index: int) -> np.ndarray[Any, Any] | None:
        """The value of an input that is a constant."""
        var = self.inputs[index] if index < len(self.inputs) else None
        return None if var is None else self.writer.constants.get(var)


class Operands:
    """The names of a call's inputs, made when they are asked for: a constant that is stored in
    another shape is not stored as it is."""

    def __init__(self, writer: "Writer", vars: tuple[Var | None, ...]):
        self.writer = writer
        self.vars = vars

    def __len__(self) -> int:
        return len(self.vars)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return Operands(self.writer, self.vars[place])
        var = self.vars[place]
        return None if var is None else self.writer.name(var)

    def __iter__(self) -> Iterator[str | None]:
        return (self[i] for i in range(len(self.vars)))


class Writer:
    """Turns a recording into ONNX nodes. `second` is the recording with one more in the batch."""

    def __init__(
        self, first: Recording, second: Recording | None, opset: int, input_names: list[str]
    ):
        self.first = first
        self.second = second
        self.opset = opset
        self.nodes: list[Any] = []
        self.weights: dict[str, np.ndarray[Any, Any]] = {}
        self.names: dict[Var, str] = {}
        self.constants = dict(first.constants)
        self.taken: set[str] = set(input_names)
        self.path = ""
        self.reshapes: dict[Any, str] = {}
        self._small: dict[tuple[Any, ...], str] = {}
        self._batch: str | None = None
        for var, name in zip(first.graph.inputs, input_names, strict=True):
            self.names[var] = name

    def write(self) -> list[str]:
        """Append every node; the names of the outputs."""
        others: list[Any] = [None] * len(self.first.graph.nodes)
        if self.second is not None:
            others = self.second.graph.nodes
        for node, other in zip(self.first.graph.nodes, others, strict=True):
            if not self._folded(node, other):
                self._call(node, other)
        return [self.name(var) for var in self.first.graph.outputs if var is not None]

    def missing(self) -> list[str]:
        """The operators that have no ONNX form, each with a module that uses it."""
        found: dict[str, str] = {}
        for node in self.first.graph.nodes:
            if find(node.op.name) is None:
                path = scope_path(node.tag.scope) if node.tag is not None else ""
                found.setdefault(node.op.name, path)
        return [f"{name} in {path}" if path else name for name, path in found.items()]

    def _call(self, node: Node, other: Node | None) -> None:
        function = find(node.op.name)
        assert function is not None
        self.path = scope_path(node.tag.scope) if node.tag is not None else ""
        call = CallToWrite(self, node, other)
        made = function(self, Operands(self, node.inputs), call)
        for var, name in zip(
            node.outputs, made if isinstance(made, tuple) else (made,), strict=False
        ):
            if name is not None:
                self.names[var] = name

    def _folded(self, node: Node, other: Node | None) -> bool:
        """Compute a call ahead that depends on constants, and not on the batch."""
        if other is not None and (node.attrs != other.attrs or node.out_types != other.out_types):
            return False
        if not node.op.deterministic or not all(
            v is None or v in self.constants for v in node.inputs
        ):
            return False
        if sum(t.nbytes for t in node.out_types) > FOLDED and not node.op.alias:
            return False
        given = [
            None if v is None else Tensor(self.constants[v], dtype=self.constants[v].dtype)
            for v in node.inputs
        ]
        made = emit(node.op, node.attrs, tuple(given))
        origin = next((v for v in node.inputs if v in self.first.names), None)
        for var, value in zip(node.outputs, made if isinstance(made, tuple) else (made,),
                              strict=True):  # fmt: skip
            self.constants[var] = np.ascontiguousarray(to_plain(value._buffer))
            if origin is not None and node.op.alias:
                self.first.names[var] = self.first.names[origin]
        return True

    def name(self, var: Var) -> str:
        """The name of a value; a constant becomes a weight when it is first asked for."""
        found = self.names.get(var)
        if found is None:
            value = self.constants[var]
            found = self.names[var] = self.weight(value, self.first.names.get(var))
        return found

    def unique(self, hint: str) -> str:
        """A name that nothing has yet."""
        name, number = hint, 0
        while name in self.taken or not name:
            number += 1
            name = f"{hint}_{number}"
        self.taken.add(name)
        return name

    def weight(self, value: Any, hint: str | None = None) -> str:
        """The name of a stored array; small equal ones without a name of their own are one."""
        array = np.ascontiguousarray(value)
        key = (array.tobytes(), array.shape, array.dtype) if array.nbytes <= 4096 else None
        if hint is None and key is not None and key in self._small:
            return self._small[key]
        name = self.unique(hint or "constant")
        if hint is None and key is not None:
            self._small[key] = name
        self.weights[name] = array
        return name

    def ints(self, *values: Any) -> str:
        """A stored vector of int64."""
        return self.weight(np.array(values, np.int64).reshape(-1))

    def like(self, value: float, dtype: Any) -> str:
        """A stored number of a data type."""
        return self.weight(np.array(value).astype(dtype))

    def emit(self, op: str, *inputs: Any, outputs: int = 1, **attrs: Any) -> Any:
        """Append a node; the name of its output, or a tuple of names."""
        place = self.path.replace(".", "/")
        label = self.unique(f"/{place}/{op}" if place else f"/{op}")
        names = [self.unique(f"{label}_output_{i}") for i in range(outputs)]
        given = list(inputs)
        while given and given[-1] is None:
            given.pop()
        kept = {k: v for k, v in attrs.items() if v is not None}
        node = onnx("helper").make_node(
            op, ["" if i is None else i for i in given], names, name=label, **kept
        )
        self.nodes.append(node)
        return names[0] if outputs == 1 else tuple(names)

    def batch(self) -> str:
        """A vector of one number: the length of the batch."""
        if self._batch is None:
            assert self.second is not None
            for var, other in zip(self.first.graph.inputs, self.second.graph.inputs, strict=True):
                if var.type.shape != other.type.shape:
                    shape = self.emit("Shape", self.names[var])
                    self._batch = self.emit("Gather", shape, self.ints(0), axis=0)
                    break
        assert self._batch is not None
        return self._batch

    def sizes(self, one: Any, two: Any, free: bool = False) -> str:
        """A vector of sizes, `two` being those of the wider batch; computed where they differ.

        `free`: one size may be written as -1 instead.
        """
        if tuple(one) == tuple(two):
            return self.ints(*one)
        differing = [i for i, (a, b) in enumerate(zip(one, two, strict=True)) if a != b]
        if free and len(differing) == 1 and math.prod(one):
            return self.ints(*[-1 if i in differing else n for i, n in enumerate(one)])
        parts, plain = [], []
        for a, b in zip(one, two, strict=True):
            if a == b:
                plain.append(a)
                continue
            if plain:
                parts.append(self.ints(*plain))
                plain = []
            parts.append(self._size(a, b))
        if plain:
            parts.append(self.ints(*plain))
        return parts[0] if len(parts) == 1 else self.emit("Concat", *parts, axis=0)

    def _size(self, one: int, two: int) -> str:
        """A size that grows with the batch."""
        assert self.second is not None
        batch = next(
            a.type.shape[0]
            for a, b in zip(self.first.graph.inputs, self.second.graph.inputs, strict=True)
            if a.type.shape != b.type.shape
        )
        factor, rest = two - one, one - (two - one) * batch
        name = self.batch()
        if factor != 1:
            name = self.emit("Mul", name, self.ints(factor))
        return self.emit("Add", name, self.ints(rest)) if rest else name

    def cast(self, name: str, dtype: Any) -> str:
        """A value in another data type."""
        return self.emit("Cast", name, to=element_code(dtype))

    def reduced(self, op: str, name: str, axes: Any, keepdims: bool) -> str:
        """A Reduce node; its axes are an input from opset 18 on (ReduceSum: 13)."""
        if self.opset >= 18 or op == "ReduceSum":
            return self.emit(op, name, self.ints(*axes), keepdims=int(keepdims))  # type: ignore[no-any-return]
        return self.emit(op, name, axes=list(axes), keepdims=int(keepdims))  # type: ignore[no-any-return]

    def reshaped(self, name: str, shape: Any) -> str:
        """A value in a shape that does not depend on the batch."""
        return self.emit("Reshape", name, self.ints(*shape))  # type: ignore[no-any-return]


def element_code(dtype: Any) -> int:
    """ONNX's number for a data type. Raises UnsupportedError where there is none."""
    kinds = onnx().TensorProto
    if dtype == dt.bfloat16:
        return int(kinds.BFLOAT16)
    try:
        return int(onnx("helper").np_dtype_to_tensor_dtype(np.dtype(dtype)))
    except Exception:
        raise UnsupportedError(f"[{NAME}] ONNX has no data type {dtype}") from None
