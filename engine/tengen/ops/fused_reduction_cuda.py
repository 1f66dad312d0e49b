"""Reductions of chains over the last axes by generated CUDA kernels."""

import math
from typing import Any

from ..base import dtype as dt
from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.cuda.elementwise import Chain, reduce
from . import reduce as reductions
from .elementwise_cuda import chain_of
from .fused_elementwise import Program, fused_elementwise
from .fused_reduction import fused_reduction
from .launching_cuda import THREADS, all_known, blocks

FEW_ROWS = 264
"""Rows that do not fill a large chip (132 SMs, two blocks each): long ones are cut to pieces."""

IN_WARP = 512


def bind(
    chain: Chain, numbers: tuple[float, ...], how: str, value: TensorType, rows: int,
    layouts: tuple[Any, ...], out_types: Any,
) -> Bound:  # fmt: skip
    """The kernel that reduces each of `rows` rows of a chain's values."""
    columns = value.size // rows
    share = 1.0 / columns if how == "mean" else 1.0
    by_warp = columns <= IN_WARP
    kernel, sizes = reduce(chain, how, by_warp), chain.sizes()
    each = THREADS * chain.lanes * 8
    pieces = 1 if by_warp or rows >= FEW_ROWS else min(blocks(columns, each), 1024)
    wide = 8 if value.dtype == dt.float64 else 4

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        given = (*ins, *sizes, *numbers)
        if pieces == 1:
            grid = blocks(rows, 4) if by_warp else rows
            kernel("run", grid, 128 if by_warp else THREADS, *given, outs[0], rows, columns, share)
            return
        kernel("part", rows * pieces, THREADS, *given, outs[1], rows, columns, pieces)
        kernel("finish", rows, THREADS, outs[1], outs[0], rows, pieces, share)

    workspace = rows * pieces * wide if pieces > 1 else 0
    return Bound(run, layouts, out_types, workspace=workspace)


@fused_reduction.backend("cuda", "gpu")
def build(
    in_types: Any, out_types: Any, *, program: Program, reduction: str, axes: int, keepdims: bool
) -> Bound | None:
    """The chain's values never reach memory."""
    value = fused_elementwise.infer(*in_types, program=program)
    if not all_known((value,)) or value.dtype not in dt.FLOATS:
        return None
    found = chain_of(in_types, value, program)
    if found is None:
        return None
    chain, numbers, _, layouts = found
    rows = math.prod(value.shape[: value.ndim - axes])
    return bind(chain, numbers, reduction, value, rows, tuple(layouts), out_types)


def _register(op: Any, how: str) -> None:
    def build(in_types: Any, out_types: Any, *, axis: Any, keepdims: bool) -> Bound | None:
        (x,) = in_types
        places = sorted(a % x.ndim for a in (range(x.ndim) if axis is None else axis))
        last = list(range(x.ndim - len(places), x.ndim))
        if not places or places != last or not all_known((x,)) or x.dtype not in dt.FLOATS:
            return None
        same: Program = (("affine", (1.0, 0.0), (0,)),)
        found = chain_of(in_types, x, same)
        assert found is not None
        chain, numbers, _, _ = found
        rows = math.prod(x.shape[: x.ndim - len(places)])
        return bind(chain, numbers, how, x, rows, (None,), out_types)

    op.backend("cuda", "gpu")(build)


_register(reductions.sum, "sum")
_register(reductions.mean, "mean")
_register(reductions.max, "max")
