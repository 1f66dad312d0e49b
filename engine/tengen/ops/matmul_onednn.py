"""oneDNN's matrix product: float32 and bfloat16, any strides of the operands, the bias in
the same pass.

Small products stay with NumPy, whose call costs less.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.onednn import matmul as onednn
from ..kernels.onednn.errors import Unsupported
from ..kernels.onednn.memory import Desc
from .convolution_onednn import multipliable
from .matmul import matmul

Types = tuple[TensorType, ...]

SMALLEST = 1 << 16
"""Multiplications below which NumPy is faster."""

MOST_AXES = 6


@matmul.backend("onednn")
def build(
    in_types: Types, out_types: Types, *, transpose_a: bool, transpose_b: bool
) -> Bound | None:
    """The product, with a bias if there is one."""
    turned = (transpose_a, transpose_b)
    return product(in_types, out_types, turned, {"bias": len(in_types) > 2}, "onednn matmul")


def product(
    in_types: Types, out_types: Types, turned: tuple[bool, bool], options: dict[str, Any], name: str
) -> Bound | None:
    """A call that finds its plan by the strides of the first two operands.

    `options` are oneDNN's for what is done to the product; the arrays they need follow the two.
    """
    a, b = in_types[:2]
    (y,) = out_types
    inner = a.shape[-2 if turned[0] else -1]
    if y.size * inner < SMALLEST or y.ndim > MOST_AXES or not multipliable(*in_types, y):
        return None
    plans: dict[Any, Any] = {}
    ndim = y.ndim

    def arranged(array: Any, turn: bool) -> Any:
        if array.ndim < ndim:
            array = array.reshape((1,) * (ndim - array.ndim) + array.shape)
        return array.swapaxes(-1, -2) if turn else array

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        left, right = arranged(ins[0], turned[0]), arranged(ins[1], turned[1])
        key = left.strides, right.strides
        plan = plans.get(key)
        if plan is None:
            plan = plans[key] = _plan(left, right, options)
        if plan is _COPY:
            left, right = np.ascontiguousarray(left), np.ascontiguousarray(right)
            plan = _plan(left, right, options)
        plan(left, right, *[np.ascontiguousarray(x) for x in ins[2:] if x is not None], outs[0])

    def prepare(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> Callable[[], None]:
        left, right = arranged(ins[0], turned[0]), arranged(ins[1], turned[1])
        rest = [x for x in ins[2:] if x is not None]
        plan = _plan(left, right, options)
        if plan is _COPY or not all(x.flags.c_contiguous for x in rest):
            return partial(run, outs, ins)
        return plan.bind(left, right, *rest, outs[0])  # type: ignore[no-any-return]

    try:
        onednn.matmul(_plain(a, ndim, turned[0]), _plain(b, ndim, turned[1]), None, **options)
    except Unsupported:
        return None
    layouts = (None,) * len(in_types)
    return Bound(run, layouts, out_types, contiguous=False, name=name, prepare=prepare)


_COPY = object()


def _plain(t: TensorType, ndim: int, turned: bool) -> Desc:
    desc = Desc.plain((1,) * (ndim - t.ndim) + t.shape, t.dtype)
    return desc.swapped(ndim - 1, ndim - 2) if turned else desc


def _plan(left: Any, right: Any, options: dict[str, Any]) -> Any:
    """The plan for operands as they lie, or _COPY where only contiguous ones are fast."""
    if _repeats(left) or _repeats(right):
        return _COPY
    try:
        plan = onednn.matmul(Desc.like(left), Desc.like(right), None, **options)
    except Unsupported:
        return _COPY
    slow = plan.implementation.startswith("ref")
    return _COPY if slow and not _dense(left, right) else plan


def _repeats(array: Any) -> bool:
    """True for memory that stands for several elements, as broadcasting makes it."""
    return any(n > 1 and not step for n, step in zip(array.shape, array.strides, strict=True))


def _dense(*arrays: Any) -> bool:
    return all(a.flags.c_contiguous or a.swapaxes(-1, -2).flags.c_contiguous for a in arrays)
