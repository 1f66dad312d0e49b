"""softmax, logsoftmax and logsumexp of functional.nn."""

from collections.abc import Sequence

from ..operands import axis_tuple, floating
from ..ops import softmax as ops
from ..tensor import Tensor

__all__ = ["logsoftmax", "logsumexp", "softmax"]

Axis = int | Sequence[int]


def softmax(inp: Tensor, axis: int | Sequence[int] | None = None) -> Tensor:
    """exp(x) / sum(exp(x)) along `axis`, without overflow.

    Without `axis` it is 0 for tensors of 0, 1 or 3 axes and 1 for others.
    """
    x = floating(inp)
    if axis is None:
        axis = 0 if x.ndim in (0, 1, 3) else 1
        if not x.ndim:
            return ops.softmax(x, axis=())  # type: ignore[no-any-return]
    return ops.softmax(x, axis=axis_tuple("softmax", axis, x.ndim))  # type: ignore[no-any-return]


def logsoftmax(inp: Tensor, axis: Axis) -> Tensor:
    """log(softmax(x)) along `axis`, formed as x - logsumexp(x)."""
    x = floating(inp)
    return ops.log_softmax(x, axis=axis_tuple("logsoftmax", axis, x.ndim))  # type: ignore[no-any-return]


def logsumexp(inp: Tensor, axis: Axis, keepdims: bool = False) -> Tensor:
    """log(sum(exp(x))) over `axis`, without overflow."""
    x = floating(inp)
    axes = axis_tuple("logsumexp", axis, x.ndim)
    return ops.logsumexp(x, axis=axes, keepdims=bool(keepdims))  # type: ignore[no-any-return]
