"""ATen operators that reduce axes, sort, or run along one."""

from typing import Any

from ... import functional as F
from ...base import dtype as dt
from ...ops import shape as shape_ops
from ...ops.selection import nonzero as nonzero_op
from ...tensor import Tensor
from .arrangement import axes_of, axis_of
from .promotion import real, summed
from .table import aten


def _cast(x: Any, dtype: Any) -> Any:
    return x if dtype is None else x.astype(dtype)


@aten("sum")
def total(x: Any, axes: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    """The sum over axes (all)."""
    return F.sum(summed(_cast(x, dtype)), axes_of(axes, x.ndim), keepdim)


@aten("mean")
def mean(x: Any, axes: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    """The mean over axes (all)."""
    found = axes_of(axes, x.ndim)
    x = real(_cast(x, dtype))
    if x.ndim == 4 and sorted(found) == [2, 3] and x.size:
        # Global average pooling is written so; pooling keeps the layout that convolutions use.
        pooled = F.avg_pool2d(x, x.shape[2:])
        return pooled if keepdim else shape_ops.reshape(pooled, shape=x.shape[:2])
    return F.mean(x, found, keepdim)


@aten("prod.default")
def product(x: Any, dtype: Any = None) -> Any:
    """The product of all elements."""
    return F.prod(summed(_cast(x, dtype)))


@aten("prod.dim_int")
def product_along(x: Any, axis: int, keepdim: bool = False, dtype: Any = None) -> Any:
    """The product along an axis."""
    return F.prod(summed(_cast(x, dtype)), axis, keepdim)


@aten("var")
def variance(
    x: Any, axes: Any = None, unbiased: Any = True, keepdim: bool = False, *,
    correction: Any = None, dim: Any = None,
) -> Any:  # fmt: skip
    """The variance over axes; `correction` is taken from the count."""
    if isinstance(axes, bool):
        axes, unbiased = None, axes
    chosen = axes_of(dim if axes is None else axes, x.ndim)
    count = 1
    for axis in chosen:
        count *= x.shape[axis]
    less = (1 if unbiased else 0) if correction is None else correction
    made = F.var(x, chosen, keepdim)
    return made if not less else F.mul(made, count / max(count - less, 0)) if count > less else (
        F.mul(made, float("nan"))
    )  # fmt: skip


@aten("std")
def deviation(*args: Any, **kwargs: Any) -> Any:
    """The root of the variance."""
    return F.sqrt(variance(*args, **kwargs))


@aten("var_mean")
def variance_and_mean(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Both."""
    keepdim = kwargs.get("keepdim", args[2] if len(args) > 2 else False)
    axes = args[0] if args and not isinstance(args[0], bool) else kwargs.get("dim")
    return variance(x, *args, **kwargs), mean(x, axes, keepdim)


def _all_or_any(name: str, reduce: Any) -> None:
    @aten(name)
    def apply(x: Any, axes: Any = None, keepdim: bool = False) -> Any:
        truth = F.not_equal(x, 0).astype(dt.int32)
        return F.not_equal(reduce(truth, axes_of(axes, x.ndim), keepdim), 0)


_all_or_any("any", F.max)
_all_or_any("all", F.min)


@aten("amax")
def amax(x: Any, axes: Any = (), keepdim: bool = False) -> Any:
    """The largest element over axes; equal ones share the gradient."""
    return _evenly(F.max, x, axes_of(axes, x.ndim), keepdim)


@aten("amin")
def amin(x: Any, axes: Any = (), keepdim: bool = False) -> Any:
    """The smallest element over axes; equal ones share the gradient."""
    return _evenly(F.min, x, axes_of(axes, x.ndim), keepdim)


def _evenly(reduce: Any, x: Any, axes: tuple[int, ...], keepdim: bool) -> Any:
    if not x.requires_grad:
        return reduce(x, axes, keepdim)
    best = reduce(x.detach(), axes, True)
    equal = F.equal(x.detach(), best).astype(x.dtype)
    made = F.sum(F.mul(F.where(F.not_equal(equal, 0), x, F.zeros_like(x)),
                       F.div(equal, F.sum(equal, axes, True))), axes, True)  # fmt: skip
    if keepdim:
        return made
    return shape_ops.reshape(made, shape=tuple(n for i, n in enumerate(x.shape) if i not in axes))


@aten("max.default")
def largest(x: Any) -> Any:
    """The largest element of all."""
    return amax(x)


@aten("min.default")
def smallest(x: Any) -> Any:
    """The smallest element of all."""
    return amin(x)


def _extreme(name: str, arg: Any) -> None:
    @aten(name)
    def apply(x: Any, axis: int, keepdim: bool = False) -> Any:
        if not x.ndim:
            return x, F.zeros((), dtype="int64")
        place = arg(x, axis, keepdims=True).astype(dt.int64)
        value = F.gather(x, axis, place)
        if keepdim:
            return value, place
        return F.squeeze(value, axis), F.squeeze(place, axis)


_extreme("max.dim", F.argmax)
_extreme("min.dim", F.argmin)


@aten("argmax")
def argmax(x: Any, axis: int | None = None, keepdim: bool = False) -> Any:
    """The place of the largest element."""
    return F.argmax(x, axis, keepdim).astype(dt.int64)


@aten("argmin")
def argmin(x: Any, axis: int | None = None, keepdim: bool = False) -> Any:
    """The place of the smallest element."""
    return F.argmin(x, axis, keepdim).astype(dt.int64)


@aten("logsumexp")
def logsumexp(x: Any, axes: Any, keepdim: bool = False) -> Any:
    """The logarithm of the sum of exponentials."""
    return F.logsumexp(real(x), axes_of(axes, x.ndim), keepdim)


@aten("linalg_vector_norm")
def vector_norm(
    x: Any, order: float = 2, axes: Any = None, keepdim: bool = False, dtype: Any = None
) -> Any:
    """The length of vectors."""
    if axes is None:
        flat = F.norm(shape_ops.reshape(_cast(x, dtype), shape=(-1,)), order, 0)
        return shape_ops.reshape(flat, shape=(1,) * x.ndim) if keepdim else flat
    return F.norm(_cast(x, dtype), order, axes_of(axes, x.ndim), keepdim)


@aten("norm.Scalar", "norm.ScalarOpt_dim", "norm.ScalarOpt_dim_dtype")
def norm(x: Any, order: Any = 2, axes: Any = None, keepdim: bool = False, **kwargs: Any) -> Any:
    """The length of vectors."""
    return vector_norm(x, 2 if order is None else order, axes, keepdim, kwargs.get("dtype"))


@aten("cumsum")
def cumsum(x: Any, axis: int, dtype: Any = None) -> Any:
    """The running sum."""
    return F.cumsum(summed(_cast(x, dtype)), axis)


def _last(x: Any, axis: int) -> tuple[Any, Any]:
    """x with an axis moved to the end, and what moves it back."""
    axis = axis_of(axis, x.ndim)
    if axis == x.ndim - 1:
        return x, lambda y: y
    return F.swapaxes(x, axis, -1), lambda y: F.swapaxes(y, axis, -1)


@aten("sort")
def sort(x: Any, *args: Any, stable: Any = None, dim: int = -1, descending: bool = False) -> Any:
    """Sorted along an axis, and the places."""
    if args and isinstance(args[0], bool):
        args = args[1:]
    axis = args[0] if args else dim
    downwards = args[1] if len(args) > 1 else descending
    turned, back = _last(x, axis)
    value, place = F.sort(turned, bool(downwards))
    return back(value), back(place.astype(dt.int64))


@aten("argsort")
def argsort(x: Any, *args: Any, **kwargs: Any) -> Any:
    """The places that sort an axis."""
    return sort(x, *args, **kwargs)[1]


@aten("topk")
def topk(x: Any, k: int, axis: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest (or smallest), and their places."""
    turned, back = _last(x, axis)
    value, place = F.topk(turned, k, descending=largest)
    return back(value), back(place.astype(dt.int64))


@aten("nonzero")
def nonzero(x: Any) -> Any:
    """The places of what is not zero, one row each."""
    places = nonzero_op(x)
    return F.stack([p.astype(dt.int64) for p in places], 1) if places else Tensor(
        [[]], dtype=dt.int64
    )  # fmt: skip
