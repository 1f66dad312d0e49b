"""Chains of elementwise operators as one generated kernel, on plain and blocked memory."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.opdef import Bound, OpDef, registry
from ..graph.types import TensorType
from ..kernels.numba import flat, library
from ..kernels.numba.elementwise import Extent
from . import comparison, selection
from .elementwise import Elementwise
from .elementwise_numba import LONG, SIMPLE, Steps
from .fused_elementwise import Program, fused_elementwise

SMALLEST = 1 << 8
"""Elements below which the chain's own text costs as little."""

_FLOATS = (dt.float32, dt.float64)

_MASKS: dict[OpDef, str] = {
    comparison.less: "less",
    comparison.less_equal: "less_equal",
    comparison.greater: "greater",
    comparison.greater_equal: "greater_equal",
    comparison.equal: "equal",
}


def can_compile(op: OpDef, dtype: Any) -> bool:
    """Whether the kernels have this operator for operands of a data type."""
    if op in SIMPLE or op in _MASKS or op is selection.where:
        return dtype in _FLOATS
    return op in LONG and dtype == dt.float32


def extent_of(given: TensorType, full: TensorType) -> Extent | None:
    """How an operand lies over the result: in full, a number per column, or (None) one number.

    Raises ValueError where it lies in another way.
    """
    if given.shape == full.shape:
        return Extent.FULL
    if given.size == 1 and given.ndim <= full.ndim:
        return None
    lead = given.shape[:-1]
    if given.ndim <= full.ndim and given.shape[-1] == full.shape[-1] and set(lead) <= {1}:
        return Extent.COLUMN
    raise ValueError(f"[fused_elementwise] {given} does not lie over {full} in rows")


@fused_elementwise.backend("numba")
def build(forms: tuple[TensorType, ...], out_types: Any, *, program: Program) -> Bound | None:
    """One pass; the operators' own text until the kernel is compiled."""
    (out,) = out_types
    if out.size < SMALLEST or not library.available() or not compiles(forms, out, program):
        return None
    try:
        extents = [extent_of(form, out) for form in forms]
    except ValueError:
        return None
    if Extent.FULL not in extents:
        return None
    layout = _layout(forms, extents, out, program)
    target = out.with_layout(layout)
    arrays = [i for i, extent in enumerate(extents) if extent is not None]
    scalars = [i for i, extent in enumerate(extents) if extent is None]
    run = _run(program, extents, arrays, scalars, target)
    layouts = tuple([layout if extent is Extent.FULL else None for extent in extents])
    first, *others = [(i, 0) for i, extent in enumerate(extents) if extent is Extent.FULL]
    return Bound(run, layouts, (target,), contiguous=True, inplace=first, further=tuple(others))


build.physical = True  # type: ignore[attr-defined]


def compiles(forms: tuple[TensorType, ...], out: TensorType, program: Program) -> bool:
    """Whether the kernels have every step of a program, and take its operands' types."""
    ops = [registry[name] for name, _, _ in program]
    known = all(can_compile(op, out.dtype) for op in ops)
    return known and all(form.dtype == out.dtype for form in forms)


def _layout(
    forms: tuple[TensorType, ...], extents: list[Extent | None], out: TensorType, program: Program
) -> Any:
    """The blocked layout that most of the memory lies in; None for plain."""
    if Extent.COLUMN in extents:
        return None
    found = [form.layout for form, e in zip(forms, extents, strict=True) if e is Extent.FULL]
    layout = next((f for f in found if f is not None), None)
    if layout is None or not layout.pads(out.shape):
        return layout
    # with numbers among the operands, what zeros become is not known
    return layout if None not in extents and _keeps_zero(program) else None


def _keeps_zero(program: Program) -> bool:
    for name, attrs, _ in program:
        op = registry[name]
        if not isinstance(op, Elementwise) or not op.clean(op.unpack(attrs)):
            return False
    return True


def _run(
    program: Program,
    extents: list[Extent | None],
    arrays: list[int],
    scalars: list[int],
    out: TensorType,
) -> Callable[..., None]:
    """`run(outs, ins)` over the expression of the program."""
    expression, numbers = expression_of(program, extents, arrays, scalars)
    compiled = expression.kernel(out.dtype)
    size = out.nbytes // out.dtype.itemsize
    columns = out.shape[-1] if expression.broadcasts else 0
    rows = size // columns if columns else 0
    parts = min(flat.parts(size), max(rows, 1)) if columns else flat.parts(size)
    tail = (columns, rows, parts) if columns else (size, parts)
    fixed = numbers[len(scalars) :]
    text = fused_elementwise.kernel

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        if not compiled.ready:
            outs[0][...] = text(np, *ins, program=program)
            return
        flats = [ins[i].reshape(-1) for i in arrays]
        given = [ins[i].item() for i in scalars]
        compiled(*flats, outs[0].reshape(-1), *given, *fixed, *tail)

    return run


def expression_of(
    program: Program, extents: list[Extent | None], arrays: list[int], scalars: list[int]
) -> tuple[Any, list[float]]:
    """The expression, and its numbers: a place for each scalar input, then the program's own."""
    steps = Steps(len(arrays))
    values: list[Any] = [None] * len(extents)
    for place, i in enumerate(arrays):
        values[i] = place
    for place, i in enumerate(scalars):
        steps.numbers.append(0.0)
        values[i] = ("number", place)
    for name, attrs, operands in program:
        given = [None if place is None else values[place] for place in operands]
        values.append(_write(steps, registry[name], given, attrs))
    lie = tuple([e for e in extents if e is not None])
    return steps.expression(lie, values[-1]), steps.numbers


def _write(steps: Steps, op: Any, given: list[Any], attrs: tuple[Any, ...]) -> Any:
    if op is selection.where:
        x, y, mask = (0.0 if value is None else value for value in given)
        return steps("where", mask, x, y)
    if op in _MASKS:
        return steps(_MASKS[op], *given)
    write = SIMPLE.get(op) or LONG[op]
    return write(steps, *given, **op.unpack(attrs))
