"""Softmax, its relatives and cross entropy along neighbouring axes, on the GPU."""

from typing import Any

from ..base import dtype as dt
from ..graph.opdef import Bound
from ..graph.types import Shape
from ..kernels.cuda.program import Program, program
from .launching_cuda import TYPES, all_known, blocks, rows_along
from .loss import cross_entropy, cross_entropy_backward
from .shape import normalize_axis
from .softmax import (
    log_softmax,
    log_softmax_backward,
    logsumexp,
    softmax,
    softmax_backward,
)

Rows = tuple[int, int, int]

IN_WARP = 1024
"""Elements up to which a warp takes a row: 32 a lane, which stay in L1 between the passes."""


def launcher(op: str, dtype: Any, rows: Rows, **defines: str) -> tuple[Program, int, int]:
    """The program for rows of this form, with its grid and block."""
    outer, length, inner = rows
    if inner > 1:
        by, grid, threads = "BY_THREAD", blocks(outer * inner, 128), 128
    elif length <= IN_WARP:
        by, grid, threads = "BY_WARP", blocks(outer, 4), 128
    else:
        by, grid, threads = "BY_BLOCK", outer, 256 if length <= 8192 else 512
    made = program("rows", TYPE=TYPES[dtype], OP=op, ROWS=by, **defines)
    return made, grid, threads


def _register(op: Any) -> None:
    def build(in_types: Any, out_types: Any, *, axis: Shape, **_: Any) -> Bound | None:
        rows = rows_along(in_types[0].shape, axis)
        if rows is None or not all_known((in_types[0], *out_types)):
            return None
        run_rows, grid, threads = launcher(op.name.upper(), in_types[0].dtype, rows)
        outer, length, inner = rows

        def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
            run_rows("run", grid, threads, *ins, outs[0], outer * inner, length, inner)

        return Bound(run, (None,) * len(in_types), out_types)

    op.backend("cuda", "gpu")(build)


for _op in (softmax, softmax_backward, log_softmax, log_softmax_backward, logsumexp):
    _register(_op)


def _register_entropy(op: Any) -> None:
    def build(in_types: Any, out_types: Any, *, axis: int, label_smooth: float) -> Bound | None:
        x, label = in_types[:2]
        if not all_known((x, *out_types)):
            return None
        rows = rows_along(x.shape, (normalize_axis(op.name, axis, x.ndim),))
        assert rows is not None
        names = {dt.int32: "int", dt.int64: "int64"}
        run_rows, grid, threads = launcher(op.name.upper(), x.dtype, rows, LABEL=names[label.dtype])
        outer, length, inner = rows
        smooth = float(label_smooth)

        def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
            run_rows("run", grid, threads, *ins, outs[0], outer * inner, length, inner, smooth)

        return Bound(run, (None,) * len(in_types), out_types)

    op.backend("cuda", "gpu")(build)


_register_entropy(cross_entropy)
_register_entropy(cross_entropy_backward)
