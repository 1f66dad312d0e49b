"""ATen's losses. `reduction`: 0 none, 1 mean, 2 sum."""

from typing import Any

from ... import functional as F
from ...base import dtype as dt
from .promotion import pair
from .table import aten


def reduced(value: Any, reduction: int) -> Any:
    """The value, its mean, or its sum."""
    return value if reduction == 0 else F.mean(value) if reduction == 1 else F.sum(value)


def negative_log_likelihood(
    logs: Any, label: Any, weight: Any, reduction: int, ignored: int, smooth: float = 0.0
) -> Any:
    """From log-probabilities with the classes on axis 1 (0 for a vector)."""
    axis = 1 if logs.ndim > 1 else 0
    counts = F.not_equal(label, ignored)
    safe = F.where(counts, label, F.zeros_like(label))
    picked = F.squeeze(F.gather(logs, axis, F.expand_dims(safe, axis)), axis)
    kept = counts.astype(logs.dtype)
    share = kept
    if weight is not None:
        share = F.mul(F.reshape(weight[F.flatten(safe)], safe.shape), kept)
    loss = F.neg(F.mul(picked, share))
    total = F.sum(share)
    if not smooth:
        return loss if reduction == 0 else _over(F.sum(loss), total, reduction)
    spread = logs
    if weight is not None:
        spread = F.mul(logs, F.reshape(weight, (1, -1, *[1] * (logs.ndim - 2))))
    even = F.neg(F.mul(F.sum(spread, axis), kept))
    part = smooth / logs.shape[axis]
    mixed = F.add(F.mul(loss, 1 - smooth), F.mul(even, part))
    return mixed if reduction == 0 else _over(F.sum(mixed), total, reduction)


def _over(value: Any, total: Any, reduction: int) -> Any:
    return F.div(value, total) if reduction == 1 else value


@aten("cross_entropy_loss")
def cross_entropy(
    x: Any, target: Any, weight: Any = None, reduction: int = 1, ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """From logits, with class numbers or probabilities as targets."""
    axis = 1 if x.ndim > 1 else 0
    logs = F.logsoftmax(x, axis)
    if dt.is_integer(target.dtype):
        return negative_log_likelihood(
            logs, target, weight, reduction, ignore_index, label_smoothing
        )
    if label_smoothing:
        classes = x.shape[axis]
        target = F.add(F.mul(target, 1 - label_smoothing), label_smoothing / classes)
    if weight is not None:
        logs = F.mul(logs, F.reshape(weight, (-1, *[1] * (x.ndim - 1 - axis))))
    loss = F.neg(F.sum(F.mul(logs, target), axis))
    if reduction == 1:
        return F.div(F.sum(loss), max(x.size // x.shape[axis], 1))
    return reduced(loss, reduction)


@aten("nll_loss", "nll_loss_nd", "nll_loss2d")
def nll_loss(
    logs: Any, target: Any, weight: Any = None, reduction: int = 1, ignore_index: int = -100
) -> Any:
    """From log-probabilities."""
    return negative_log_likelihood(logs, target, weight, reduction, ignore_index)


@aten("nll_loss_forward", "nll_loss2d_forward")
def nll_loss_forward(logs: Any, target: Any, weight: Any, reduction: int, ignore_index: int) -> Any:
    """From log-probabilities, with a weight that nobody reads."""
    return negative_log_likelihood(logs, target, weight, reduction, ignore_index), None


@aten("mse_loss")
def mse_loss(x: Any, y: Any, reduction: int = 1) -> Any:
    """The squared difference."""
    return reduced(F.square(F.sub(*pair(x, y))), reduction)


@aten("l1_loss")
def l1_loss(x: Any, y: Any, reduction: int = 1) -> Any:
    """The absolute difference."""
    return reduced(F.abs(F.sub(*pair(x, y))), reduction)


@aten("smooth_l1_loss")
def smooth_l1_loss(x: Any, y: Any, reduction: int = 1, beta: float = 1.0) -> Any:
    """Squared below beta, absolute above."""
    gap = F.abs(F.sub(*pair(x, y)))
    if not beta:
        return reduced(gap, reduction)
    inner = F.mul(F.square(gap), 0.5 / beta)
    return reduced(F.where(F.less(gap, beta), inner, F.sub(gap, 0.5 * beta)), reduction)


@aten("huber_loss")
def huber_loss(x: Any, y: Any, reduction: int = 1, delta: float = 1.0) -> Any:
    """Squared below delta, delta times absolute above."""
    return F.mul(smooth_l1_loss(x, y, reduction, delta), delta)


@aten("binary_cross_entropy")
def binary_cross_entropy(x: Any, y: Any, weight: Any = None, reduction: int = 1) -> Any:
    """From probabilities; logarithms go no lower than -100."""
    logs = F.clip(F.log(x), lower=-100.0)
    rest = F.clip(F.log(F.sub(1.0, x)), lower=-100.0)
    loss = F.neg(F.add(F.mul(y, logs), F.mul(F.sub(1.0, y), rest)))
    return reduced(loss if weight is None else F.mul(loss, weight), reduction)


@aten("binary_cross_entropy_with_logits")
def binary_cross_entropy_with_logits(
    x: Any, y: Any, weight: Any = None, pos_weight: Any = None, reduction: int = 1
) -> Any:
    """From logits."""
    if pos_weight is None:
        loss = F.sub(F.softplus(x), F.mul(x, y))
    else:
        share = F.add(F.mul(F.sub(pos_weight, 1.0), y), 1.0)
        loss = F.add(F.mul(F.sub(1.0, y), x), F.mul(share, F.softplus(F.neg(x))))
    return reduced(loss if weight is None else F.mul(loss, weight), reduction)


@aten("kl_div")
def kl_div(x: Any, y: Any, reduction: int = 1, log_target: bool = False) -> Any:
    """The divergence of log-probabilities x from y."""
    if log_target:
        return reduced(F.mul(F.exp(y), F.sub(y, x)), reduction)
    safe = F.where(F.greater(y, 0), y, F.ones_like(y))
    return reduced(F.mul(y, F.sub(F.log(safe), x)), reduction)


@aten("cosine_similarity")
def cosine_similarity(x: Any, y: Any, axis: int = 1, eps: float = 1e-8) -> Any:
    """The cosine of the angle between vectors."""
    product = F.sum(F.mul(x, y), axis)
    lengths = [F.clip(F.norm(v, 2, axis), lower=eps) for v in (x, y)]
    return F.div(product, F.mul(*lengths))
