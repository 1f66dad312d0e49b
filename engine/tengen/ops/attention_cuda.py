"""Attention by a kernel of our own where cuDNN has none: in float32 and float64, and for heads that
are wider than it takes or no multiple of 8."""

from typing import Any

from ..base import dtype as dt
from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.cuda.program import Program, program
from . import attention_cudnn
from .attention import attention, attention_backward
from .launching_cuda import THREADS, TYPES, all_known, blocks

WIDEST = 256
"""Features of a head whose results stay in registers."""


class Heads:
    """How the kernels of `attention.cu` are launched: definitions, grids, sizes."""

    def __init__(self, q: TensorType, k: TensorType, v: TensorType, scale: float, causal: bool):
        self.dtype = q.dtype
        self.wide = dt.accumulator(q.dtype).itemsize
        self.count = q.shape[0] * q.shape[1]
        self.queries, self.keys = q.shape[2], k.shape[2]
        width, result = q.shape[3], v.shape[3]
        self.across = max(1 << (blocks(max(width, result), 16) - 1).bit_length(), 1)
        self.sizes = (self.queries, self.keys, width, result, float(scale), int(causal))

    def program(self, name: str, most: int) -> tuple[Program, int]:
        """The kernel `name`, with as many rows a thread as `most` registers for results allow, and
        the rows of a block."""
        rows = min(max(most // self.across, 1), 4)
        made = program("attention", TYPE=TYPES[self.dtype], ROWS=rows, ACROSS=self.across, OP=name)
        return made, 16 * rows


def _heads(types: Any, scale: float, causal: bool) -> Heads | None:
    q, k, v = types
    if not all_known((q, k, v)) or max(q.shape[3], v.shape[3]) > WIDEST:
        return None
    return Heads(q, k, v, scale, causal)


@attention.backend("cuda", "gpu")
def forward(in_types: Any, out_types: Any, *, scale: float, causal: bool) -> Bound | None:
    """One pass over the keys for each block of queries."""
    found = _heads(in_types, scale, causal)
    theirs = attention_cudnn.forward(in_types, out_types, scale=scale, causal=causal)
    if found is None or theirs is not None:
        return None
    heads, (kernel, tall) = found, found.program("FORWARD", 32)
    grid = (heads.count, blocks(heads.queries, tall), 1)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        kernel("run", grid, THREADS, *ins, outs[0], None, *heads.sizes)

    return Bound(run, (None,) * 3, out_types)


@attention_backward.backend("cuda", "gpu")
def backward(in_types: Any, out_types: Any, *, scale: float, causal: bool) -> Bound | None:
    """The forward pass again, for the result and the sums of its rows, then the gradients: of the
    queries over the keys, and of keys and values over the queries."""
    *three, dy = in_types
    found = _heads(three, scale, causal)
    theirs = attention_cudnn.backward(in_types, out_types, scale=scale, causal=causal)
    if found is None or theirs is not None:
        return None
    heads, rows = found, found.count * found.queries
    again, tall = heads.program("FORWARD", 32)
    dots, _ = heads.program("DOTS", 32)
    of_queries, _ = heads.program("QUERIES", 32)
    of_keys, low = heads.program("KEYS", 16)
    over_queries = (heads.count, blocks(heads.queries, tall), 1)
    over_keys = (heads.count, blocks(heads.keys, low), 1)
    first = blocks(dy.nbytes, 256) * 256
    second = first + blocks(rows * heads.wide, 256) * 256

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        dq, dk, dv, space = outs
        q, k, v, given = ins
        y, kept, parts = space[:first], space[first:second], space[second:]
        again("run", over_queries, THREADS, q, k, v, y, kept, *heads.sizes)
        dots("run", blocks(rows, THREADS // 32), THREADS, y, given, parts, rows, dy.shape[3])
        common = (q, k, v, given, kept, parts)
        of_queries("run", over_queries, THREADS, *common, dq, *heads.sizes)
        of_keys("run", over_keys, THREADS, *common, dk, dv, *heads.sizes)

    return Bound(run, (None,) * 4, out_types, workspace=second + rows * heads.wide)
