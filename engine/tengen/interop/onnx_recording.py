"""A forward pass as a graph for export: parameters and data become named constants."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..base.errors import TengenError, UnsupportedError
from ..base.source import user_line
from ..graph.graph import Graph, Recorder
from ..graph.node import Var
from ..graph.state import state
from ..module import Module
from ..runtime.buffer import make_tag
from ..runtime.plan import to_plain
from ..tensor import Tensor

NAME = "to_onnx"


@dataclasses.dataclass
class Recording:
    """A recorded forward pass: `constants` by Var, `names` of those that have one, the results."""

    graph: Graph
    constants: dict[Var, np.ndarray[Any, Any]]
    names: dict[Var, str]
    outputs: list[Any]


class _Mode(Recorder):
    """Records; refuses to look at values."""

    def emit(self, op: Any, attrs: tuple[Any, ...], inputs: tuple[Any, ...]) -> Any:
        """Append the call with where it comes from."""
        made = super().emit(op, attrs, inputs)
        self.graph.nodes[-1].tag = make_tag(op.name, 1 << 30)
        return made

    def read(self, value: Any) -> Any:
        """A value is wanted that only running can tell."""
        raise UnsupportedError(
            f"[{NAME}] the model looks at the value of a tensor, which an ONNX graph cannot:"
            f" {user_line()}"
        )

    def detach(self, value: Any) -> Any:
        """No gradients are taken here."""
        return value


def recorded(
    function: Callable[..., Any], samples: list[Tensor], names: dict[int, str]
) -> Recording:
    """The graph of `function(*samples)`. `names` gives the names of tensors by their buffer's id.

    Raises UnsupportedError where a value is looked at.
    """
    mode = _Mode()
    inputs = [mode.input(s.type) for s in samples]
    before, recorders = state.mode, state.recorders
    state.mode, state.recorders = mode, 0
    try:
        made = function(*inputs)
    finally:
        state.mode, state.recorders = before, recorders
    results = list(_tensors(made))
    if not results:
        raise UnsupportedError(f"[{NAME}] the model returns no tensor; got {type(made).__name__}")
    mode.graph.outputs = [mode.var_of(r) for r in results]
    mode.graph.prune()
    constants = {var: to_plain(buffer) for var, buffer in mode.graph.constants.items()}
    known = {
        var: names[id(buffer)]
        for var, buffer in mode.graph.constants.items()
        if id(buffer) in names
    }
    return Recording(mode.graph, constants, known, results)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)


@contextlib.contextmanager
def evaluating(module: Any) -> Iterator[None]:
    """Every part of a module in evaluation mode, put back afterwards."""
    parts = list(module.modules()) if isinstance(module, Module) else []
    modes = [(part, part.training) for part in parts]
    for part in parts:
        part.training = False
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode


def other_batch(
    function: Callable[..., Any], samples: list[Tensor], names: dict[int, str], first: Recording
) -> tuple[Recording | None, str]:
    """The recording of one more image in the batch, or None and why the batch is fixed."""
    lengths = {s.shape[0] for s in samples if s.ndim}
    if len(lengths) != 1 or 0 in lengths:
        return None, f"the inputs have different first axes: {sorted(lengths)}"
    wider = []
    for sample in samples:
        array = sample.numpy()
        if array.ndim:
            array = np.concatenate([array, array[:1]])
        wider.append(Tensor(array, dtype=array.dtype))
    try:
        second = recorded(function, wider, names)
    except TengenError as error:
        return None, f"another batch fails: {str(error).splitlines()[0]}"
    why = _difference(first, second)
    return (None, why) if why else (second, "")


def _difference(one: Recording, two: Recording) -> str:
    """What is not the same program in two recordings, "" if nothing."""
    if len(one.graph.nodes) != len(two.graph.nodes):
        return "another batch takes another way through the program"
    place: dict[Any, Any] = dict(zip(one.graph.inputs, two.graph.inputs, strict=True))
    if len(one.constants) != len(two.constants):
        return "another batch reads other data"
    place.update(zip(one.constants, two.constants, strict=True))
    for a, b in zip(one.constants, two.constants, strict=True):
        x, y = one.constants[a], two.constants[b]
        if x is not y and (x.shape != y.shape or x.tobytes() != y.tobytes()):
            return f"data of shape {x.shape} depends on the batch"
    for node, other in zip(one.graph.nodes, two.graph.nodes, strict=True):
        wired = [place.get(v) for v in node.inputs] == list(other.inputs)
        if node.op is not other.op or not wired:
            return "another batch takes another way through the program"
        place.update(zip(node.outputs, other.outputs, strict=True))
    return ""
