"""Loss functions. `reduction` is "mean", "sum" or "none" everywhere."""

from ..base.errors import ArgumentError, ShapeError
from ..operands import floating, pair, ready
from ..ops import activation, arithmetic, elementwise, reduce, transcendental
from ..ops import loss as ops
from ..tensor import Tensor
from .ctc import ctc_loss
from .lookup import class_index
from .reduction import reduced

__all__ = [
    "binary_cross_entropy", "cross_entropy", "ctc_loss", "hinge_loss", "l1_loss", "square_loss",
]  # fmt: skip


def _precise(pred: Tensor) -> Tensor:
    """Predictions in the type that autocast wants for losses."""
    return ready(ops.cross_entropy, pred)  # type: ignore[no-any-return]


def l1_loss(pred: Tensor, label: Tensor, reduction: str = "mean") -> Tensor:
    """|pred - label|, elementwise, reduced."""
    x, y = pair("l1_loss", _precise(pred), label)
    return reduced("l1_loss", arithmetic.abs(elementwise.sub(x, y)), reduction)


def square_loss(pred: Tensor, label: Tensor, reduction: str = "mean") -> Tensor:
    """(pred - label) squared, elementwise, reduced."""
    x, y = pair("square_loss", floating(_precise(pred)), label)
    return reduced("square_loss", arithmetic.square(elementwise.sub(x, y)), reduction)


def cross_entropy(
    pred: Tensor, label: Tensor, axis: int = 1, with_logits: bool = True, label_smooth: float = 0,
    reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """The negative log-likelihood of class labels from logits, or probabilities.

    `with_logits` says which of them pred holds. The classes lie along `axis` of pred; label has
    pred's shape without it. label_smooth a moves the share a of each label evenly onto all
    classes. Raises for labels outside the classes.
    """
    x = floating(pred)
    if label.ndim != x.ndim - 1:
        raise ShapeError(
            f"[cross_entropy] label has one axis less than pred; got {label.shape} and {x.shape}"
        )
    index = class_index(label)
    smooth = float(label_smooth or 0)
    if with_logits:
        made = ops.cross_entropy(x, index, axis=int(axis), label_smooth=smooth)
    else:
        place = axis + x.ndim if axis < 0 else axis
        made = elementwise.neg(transcendental.log(ops.pick(x, index, axis=place)))
        if smooth:
            even = elementwise.neg(reduce.mean(transcendental.log(x), axis=(place,)))
            made = elementwise.add(
                elementwise.affine(made, scale=1 - smooth), elementwise.affine(even, scale=smooth)
            )
    return reduced("cross_entropy", made, reduction)


def binary_cross_entropy(
    pred: Tensor, label: Tensor, with_logits: bool = True, reduction: str = "mean"
) -> Tensor:
    """-(label * log p + (1 - label) * log(1 - p)) with p = sigmoid(pred), or pred itself.

    From logits it is formed as softplus(pred) - label * pred, which never overflows.
    """
    x, y = pair("binary_cross_entropy", floating(_precise(pred)), label)
    if with_logits:
        made = elementwise.sub(activation.softplus(x), elementwise.mul(x, y))
    else:
        complement = elementwise.affine(x, scale=-1.0, shift=1.0)
        rest = elementwise.affine(y, scale=-1.0, shift=1.0)
        made = elementwise.neg(
            elementwise.add(
                elementwise.mul(y, transcendental.log(x)),
                elementwise.mul(rest, transcendental.log(complement)),
            )
        )
    return reduced("binary_cross_entropy", made, reduction)


def hinge_loss(pred: Tensor, label: Tensor, norm: str = "L1", reduction: str = "mean") -> Tensor:
    """The sum along axis 1 of max(0, 1 - pred * label), or of its square (norm "L2"), reduced.

    pred and label (1 or -1) are (N, C).
    """
    if norm.upper() not in ("L1", "L2"):
        raise ArgumentError(f"[hinge_loss] norm is L1 or L2; got {norm!r}")
    x, y = pair("hinge_loss", floating(_precise(pred)), label)
    margin = elementwise.affine(elementwise.mul(x, y), scale=-1.0, shift=1.0)
    made = activation.relu(margin)
    if norm.upper() == "L2":
        made = arithmetic.square(made)
    return reduced("hinge_loss", reduce.sum(made, axis=(1,)), reduction)
