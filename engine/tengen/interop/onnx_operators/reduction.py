"""ONNX's reductions, softmax and running sums."""

from typing import Any

import numpy as np

from ... import functional as F
from ...base import dtype as dt
from ...ops import shape as shape_ops
from .table import as_array, as_tensor, numbers, operator


def _axes(x: Any, places: Any, axes: Any, noop: int) -> tuple[int, ...] | None:
    """The axes to reduce, from an input or an attribute; None for none at all."""
    chosen = axes if places is None else numbers(places)
    if not chosen:
        return None if noop else tuple(range(x.ndim))
    return tuple(a % x.ndim for a in chosen)


def _reduction(name: str, function: Any, alone: Any = None) -> None:
    """`alone` is what happens to the elements where no axis is reduced."""

    @operator(f"Reduce{name}", host=(1,))
    def reduce(
        x: Any, places: Any = None, *, axes: Any = None, keepdims: int = 1,
        noop_with_empty_axes: int = 0,
    ) -> Any:  # fmt: skip
        chosen = _axes(x, places, axes, noop_with_empty_axes)
        if chosen is None:
            return x if alone is None else alone(x)
        return function(x, chosen, bool(keepdims))


def _square(x: Any) -> Any:
    return F.mul(x, x)


def _whole(function: Any) -> Any:
    """A function of floats for integers too, in float64."""

    def apply(x: Any, *args: Any) -> Any:
        if dt.is_float(x.dtype):
            return function(x, *args)
        return function(x.astype(dt.float64), *args).astype(x.dtype)

    return apply


def _empty(function: Any, value: float) -> Any:
    """The largest or smallest of nothing is the type's last number."""

    def apply(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
        if all(x.shape[a] for a in axes):
            if x.dtype == dt.bool_:
                return function(x.astype(dt.int32), axes, keepdims).astype(dt.bool_)
            return function(x, axes, keepdims)
        kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
        if not keepdims:
            kept = tuple(n for i, n in enumerate(x.shape) if i not in axes)
        limit: Any = value
        if x.dtype == dt.bool_:
            limit = value > 0
        elif not dt.is_float(x.dtype):
            info = np.iinfo(x.dtype)
            limit = info.max if value > 0 else info.min
        return F.full(kept, limit, dtype=x.dtype)

    return apply


_reduction("Sum", F.sum)
_reduction("Mean", _whole(F.mean))
_reduction("Prod", F.prod)
_reduction("Max", _empty(F.max, -np.inf))
_reduction("Min", _empty(F.min, np.inf))
_reduction("L1", lambda x, *how: F.sum(F.abs(x), *how), F.abs)
_reduction("L2", _whole(lambda x, *how: F.sqrt(F.sum(_square(x), *how))), F.abs)
_reduction("SumSquare", lambda x, *how: F.sum(_square(x), *how), _square)
_reduction("LogSum", _whole(lambda x, *how: F.log(F.sum(x, *how))), F.log)


def _log_sum_exp(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if not all(x.shape[a] for a in axes):
        return F.log(F.sum(F.exp(x), axes, keepdims))
    return F.logsumexp(x, axes, keepdims)


_reduction("LogSumExp", _whole(_log_sum_exp), lambda x: x)


def _arg(name: str, function: Any) -> None:
    @operator(name)
    def arg(x: Any, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Any:
        axis %= x.ndim
        if not select_last_index:
            return function(x, axis, bool(keepdims)).astype(dt.int64)
        back = x[tuple(slice(None, None, -1) if i == axis else slice(None) for i in range(x.ndim))]
        found = function(back, axis, bool(keepdims)).astype(dt.int64)
        return F.sub(x.shape[axis] - 1, found).astype(dt.int64)


_arg("ArgMax", F.argmax)
_arg("ArgMin", F.argmin)


def _flat(function: Any, x: Any, axis: int | None, opset: int) -> Any:
    """Along one axis; before opset 13 along all axes from it on."""
    if opset >= 13:
        return function(x, (-1 if axis is None else axis) % max(x.ndim, 1))
    place = (1 if axis is None else axis) % x.ndim
    rows = int(np.prod(x.shape[:place], dtype=np.int64))
    made = function(shape_ops.reshape(x, shape=(rows, -1)), 1)
    return shape_ops.reshape(made, shape=x.shape)


@operator("Softmax")
def softmax(x: Any, *, axis: int | None = None, opset: int) -> Any:
    """Softmax along an axis."""
    return _flat(F.softmax, x, axis, opset)


@operator("LogSoftmax")
def log_softmax(x: Any, *, axis: int | None = None, opset: int) -> Any:
    """The logarithm of softmax."""
    return _flat(F.logsoftmax, x, axis, opset)


def _first_largest(x: Any, axis: int) -> Any:
    place = F.argmax(x, axis, keepdims=True)
    count = F.reshape(
        F.arange(x.shape[axis], dtype="int32"),
        tuple(-1 if i == axis else 1 for i in range(x.ndim)),
    )
    return F.equal(count, place).astype(x.dtype)


@operator("Hardmax")
def hardmax(x: Any, *, axis: int | None = None, opset: int) -> Any:
    """1 at the first largest element along an axis, 0 elsewhere."""
    return _flat(_first_largest, x, axis, opset)


def _running(x: Any, axis: Any, exclusive: int, reverse: int, run: Any, first: float) -> Any:
    place = int(np.asarray(axis).reshape(-1)[0]) % x.ndim
    turn = tuple(slice(None, None, -1) if i == place else slice(None) for i in range(x.ndim))
    x = x[turn] if reverse else x
    if exclusive:
        start = F.full((*x.shape[:place], 1, *x.shape[place + 1 :]), first, dtype=x.dtype)
        x = F.concat([start, x[(*[slice(None)] * place, slice(0, -1))]], place)
    made = run(x, place)
    return made[turn] if reverse else made


@operator("CumSum", host=(1,))
def cumsum(x: Any, axis: Any, *, exclusive: int = 0, reverse: int = 0) -> Any:
    """The running sum."""
    return _running(x, axis, exclusive, reverse, F.cumsum, 0)


def _running_product(x: Any, axis: int) -> Any:
    return as_tensor(np.cumprod(as_array(x), axis, dtype=x.dtype))


@operator("CumProd", host=(1,))
def cumprod(x: Any, axis: Any, *, exclusive: int = 0, reverse: int = 0) -> Any:
    """The running product."""
    return _running(x, axis, exclusive, reverse, _running_product, 1)


@operator("LpNormalization")
def lp_normalization(x: Any, *, axis: int = -1, p: int = 2) -> Any:
    """x over its norm along an axis; 0 where the norm is 0."""
    length = F.norm(x, p, axis, keepdims=True)
    safe = F.where(F.equal(length, 0), F.ones_like(length), length)
    return F.div(x, safe)
