"""SGD: stochastic gradient descent with momentum."""

from collections.abc import Iterable
from typing import Any

from ..base.errors import ArgumentError
from ..ops.optimizer import Update, sgd_momentum_update, sgd_update
from ..tensor import Parameter
from .fused import FusedOptimizer
from .settings import at_least_zero


class SGD(FusedOptimizer):
    """Stochastic gradient descent: `v = momentum * v + grad; param -= lr * v`.

    `nesterov` looks one step ahead (Sutskever et al., 2013) and needs a momentum.
    `weight_decay` adds that much of the parameter to its gradient.
    """

    def __init__(
        self,
        params: Iterable[Parameter] | dict[str, Any],
        lr: float,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ):
        at_least_zero("SGD", lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and not momentum > 0:
            raise ArgumentError("[SGD] nesterov needs a momentum above 0")
        self.nesterov = nesterov
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    def _operator(self, param_group: dict[str, Any]) -> tuple[Update, dict[str, Any]]:
        if param_group["momentum"] == 0.0:
            return sgd_update, {}
        return sgd_momentum_update, {"nesterov": self.nesterov}

    def _scalars(self, param_group: dict[str, Any]) -> tuple[Any, ...]:
        lr, decay = param_group["lr"], param_group["weight_decay"]
        if param_group["momentum"] == 0.0:
            return lr, decay
        return lr, param_group["momentum"], decay
