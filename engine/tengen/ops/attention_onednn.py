"""Attention by oneDNN's products and softmax, some heads at a time, so that the weights stay in
cache and only one small matrix of them exists. float32.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.onednn import matmul as products
from ..kernels.onednn import softmax as onednn
from ..kernels.onednn.errors import Unsupported
from ..kernels.onednn.memory import Desc
from .attention import attention, attention_backward, later
from .convolution_onednn import usable

Types = tuple[TensorType, ...]

CHUNK = 1 << 21
"""Bytes of weights that are formed at a time: about the cache of a core."""


class _Product:
    """Products of strided operands; plans by strides, contiguous copies where there is none."""

    def __init__(self, **options: Any):
        self.options = options
        self.plans: dict[Any, Any] = {}

    def __call__(self, left: Any, right: Any, out: Any, *extra: Any) -> None:
        key = left.strides, right.strides, left.shape, right.shape
        plan = self.plans.get(key)
        if plan is None:
            plan = self.plans[key] = self._plan(left, right)
        if plan is None:
            left, right = np.ascontiguousarray(left), np.ascontiguousarray(right)
            plan = self._plan(left, right)
        plan(left, right, *extra, out)

    def _plan(self, left: Any, right: Any) -> Any:
        dense = left.flags.c_contiguous and right.flags.c_contiguous
        repeats = any(
            n > 1 and not step
            for array in (left, right)
            for n, step in zip(array.shape, array.strides, strict=True)
        )
        if repeats:
            return None
        try:
            plan = products.matmul(Desc.like(left), Desc.like(right), None, **self.options)
        except Unsupported:
            if dense:
                raise
            return None
        return None if plan.implementation.startswith("ref") and not dense else plan


def _chunks(q: TensorType, keys: int) -> Iterator[tuple[int, slice]]:
    """Batch entry and heads of each chunk; all chunks have one number of heads."""
    batch, heads = q.shape[:2]
    step = _heads_at_once(q, keys)
    for entry in range(batch):
        for first in range(0, heads, step):
            yield entry, slice(first, first + step)


def _heads_at_once(q: TensorType, keys: int) -> int:
    heads = q.shape[1]
    fit = max(1, CHUNK // max(4 * q.shape[2] * keys, 1))
    return max(n for n in range(1, heads + 1) if heads % n == 0 and n <= max(fit, 1))


def _turned(array: Any) -> Any:
    return array.swapaxes(-1, -2)


class _Weights:
    """softmax(scale * q k^T + mask) of a chunk, into an array that the caller gives."""

    def __init__(self, q: TensorType, k: TensorType, scale: float, causal: bool):
        step = _heads_at_once(q, k.shape[2])
        self.shape = (step, q.shape[2], k.shape[2])
        self.mask: tuple[Any, ...] = ()
        options: dict[str, Any] = {"activation": ("linear", scale, 0.0)}
        if causal:
            hidden = np.where(later(np, *self.shape[1:]), np.float32(-np.inf), np.float32(0))
            self.mask = (np.ascontiguousarray(np.broadcast_to(hidden, self.shape)),)
            options["residual"] = "add"
        self.product = _Product(**options)
        desc = Desc.plain(self.shape, q.dtype)
        self.softmax = onednn.forward(desc, 2)
        self.softmax_backward = onednn.backward(desc, 2)

    def __call__(self, q: Any, k: Any, out: Any) -> None:
        self.product(q, _turned(k), out, *self.mask)
        self.softmax(out, out)


def _suits(in_types: Types, out_types: Types, scale: float) -> bool:
    return scale > 0 and usable(*in_types, *out_types)


@attention.backend("onednn")
def forward(in_types: Types, out_types: Types, *, scale: float, causal: bool) -> Bound | None:
    """Two products and a softmax for each chunk."""
    q, k, _ = in_types
    if not _suits(in_types, out_types, scale):
        return None
    try:
        weigh = _Weights(q, k, scale, causal)
    except Unsupported:
        return None
    last = _Product()
    chunks = list(_chunks(q, k.shape[2]))
    size = 4 * int(np.prod(weigh.shape))

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        y, work = outs
        weights = work.view(np.float32).reshape(weigh.shape)
        for place in chunks:
            query, key, value = (a[place] for a in ins)
            weigh(query, key, weights)
            last(weights, value, y[place])

    return Bound(run, (None,) * 3, out_types, contiguous=False, workspace=size, name="onednn")


@attention_backward.backend("onednn")
def backward(in_types: Types, out_types: Types, *, scale: float, causal: bool) -> Bound | None:
    """The weights once more, then four products and the softmax's gradient, for each chunk."""
    q, k, _, _ = in_types
    if not _suits(in_types, out_types, scale):
        return None
    try:
        weigh = _Weights(q, k, scale, causal)
    except Unsupported:
        return None
    plain, scaled = _Product(), _Product(activation=("linear", scale, 0.0))
    chunks = list(_chunks(q, k.shape[2]))
    size = 8 * int(np.prod(weigh.shape))

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        *grads, work = outs
        weights, slope = work.view(np.float32).reshape(2, *weigh.shape)
        for place in chunks:
            query, key, value, given = (a[place] for a in ins)
            dq, dk, dv = (a[place] for a in grads)
            weigh(query, key, weights)
            plain(_turned(weights), given, dv)
            plain(given, _turned(value), slope)
            weigh.softmax_backward(weights, slope, slope)
            scaled(slope, key, dq)
            scaled(_turned(slope), query, dk)

    return Bound(run, (None,) * 4, out_types, contiguous=False, workspace=size, name="onednn")
