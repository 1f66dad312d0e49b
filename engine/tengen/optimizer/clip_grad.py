"""Limiting gradients before a step, by their common length or value by value."""

from collections.abc import Iterable

from .. import functional as F
from ..tensor import Tensor


def clip_grad_norm(tensors: Tensor | Iterable[Tensor], max_norm: float, ord: float = 2.0) -> Tensor:
    """Scale the gradients of `tensors` so that together they are no longer than `max_norm`.

    The length is the `ord`-norm of all gradients as one vector; gives the length before, a 0-d
    tensor (0 if no tensor has a gradient).
    """
    held = _gradients(tensors)
    if not held:
        return Tensor(0.0)
    lengths = [F.norm(F.flatten(grad), ord=ord) for grad in held]
    total = lengths[0] if len(lengths) == 1 else F.norm(F.stack(lengths), ord=ord)
    scale = F.minimum(max_norm / (total + 1e-6), 1.0)
    for grad in held:
        grad._reset(F.mul(grad, scale.astype(grad.dtype)))
    return total


def clip_grad_value(tensors: Tensor | Iterable[Tensor], lower: float, upper: float) -> None:
    """Bring every element of the gradients of `tensors` into [lower, upper]."""
    for grad in _gradients(tensors):
        grad._reset(F.clip(grad, lower, upper))


def _gradients(tensors: Tensor | Iterable[Tensor]) -> list[Tensor]:
    items = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    return [t.grad for t in items if t.grad is not None]
