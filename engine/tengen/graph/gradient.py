"""The gradient of one call as a small straight-line program.

The rule of an operator is traced once per signature. What the traced program reads tells what
the tape has to keep: nothing is saved that no gradient needs.
"""

from typing import Any

from ..base.dtype import is_differentiable
from .graph import Recorder
from .node import Var
from .opdef import Call, OpDef
from .state import full_precision, state
from .types import TensorType


class GradientProgram:
    """Steps that turn saved values and output gradients into input gradients.

    Slots number the values: first `saves` (("in", i) or ("out", j)), then one for each output
    gradient, then constants, then results. `results[i]` is the slot of the gradient of input i
    (None where there is none).
    """

    __slots__ = ("constants", "dy_slots", "results", "saves", "size", "steps")

    def __init__(
        self,
        saves: tuple[tuple[str, int], ...],
        dy_slots: tuple[int, ...],
        constants: tuple[tuple[int, Any], ...],
        steps: tuple[tuple[Any, tuple[Any, ...], tuple[Any, ...], tuple[int, ...], Any], ...],
        results: tuple[int | None, ...],
        size: int,
    ):
        self.saves = saves
        self.dy_slots = dy_slots
        self.constants = constants
        self.steps = steps
        self.results = results
        self.size = size


def trace_gradient(
    op: OpDef,
    attrs: tuple[Any, ...],
    in_types: tuple[TensorType | None, ...],
    out_types: tuple[TensorType, ...],
    wanted: tuple[bool, ...],
    given: tuple[bool, ...],
) -> GradientProgram | None:
    """The gradient program of a call for the `wanted` inputs and `given` output gradients.

    None when no gradient flows (integer outputs, or the rule gives None everywhere).
    """
    if not op.differentiable or not any(given):
        return None
    recorder = Recorder()
    graph = recorder.graph
    ins = [None if t is None else recorder.input(t) for t in in_types]
    outs = [recorder.input(t) for t in out_types]
    dys = [recorder.input(t) if g else None for t, g in zip(out_types, given, strict=True)]
    before, state.mode = state.mode, recorder
    try:
        with full_precision():
            grads = op.grad(Call(op, attrs, tuple(ins), tuple(outs), wanted), *dys)
    finally:
        state.mode = before
    if not isinstance(grads, tuple) or len(grads) != len(in_types):
        raise AssertionError(f"[{op.name}] grad gives {grads!r} for {len(in_types)} inputs")
    graph.outputs = [
        recorder.var_of(g) if w and g is not None else None
        for g, w in zip(grads, wanted, strict=True)
    ]
    if all(v is None for v in graph.outputs):
        return None
    for value, kind, var in zip(grads, in_types, graph.outputs, strict=True):
        if var is not None and value.type is not kind:
            raise AssertionError(f"[{op.name}] gradient {value.type} of an input {kind}")
    graph.prune()
    return _assemble(recorder, ins, outs, dys)


def _assemble(recorder: Recorder, ins: Any, outs: Any, dys: Any) -> GradientProgram:
    graph = recorder.graph
    read = {v for node in graph.nodes for v in node.inputs if v is not None}
    read |= {v for v in graph.outputs if v is not None}
    slots: dict[Var, int] = {}
    saves = []
    for kind, values in (("in", ins), ("out", outs)):
        for index, value in enumerate(values):
            if value is not None and value._var in read:
                slots[value._var] = len(slots)
                saves.append((kind, index))
    dy_slots = []
    for value in dys:
        if value is None:
            dy_slots.append(-1)
        else:
            dy_slots.append(slots.setdefault(value._var, len(slots)))
    constants = []
    for var, buffer in graph.constants.items():
        constants.append((slots.setdefault(var, len(slots)), buffer))
    for node in graph.nodes:
        for var in node.outputs:
            slots[var] = len(slots)
    results = tuple([None if v is None else slots[v] for v in graph.outputs])
    last: dict[int, int] = {}
    for number, node in enumerate(graph.nodes):
        for operand in node.inputs:
            if operand is not None:
                last[slots[operand]] = number
    steps = []
    for number, node in enumerate(graph.nodes):
        operands = tuple([None if v is None else slots[v] for v in node.inputs])
        dead = {s for s in operands if s is not None and last[s] == number} - set(results)
        targets = tuple([slots[v] for v in node.outputs])
        steps.append((node.op, node.attrs, operands, targets, tuple(dead)))
    return GradientProgram(
        tuple(saves), tuple(dy_slots), tuple(constants), tuple(steps), results, len(slots)
    )


def differentiable_outputs(out_types: tuple[TensorType, ...]) -> tuple[bool, ...]:
    """Which outputs can carry a gradient."""
    return tuple([is_differentiable(t.dtype) for t in out_types])
