"""Uniform, normal and dropout by compiled kernels: the same bits as NumPy's, many times as fast."""

from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.opdef import Bound
from ..kernels.numba import random as kernels
from .random import dropout, dropped, normal, scale, uniform


def _drawn(op: Any, fill: Any) -> None:
    """Offer `fill(state, out)` for float32."""

    def build(in_types: Any, out_types: Any, *, shape: Any, dtype: Any) -> Bound | None:
        if dtype != dt.float32:
            return None
        used = np.array([0, op.blocks(out_types[0].size, dtype)], np.uint64)

        def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
            fill(ins[0], outs[0])
            np.add(ins[0], used, out=outs[1])

        return Bound(run, (None,), out_types)

    op.backend("numba")(build)


_drawn(uniform, kernels.uniform)
_drawn(normal, kernels.normal)


@dropout.backend("numba")
def _dropout(in_types: Any, out_types: Any, *, p: float) -> Bound | None:
    x = in_types[0]
    if x.dtype not in (dt.float32, dt.float64):
        return None
    used = np.array([0, -(-x.size // 4)], np.uint64)
    limit, factor = dropped(p), scale(p)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        kernels.dropout(ins[0], outs[0], limit, factor, ins[1])
        np.add(ins[1], used, out=outs[1])

    return Bound(run, (None, None), out_types, inplace=(0, 0))
