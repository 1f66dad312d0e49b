"""Dropout of functional.nn."""

from ..base.errors import ArgumentError
from ..operands import floating
from ..random.generator import dropout as drawn_dropout
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
    return drawn_dropout(floating(inp), float(drop_prob))
