"""ATen's attention."""

import math
from typing import Any

from ... import functional as F
from .table import aten


@aten("scaled_dot_product_attention", training=True)
def attention(
    q: Any, k: Any, v: Any, mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False, *,
    scale: float | None = None, enable_gqa: bool = False, training: bool = True,
) -> Any:  # fmt: skip
    """softmax(scale * q k^T + mask) v over the last two axes, any axes before them.

    `is_causal` hides key j from query i where j > i.
    """
    lead = q.shape[:-2]
    if enable_gqa and k.shape[-3] != q.shape[-3]:
        times = q.shape[-3] // k.shape[-3]
        k, v = F.repeat(k, times, q.ndim - 3), F.repeat(v, times, q.ndim - 3)
    queries, keys = q.shape[-2], k.shape[-2]
    if is_causal and queries != keys:
        down = F.expand_dims(F.arange(queries, dtype="int64"), 1)
        mask = F.greater_equal(down, F.expand_dims(F.arange(keys, dtype="int64"), 0))
        is_causal = False
    drop = dropout_p if training else 0.0
    if mask is not None:
        mask = F.reshape(mask, (1,) * (len(lead) + 2 - mask.ndim) + mask.shape)
        mask = F.broadcast_to(mask, (*lead, queries, keys)) if len(lead) != 2 else mask
    count = math.prod(lead[:-1]) if lead else 1
    heads = lead[-1] if lead else 1

    def four(x: Any) -> Any:
        if x is None or len(lead) == 2:
            return x
        return F.reshape(x, (count, heads, *x.shape[-2:]))

    if len(lead) == 2 and not (k.shape[:2] == v.shape[:2] == lead):
        k, v = (F.broadcast_to(x, (*lead, *x.shape[-2:])) for x in (k, v))
    y = F.nn.scaled_dot_product_attention(
        four(q), four(k), four(v), four(mask), drop, is_causal, scale
    )
    return y if len(lead) == 2 else F.reshape(y, (*lead, queries, v.shape[-1]))
