"""Adam: steps scaled by running moments of the gradient."""

from collections.abc import Iterable
from typing import Any

from ..ops.optimizer import Update, adam_update
from ..tensor import Parameter
from .fused import FusedOptimizer
from .settings import at_least_zero, betas_in_range


class Adam(FusedOptimizer):
    """Adam (Kingma and Ba, 2015); `weight_decay` is added to the gradient.

    `betas`: how much of the running mean and of the running square is kept at each step.
    """

    decoupled = False

    def __init__(
        self,
        params: Iterable[Parameter] | dict[str, Any],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        at_least_zero(type(self).__name__, lr=lr, weight_decay=weight_decay)
        betas_in_range(type(self).__name__, betas)
        super().__init__(
            params, {"lr": lr, "weight_decay": weight_decay, "betas": betas, "eps": eps}
        )

    def _operator(self, param_group: dict[str, Any]) -> tuple[Update, dict[str, Any]]:
        return adam_update, {"decoupled": self.decoupled}

    def _scalars(self, param_group: dict[str, Any]) -> tuple[Any, ...]:
        beta0, beta1 = param_group["betas"]
        return param_group["lr"], beta0, beta1, param_group["eps"], param_group["weight_decay"]
