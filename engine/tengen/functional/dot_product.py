"""Scaled dot-product attention (Vaswani et al., "Attention Is All You Need", 2017, 3.2.1)."""

import math

from ..base import dtype as dt
from ..base.errors import ArgumentError, ShapeError
from ..operands import floating, pair, ready
from ..ops import elementwise
from ..ops.attention import attention, hide_later
from ..ops.matmul import matmul
from ..ops.selection import where
from ..ops.softmax import softmax
from ..tensor import Tensor
from .creation import full, zeros
from .dropout import dropout

__all__ = ["scaled_dot_product_attention"]

NAME = "scaled_dot_product_attention"


def additive(name: str, mask: Tensor, shown: bool, dtype: object) -> Tensor:
    """A mask to be added to scores: a float one itself, a bool one as 0 and minus infinity.

    `shown` says what True means in a bool mask: attended to, or hidden.
    """
    if mask.dtype == dt.bool_:
        parts = zeros(mask.shape, dtype=dtype), full(mask.shape, -math.inf, dtype=dtype)
        return where(*(parts if shown else parts[::-1]), mask)  # type: ignore[no-any-return]
    if not dt.is_float(mask.dtype):
        raise ArgumentError(f"[{name}] masks are bool or float; got {mask.dtype.name}")
    return mask.astype(dtype)


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None,
    dropout_p: float = 0.0, is_causal: bool = False, scale: float | None = None,
) -> Tensor:  # fmt: skip
    """softmax(scale * query key^T + mask) value, over the last two axes.

    query (B, heads, T, d), key (B, heads, S, d), value (B, heads, S, e): (B, heads, T, e). `scale`
    defaults to 1 / sqrt(d). A bool attn_mask, True where a key is attended to, or a float one,
    which is added, broadcasts to (B, heads, T, S); `is_causal` hides the keys behind each query,
    the last of both being level. Without mask and dropout the weights are never held in memory.
    """
    q, k, v = (ready(attention, x) for x in (query, key, value))
    q, k = pair(NAME, floating(q), k)
    q, v = pair(NAME, q, v)
    k = k.astype(q.dtype)
    if q.ndim != 4:
        raise ShapeError(f"[{NAME}] query must be (B, heads, T, d); got shape {q.shape}")
    factor = float(scale) if scale is not None else 1 / math.sqrt(max(q.shape[-1], 1))
    if attn_mask is None and not dropout_p:
        return attention(q, k, v, scale=factor, causal=bool(is_causal))  # type: ignore[no-any-return]
    scores = matmul(elementwise.affine(q, scale=factor), k, transpose_b=True)
    if is_causal:
        scores = hide_later(scores, value=-math.inf)
    if attn_mask is not None:
        scores = elementwise.add(scores, additive(NAME, attn_mask, True, q.dtype))
    weights = dropout(softmax(scores, axis=(-1,)), dropout_p)
    return matmul(weights, v)  # type: ignore[no-any-return]
