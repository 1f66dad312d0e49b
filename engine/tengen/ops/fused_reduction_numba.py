"""Reductions of elementwise chains by one generated kernel, on plain memory."""

import math
from typing import Any

import numpy as np

from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.numba import library
from ..kernels.numba.elementwise import Extent
from ..kernels.numba.reduction import Reducer
from .fused_elementwise import Program, fused_elementwise
from .fused_elementwise_numba import compiles, expression_of, extent_of
from .fused_reduction import fused_reduction

SMALLEST = 1 << 10
"""Elements below which the operators' own text costs as little."""


@fused_reduction.backend("numba")
def build(
    in_types: tuple[TensorType, ...], out_types: Any, *,
    program: Program, reduction: str, axes: int, keepdims: bool,
) -> Bound | None:  # fmt: skip
    """A number for each run of memory, brought together in float64."""
    value = fused_elementwise.infer(*in_types, program=program)
    if value.size < SMALLEST or not library.available() or not compiles(in_types, value, program):
        return None
    try:
        extents = [extent_of(given, value) for given in in_types]
    except ValueError:
        return None
    if Extent.FULL not in extents:
        return None
    arrays = [i for i, extent in enumerate(extents) if extent is not None]
    scalars = [i for i, extent in enumerate(extents) if extent is None]
    expression, numbers = expression_of(program, extents, arrays, scalars)
    fixed = numbers[len(scalars) :]
    columns = math.prod(value.shape[value.ndim - axes :])
    width = value.shape[-1] if expression.broadcasts else columns
    how = "max" if reduction == "max" else "sum"
    reducer = Reducer(expression, how, value.size // width, width, value.dtype)
    share = 1 / columns if reduction == "mean" else 1
    attrs: dict[str, Any] = {"program": program, "reduction": reduction, "axes": axes}
    attrs["keepdims"] = keepdims
    text = fused_reduction.kernel

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        (out,) = outs
        if not reducer.kernel.ready:
            out[...] = text(np, *ins, **attrs)
            return
        flats = [ins[i].reshape(-1) for i in arrays]
        found = reducer.run(flats, [*(ins[i].item() for i in scalars), *fixed])
        if width != columns:
            apart = found.reshape(-1, columns // width)
            found = apart.max(1) if how == "max" else apart.sum(1)
        np.multiply(found, share, out=out.reshape(-1), casting="same_kind")

    return Bound(run, (None,) * len(in_types), out_types)
