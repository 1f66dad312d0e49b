"""Adagrad: steps scaled by the sum of all squared gradients."""

from collections.abc import Iterable
from typing import Any

from ..ops.optimizer import Update, adagrad_update
from ..tensor import Parameter
from .fused import FusedOptimizer
from .settings import at_least_zero


class Adagrad(FusedOptimizer):
    """Adagrad (Duchi et al., 2011); the rate is `lr / (1 + (step - 1) * lr_decay)`."""

    def __init__(
        self,
        params: Iterable[Parameter] | dict[str, Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
    ):
        at_least_zero("Adagrad", lr=lr, lr_decay=lr_decay, eps=eps, weight_decay=weight_decay)
        super().__init__(
            params, {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay}
        )

    def _operator(self, param_group: dict[str, Any]) -> tuple[Update, dict[str, Any]]:
        return adagrad_update, {}

    def _scalars(self, param_group: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(param_group[key] for key in ("lr", "lr_decay", "eps", "weight_decay"))
