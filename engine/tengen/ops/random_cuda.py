"""Uniforms, normals and dropout on the GPU: word for word the numbers of the CPU's generator."""

from typing import Any

from ..base import dtype as dt
from ..graph.opdef import Bound
from ..kernels.cuda.program import program
from .launching_cuda import MOST_BLOCKS, THREADS, TYPES, all_known, blocks
from .random import dropout, dropped, normal, scale, uniform

DROPPED_BITS = {dt.float16: 32 - 11, dt.bfloat16: 32 - 8}
"""Bits of a word that a narrow uniform leaves out."""


def _drawn(op: Any) -> None:
    def build(in_types: Any, out_types: Any, *, shape: Any, dtype: Any) -> Bound | None:
        if not all_known(out_types[:1]):
            return None
        size, used = out_types[0].size, op.blocks(out_types[0].size, dtype)
        digits = DROPPED_BITS.get(dtype, 8)
        kernel = program("random", TYPE=TYPES[dtype], OP=op.name.upper(), DIGITS=digits)
        grid = min(blocks(used), MOST_BLOCKS)

        def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
            kernel("run", grid, THREADS, ins[0], outs[0], outs[1], size)

        return Bound(run, (None,), out_types)

    op.backend("cuda", "gpu")(build)


_drawn(uniform)
_drawn(normal)


@dropout.backend("cuda", "gpu")
def _dropout(in_types: Any, out_types: Any, *, p: float) -> Bound | None:
    x = in_types[0]
    if not all_known((x,)):
        return None
    kernel = program("random", TYPE=TYPES[x.dtype], OP="DROPOUT", DIGITS=8)
    size, limit, factor = x.size, dropped(p), float(scale(p))
    grid = min(blocks(size, 4 * THREADS), MOST_BLOCKS)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        kernel("run", grid, THREADS, *ins, *outs, size, limit, factor)

    return Bound(run, (None, None), out_types, inplace=(0, 0))
