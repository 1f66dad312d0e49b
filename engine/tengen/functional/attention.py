"""Multi-head attention (Vaswani et al., "Attention Is All You Need", 2017)."""

import math
from typing import Any

import numpy as np

from ..base.errors import ShapeError
from ..operands import floating, ready
from ..ops import elementwise, reduce
from ..ops.attention import attention
from ..ops.joining import concat
from ..ops.matmul import matmul
from ..ops.shape import broadcast_to, reshape, transpose
from ..ops.softmax import softmax
from ..tensor import Tensor
from .creation import zeros
from .dot_product import additive
from .dropout import dropout
from .linear import linear

__all__ = ["multi_head_attention"]

NAME = "multi_head_attention"


class _Parameters:
    """Cuts the weights and biases of the projections from one row of numbers, in order."""

    def __init__(self, flat: Tensor):
        self.flat = reshape(flat, shape=(flat.size,))
        self.place = 0

    def cut(self, *shape: int) -> Tensor:
        """The next numbers in `shape`."""
        end = self.place + math.prod(shape)
        if end > self.flat.size:
            raise ShapeError(
                f"[{NAME}] io_weight_bias must hold {end} numbers at least; got {self.flat.size}"
            )
        part = self.flat[self.place : end]
        self.place = end
        return reshape(part, shape=shape)  # type: ignore[no-any-return]


