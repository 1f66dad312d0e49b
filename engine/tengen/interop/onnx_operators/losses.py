"""ONNX's losses."""

from typing import Any

from ... import functional as F
from ..aten.losses import negative_log_likelihood as from_logs
from .table import operator

_REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}


@operator("NegativeLogLikelihoodLoss")
def negative_log_likelihood(
    x: Any, label: Any, weight: Any = None, *, reduction: str = "mean",
    ignore_index: int | None = None,
) -> Any:  # fmt: skip
    """From log-probabilities with the classes on axis 1."""
    ignored = -(2**31) if ignore_index is None else ignore_index
    return from_logs(x, label, weight, _REDUCTIONS[reduction], ignored)


@operator("SoftmaxCrossEntropyLoss")
def cross_entropy(
    x: Any, label: Any, weight: Any = None, *, reduction: str = "mean",
    ignore_index: int | None = None, outputs: int = 1,
) -> Any:  # fmt: skip
    """From logits with the classes on axis 1; and the log-probabilities."""
    logs = F.logsoftmax(x, 1)
    loss = negative_log_likelihood(
        logs, label, weight, reduction=reduction, ignore_index=ignore_index
    )
    return (loss, logs) if outputs > 1 else loss
