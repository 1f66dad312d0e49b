"""The connectionist temporal classification loss (Graves et al., 2006)."""

import numpy as np

from ..base.errors import ArgumentError, ShapeError
from ..operands import as_tensor, floating
from ..ops import arithmetic, elementwise, padding, transcendental
from ..ops.selection import where
from ..tensor import Tensor
from .indexing import getitem
from .reduction import reduced

__all__ = ["ctc_loss"]

_NEVER = -1e30
"""The logarithm of a probability of nothing; minus infinity would make gradients NaN."""


def _padded_labels(label: np.ndarray, lengths: np.ndarray, blank: int) -> np.ndarray:
    """Labels (N, S) from the concatenated form, filled with blanks."""
    made = np.full((lengths.size, int(lengths.max())), blank, "int64")
    start = 0
    for row, length in enumerate(lengths):
        made[row, :length] = label[start : start + length]
        start += length
    return made


def _check(
    pred: Tensor, steps: np.ndarray, label: np.ndarray, lengths: np.ndarray, blank: int
) -> None:
    """Raise unless lengths and labels fit each other and pred (T, N, C)."""
    if pred.ndim != 3:
        raise ShapeError(f"[ctc_loss] pred must be (T, N, C); got shape {pred.shape}")
    time, batch, classes = pred.shape
    if steps.size != batch or lengths.size != batch:
        raise ShapeError(
            f"[ctc_loss] lengths must hold {batch} numbers each; got {steps.size} and"
            f" {lengths.size}"
        )
    if not 0 <= blank < classes:
        raise ArgumentError(f"[ctc_loss] blank must be in [0, {classes}); got {blank}")
    if steps.min() < 1 or steps.max() > time:
        raise ArgumentError(f"[ctc_loss] pred_lengths must be in [1, {time}]; got {steps}")
    room = label.shape[1] if label.ndim == 2 else lengths.max()
    if lengths.min() < 1 or lengths.max() > room:
        raise ArgumentError(f"[ctc_loss] label_lengths must be in [1, {room}]; got {lengths}")
    if label.ndim == 1 and label.size != lengths.sum():
        raise ShapeError(
            f"[ctc_loss] {lengths.sum()} concatenated labels are expected; got {label.size}"
        )
    if (label.ndim == 2 and label.shape[0] != batch) or label.ndim not in (1, 2):
        raise ShapeError(f"[ctc_loss] label must be ({batch}, S) or 1-d; got shape {label.shape}")
    if label.size and not (label.min() >= 0 and label.max() < classes):
        raise ArgumentError(f"[ctc_loss] labels must be in [0, {classes}); got {label}")


def ctc_loss(
    pred: Tensor, pred_lengths: Tensor, label: Tensor, label_lengths: Tensor, blank: int = 0,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """-log of the probability of each label sequence, over all its alignments with pred.

    pred (T, N, C): probabilities; pred_lengths and label_lengths (N,); label (N, S), or all
    sequences one after the other. "mean" divides each loss by its label's length first.
    """
    x = floating(pred)
    steps, given, lengths = (
        as_tensor(v).numpy().astype("int64") for v in (pred_lengths, label, label_lengths)
    )
    steps, lengths = steps.reshape(-1), lengths.reshape(-1)
    _check(x, steps, given, lengths, blank)
    if given.ndim == 1:
        given = _padded_labels(given, lengths, blank)
    time, batch, _ = x.shape
    states = np.full((batch, 2 * given.shape[1] + 1), blank, "int64")
    states[:, 1::2] = given
    count = states.shape[1]
    skips = np.zeros(states.shape, bool)
    skips[:, 2:] = states[:, 2:] != states[:, :-2]
    may_skip = Tensor(skips)
    rows = np.arange(batch)
    smallest = float(np.finfo("float32").tiny)
    logs = transcendental.log(arithmetic.clip(x, low=smallest, high=None))
    emitted = getitem(logs, (slice(None), rows[:, None], states))  # (T, N, states)
    never = elementwise.affine(getitem(emitted, 0).detach(), scale=0.0, shift=_NEVER)
    first = Tensor(np.broadcast_to(np.arange(count) < 2, states.shape))
    alpha = where(getitem(emitted, 0), never, first)
    for step in range(1, time):
        one, two = (_shifted(alpha, by) for by in (1, 2))
        reach = transcendental.logaddexp(alpha, one)
        reach = transcendental.logaddexp(reach, where(two, never, may_skip))
        moved = elementwise.add(reach, getitem(emitted, step))
        running = steps > step
        if running.all():
            alpha = moved
        else:
            alpha = where(moved, alpha, Tensor(np.broadcast_to(running[:, None], states.shape)))
    ends = [getitem(alpha, (rows, 2 * lengths - back)) for back in (0, 1)]
    loss = elementwise.neg(transcendental.logaddexp(*ends))
    if reduction == "mean":
        loss = elementwise.div(loss, Tensor(lengths.astype(x.dtype), dtype=x.dtype))
    return reduced("ctc_loss", loss, reduction)


def _shifted(alpha: Tensor, by: int) -> Tensor:
    """States moved up by `by`, nothing coming in from below."""
    wide = padding.pad(alpha, widths=((0, 0), (by, 0)), mode="constant", value=_NEVER)
    return getitem(wide, (slice(None), slice(0, alpha.shape[1])))