def _project(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    if weight is None:
        return x
    return linear(x, transpose(weight, pattern=(1, 0)), bias)


def _heads(x: Tensor, projected: bool, heads: int) -> Tensor:
    """(N, S, E) to (N, heads, S, E / heads); an unprojected input goes whole to every head."""
    batch, length, width = x.shape
    if not projected:
        x = reshape(x, shape=(batch, 1, length, width))
        return broadcast_to(x, shape=(batch, heads, length, width))  # type: ignore[no-any-return]
    if width % heads:
        raise ShapeError(f"[{NAME}] {heads} heads must divide the projection's size {width}")
    x = reshape(x, shape=(batch, length, heads, width // heads))
    return transpose(x, pattern=(0, 2, 1, 3))  # type: ignore[no-any-return]


def _mask(
    attn_mask: Tensor | None,
    key_padding_mask: Tensor | None,
    is_causal: bool,
    shape: Any,
    dtype: Any,
) -> Tensor | None:
    """What is added to the scores of `shape` (N, heads, L, S), or None."""
    batch, heads, queries, keys = shape
    total = None
    if attn_mask is not None:
        part = additive(NAME, attn_mask, False, dtype)
        if part.ndim == 3:
            part = reshape(part, shape=(batch, heads, queries, keys))
        elif part.shape != (queries, keys):
            raise ShapeError(
                f"[{NAME}] attn_mask must be {(queries, keys)} or {(batch * heads, queries, keys)};"
                f" got {part.shape}"
            )
        total = part
    elif is_causal:
        hidden = np.triu(np.ones((queries, keys), bool), 1)
        total = Tensor(np.where(hidden, -math.inf, 0.0), dtype=dtype)
    if key_padding_mask is not None:
        part = reshape(additive(NAME, key_padding_mask, False, dtype), shape=(batch, 1, 1, keys))
        total = part if total is None else elementwise.add(total, part)
    return total


def _interval_masks(attn_mask: Tensor, padding: Tensor, shape: Any) -> tuple[Tensor, Tensor]:
    """Bool masks from the style with (2, L) start and end keys and (2, N) lengths."""
    batch, _, queries, keys = shape
    if attn_mask.shape != (2, queries) or padding.shape != (2, batch):
        raise ShapeError(
            f"[{NAME}] masks of start and end must be {(2, queries)} and {(2, batch)}; got"
            f" {attn_mask.shape} and {padding.shape}"
        )
    start, end = attn_mask.numpy()
    place = np.arange(keys)
    outside = (place < start[:, None]) | (place >= end[:, None])
    padded = place >= padding.numpy()[1][:, None]
    return Tensor(outside), Tensor(padded)


def _lengthened(x: Tensor, extra: Tensor | None) -> Tensor:
    """Keys or values (N, S, E) with one more row for every image."""
    if extra is None:
        return x
    row = broadcast_to(extra.astype(x.dtype), shape=(x.shape[0], 1, x.shape[2]))
    return concat(x, row, axis=1)  # type: ignore[no-any-return]


def _open(mask: Tensor | None, rows: int) -> Tensor | None:
    """A mask with `rows` more keys that are never hidden."""
    if mask is None or not rows:
        return mask
    more = zeros((*mask.shape[:-1], rows), dtype=mask.dtype, device=mask.device)
    return concat(mask, more, axis=mask.ndim - 1)  # type: ignore[no-any-return]


def multi_head_attention(
    query: Tensor, key: Tensor, value: Tensor, embed_dim: int, num_heads: int, attn_drop: float,
    out_drop: float, io_weight_bias: Tensor | None, qproj_size: int | None = None,
    kproj_size: int | None = None, vproj_size: int | None = None, oproj_size: int | None = None,
    qbias: bool = False, kbias: bool = False, vbias: bool = False, obias: bool = False,
    bias_k: Tensor | None = None, bias_v: Tensor | None = None, add_zero_attn: bool = False,
    key_padding_mask: Tensor | None = None, attn_mask: Tensor | None = None,
    need_weights: bool = False, average_attn_weights: bool = False, is_causal: bool = False,
    maybe_cudnn_style_mask: bool = False, reslink: bool = False, training: bool = True,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """Attention of query (N, L, E) over key (N, S, K) and value (N, S, V), in `num_heads` heads.

    `io_weight_bias` holds, one after the other, the weights (in, out) of the projections of query,
    key, value and output whose size is not 0, then the biases that are asked for; sizes default to
    embed_dim. attn_mask is (L, S) or (N * heads, L, S), key_padding_mask (N, S): True hides, a
    float is added. Without attn_mask, `is_causal` hides later keys. bias_k and bias_v (1, 1, proj)
    and `add_zero_attn` lengthen the sequence by a row; `reslink` adds query to the result.
    Returns the output (N, L, out) and the weights: None, or if `need_weights` (N * heads, L, S),
    averaged over the heads (N, L, S).
    """
    if query.ndim != 3 or key.ndim != 3 or value.ndim != 3 or key.shape[:2] != value.shape[:2]:
        raise ShapeError(
            f"[{NAME}] query (N, L, E), key (N, S, K) and value (N, S, V) are needed; got"
            f" {query.shape}, {key.shape}, {value.shape}"
        )
    q, k, v = (floating(ready(attention, x)) for x in (query, key, value))
    q_size, k_size, v_size, o_size = (
        embed_dim if size is None else size
        for size in (qproj_size, kproj_size, vproj_size, oproj_size)
    )
    flat = zeros(0, dtype=q.dtype) if io_weight_bias is None else io_weight_bias
    held = _Parameters(flat)
    merged = v_size or num_heads * v.shape[2]
    weights = [
        held.cut(width, size) if size else None
        for width, size in (
            (q.shape[2], q_size), (k.shape[2], k_size), (v.shape[2], v_size), (merged, o_size),
        )
    ]  # fmt: skip
    biases = [
        held.cut(size) if size and wanted else None
        for size, wanted in ((q_size, qbias), (k_size, kbias), (v_size, vbias), (o_size, obias))
    ]
    q = _project(q, weights[0], biases[0])
    k = _lengthened(_project(k, weights[1], biases[1]), bias_k)
    v = _lengthened(_project(v, weights[2], biases[2]), bias_v)
    extra = int(bias_k is not None) + int(add_zero_attn)
    if add_zero_attn:
        k, v = (_lengthened(x, zeros((1, 1, x.shape[2]), dtype=x.dtype)) for x in (k, v))
    q, k, v = (
        _heads(x, bool(size), num_heads) for x, size in ((q, q_size), (k, k_size), (v, v_size))
    )  # (N, heads, length, width)
    shape = (*q.shape[:3], k.shape[2] - extra)
    if maybe_cudnn_style_mask and attn_mask is not None and key_padding_mask is not None:
        attn_mask, key_padding_mask = _interval_masks(attn_mask, key_padding_mask, shape)
    dropped = attn_drop if training else 0.0
    fused = attn_mask is None and key_padding_mask is None and not (dropped or need_weights)
    attended = None
    if fused and (not is_causal or (not extra and q.shape[2] == k.shape[2])):
        y = attention(q, k, v, scale=q.shape[-1] ** -0.5, causal=is_causal)
    else:
        mask = _open(_mask(attn_mask, key_padding_mask, is_causal, shape, q.dtype), extra)
        scores = matmul(elementwise.affine(q, scale=q.shape[-1] ** -0.5), k, transpose_b=True)
        attended = softmax(scores if mask is None else elementwise.add(scores, mask), axis=(-1,))
        y = matmul(dropout(attended, dropped), v)
    y = transpose(y, pattern=(0, 2, 1, 3))  # (N, L, heads, width)
    y = reshape(y, shape=(*y.shape[:2], y.shape[2] * y.shape[3]))
    y = dropout(_project(y, weights[3], biases[3]), out_drop, training)
    if reslink:
        y = elementwise.add(y, floating(query))
    if not need_weights or attended is None:
        return y, None
    if average_attn_weights:
        return y, reduce.mean(attended, axis=(1,))
    batch, heads, queries, keys = attended.shape
    return y, reshape(attended, shape=(batch * heads, queries, keys))
