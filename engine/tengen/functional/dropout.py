"""Dropout of functional.nn."""

from ..base.errors import ArgumentError
from ..operands import floating
from ..ops.elementwise import affine, mul
from ..tensor import Tensor

__all__ = ["dropout"]


def dropout(inp: Tensor, drop_prob: float, training: bool = True) -> Tensor:
    """inp with each element zeroed with probability `drop_prob`, the others over 1 - drop_prob.

    Outside training inp itself (Srivastava et al., "Dropout", 2014).
    """
    if not 0 <= drop_prob < 1:
        raise ArgumentError(f"[dropout] drop_prob is in [0, 1); got {drop_prob}")
    if not training or drop_prob == 0:
        return inp
    from ..random import bernoulli

    x = floating(inp)
    kept = bernoulli(1 - drop_prob, x.shape, x.dtype, x.device)
    return mul(x, affine(kept, scale=1 / (1 - drop_prob)))  # type: ignore[no-any-return]
