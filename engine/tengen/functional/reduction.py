"""The `reduction` argument of loss functions."""

from ..base.errors import ArgumentError
from ..ops import reduce
from ..tensor import Tensor


def reduced(name: str, loss: Tensor, reduction: str) -> Tensor:
    """The mean or sum of a loss, or itself. Raises ArgumentError for another reduction."""
    if reduction == "none":
        return loss
    if reduction == "mean":
        return reduce.mean(loss)  # type: ignore[no-any-return]
    if reduction == "sum":
        return reduce.sum(loss)  # type: ignore[no-any-return]
    raise ArgumentError(f"[{name}] reduction is mean, sum or none; got {reduction!r}")
