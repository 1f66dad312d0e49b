"""ONNX's Attention and RotaryEmbedding."""

import math
from typing import Any

import numpy as np

from ... import functional as F
from ...base import dtype as dt
from .table import as_tensor, operator


def _heads(x: Any, heads: int) -> Any:
    """(N, T, heads * d) as (N, heads, T, d)."""
    n, t, width = x.shape
    return F.transpose(F.reshape(x, (n, t, heads, width // heads)), (0, 2, 1, 3))


@operator("Attention", host=(6,))
def attention(
    q: Any, k: Any, v: Any, mask: Any = None, past_key: Any = None, past_value: Any = None,
    lengths: Any = None, *, is_causal: int = 0, q_num_heads: int = 0, kv_num_heads: int = 0,
    scale: float | None = None, softcap: float = 0.0, softmax_precision: Any = None,
    qk_matmul_output_mode: int = 0, left_window_size: int = -1, right_window_size: int = -1,
    outputs: int = 1,
) -> Any:  # fmt: skip
    """softmax(scale * q k^T + mask) v for grouped heads, with a cache and the scores."""
    flat = q.ndim == 3
    if flat:
        q, k, v = _heads(q, q_num_heads), _heads(k, kv_num_heads), _heads(v, kv_num_heads)
    if past_key is not None:
        k, v = F.concat([past_key, k], 2), F.concat([past_value, v], 2)
    present = k, v
    before = 0 if past_key is None else past_key.shape[2]
    groups = q.shape[1] // k.shape[1]
    if groups > 1:
        k, v = F.repeat(k, groups, 1), F.repeat(v, groups, 1)
    root = math.sqrt(1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    scores = F.matmul(F.mul(q, root), F.mul(k, root), transpose_b=True)
    place = _Places(q.shape[2], k.shape[2], before, lengths)
    bias = _bias(mask, place, is_causal, left_window_size, right_window_size, q.dtype)
    capped = F.mul(F.tanh(F.div(scores, softcap)), softcap) if softcap else scores
    biased = capped if bias is None else F.add(capped, bias)
    wide = biased if softmax_precision is None else biased.astype(softmax_precision)
    weights = F.softmax(wide, 3).astype(q.dtype)
    if bias is not None:  # a query that sees no key
        weights = F.where(F.isnan(weights), F.zeros_like(weights), weights)
    y = F.matmul(weights, v)
    if flat:
        y = F.transpose(y, (0, 2, 1, 3))
        y = F.reshape(y, (*y.shape[:2], y.shape[2] * y.shape[3]))
    if outputs == 1:
        return y
    return y, *present, (scores, capped, biased, weights)[qk_matmul_output_mode]


class _Places:
    """How far each query lies behind each key, in numbers of positions."""

    def __init__(self, queries: int, keys: int, before: int, lengths: Any):
        self.lengths = None if lengths is None else np.asarray(lengths).reshape(-1)
        self.keys = keys
        start = np.full(1, before) if self.lengths is None else self.lengths - queries
        behind = np.arange(queries)[:, None] + start[:, None, None] - np.arange(keys)
        self.behind = behind[:, None]  # (1 or N, 1, queries, keys)


def _bias(mask: Any, place: _Places, causal: int, left: int, right: int, dtype: Any) -> Any:
    """What is added to the scores: minus infinity where a key is hidden; None for nothing."""
    parts = []
    if mask is not None:
        missing = place.keys - mask.shape[-1]
        shown = mask
        if mask.dtype == dt.bool_:
            zero, hidden = (F.full((), n, dtype=dtype) for n in (0.0, -math.inf))
            shown = F.where(mask, zero, hidden)
        if missing > 0:
            pairs = ((0, 0),) * (shown.ndim - 1) + ((0, missing),)
            shown = F.nn.pad(shown, pairs, constant_value=-math.inf)
        parts.append(shown.astype(dtype))
    hidden_keys = np.zeros((), bool)
    if causal:
        hidden_keys = hidden_keys | (place.behind < 0)
    if left >= 0:
        hidden_keys = hidden_keys | (place.behind > left)
    if right >= 0:
        hidden_keys = hidden_keys | (-place.behind > right)
    if place.lengths is not None:
        gone = np.arange(place.keys) >= place.lengths[:, None, None, None]
        hidden_keys = hidden_keys | gone
    if hidden_keys.any():
        parts.append(as_tensor(np.where(hidden_keys, -np.inf, 0.0).astype(dtype)))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else F.add(*parts)


@operator("RotaryEmbedding")
def rotary_embedding(
    x: Any, cos: Any, sin: Any, places: Any = None, *, interleaved: int = 0, num_heads: int = 0,
    rotary_embedding_dim: int = 0,
) -> Any:  # fmt: skip
    """Features turned by an angle that depends on the position (Su et al., 2021)."""
    flat = x.ndim == 3
    if flat:
        n, t, width = x.shape
        x = F.reshape(x, (n, t, num_heads, width // num_heads))
    else:
        x = F.transpose(x, (0, 2, 1, 3))  # (N, T, heads, d)
    size = rotary_embedding_dim or x.shape[-1]
    turned, rest = x[..., :size], x[..., size:]
    if places is not None:
        cos, sin = cos[places], sin[places]
    cos, sin = (F.expand_dims(c[..., : size // 2], 2) for c in (cos, sin))
    if interleaved:
        a, b = turned[..., 0::2], turned[..., 1::2]
    else:
        a, b = turned[..., : size // 2], turned[..., size // 2 :]
    first = F.sub(F.mul(cos, a), F.mul(sin, b))
    second = F.add(F.mul(sin, a), F.mul(cos, b))
    if interleaved:
        made = F.reshape(F.stack([first, second], -1), turned.shape)
    else:
        made = F.concat([first, second], -1)
    if rest.size:
        made = F.concat([made, rest], -1)
    if flat:
        return F.reshape(made, (n, t, width))
    return F.transpose(made, (0, 2, 1, 3))
