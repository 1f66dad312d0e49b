"""Adadelta: steps in the units of the parameter, without a rate to choose."""

from collections.abc import Iterable
from typing import Any

from ..base.errors import ArgumentError
from ..ops.optimizer import Update, adadelta_update
from ..tensor import Parameter
from .fused import FusedOptimizer
from .settings import at_least_zero


class Adadelta(FusedOptimizer):
    """Adadelta (Zeiler, 2012); `rho` is how much of the running squares is kept at each step."""

    def __init__(
        self,
        params: Iterable[Parameter] | dict[str, Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
    ):
        at_least_zero("Adadelta", lr=lr, eps=eps, weight_decay=weight_decay)
        if not 0 <= rho <= 1:
            raise ArgumentError(f"[Adadelta] rho is a number in [0, 1]; got {rho}")
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay})

    def _operator(self, param_group: dict[str, Any]) -> tuple[Update, dict[str, Any]]:
        return adadelta_update, {}

    def _scalars(self, param_group: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(param_group[key] for key in ("lr", "rho", "eps", "weight_decay"))
