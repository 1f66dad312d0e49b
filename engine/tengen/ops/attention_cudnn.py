"""Attention on the GPU by cuDNN, which keeps no matrix of weights; halves only.

The gradient's operator has q, k, v and dy: the result and the statistics are worked out again.
"""

import math
from typing import Any

from ..base import dtype as dt
from ..graph.opdef import Bound
from ..kernels.cuda import cudnn, program
from .attention import attention, attention_backward
from .convolution_cudnn import bind, chosen
from .launching_cuda import TYPES, all_known

MOST_FEATURES = 128
"""Features of a head that every engine takes, forwards and backwards."""


def _signature(
    kind: str, q: Any, k: Any, v: Any, scale: float, causal: bool
) -> cudnn.Attention | None:
    widths = (q.shape[3], v.shape[3])
    if q.dtype not in (dt.float16, dt.bfloat16) or not all_known((q, k, v)):
        return None
    if any(width % 8 or width > MOST_FEATURES for width in widths):
        return None
    return cudnn.Attention(kind, TYPES[q.dtype], q.shape, k.shape, v.shape, float(scale), causal)


@attention.backend("cudnn", "gpu")
def forward(in_types: Any, out_types: Any, *, scale: float, causal: bool) -> Bound | None:
    """One pass over the keys for each block of queries."""
    q, k, v = in_types
    found = _signature("forward", q, k, v, scale, causal)
    return bind(found, [0, 1, 2], (None,) * 3, out_types)


@attention_backward.backend("cudnn", "gpu")
def backward(in_types: Any, out_types: Any, *, scale: float, causal: bool) -> Bound | None:
    """The forward pass again, for the result and its statistics, then the gradients."""
    q, k, v, dy = in_types
    first = _signature("statistics", q, k, v, scale, causal)
    second = _signature("backward", q, k, v, scale, causal)
    if first is None or second is None or program.loader().stream() is None:
        return None
    how = chosen()
    again, gradient = cudnn.plan(first, how), cudnn.plan(second, how)
    if again is None or gradient is None:
        return None
    forwards, backwards = again, gradient
    y_bytes = -(-dy.nbytes // 256) * 256
    kept = -(-math.prod(q.shape[:3]) * 4 // 256) * 256

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        loader = program.loader()
        address, stream = loader.address, loader.stream()
        y = address(outs[3])
        statistics, space = y + y_bytes, y + y_bytes + kept
        a, b, c, given = (address(x) for x in ins)
        forwards.run([a, b, c, y, statistics], space, stream)
        made = [address(x) for x in outs[:3]]
        backwards.run([a, b, c, y, given, statistics, *made], space, stream)

    workspace = y_bytes + kept + max(forwards.workspace, backwards.workspace)
    return Bound(run, (None,) * 4, out_types, workspace=workspace, reproducible=how.repeatable)
