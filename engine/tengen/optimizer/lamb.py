"""LAMB: Adam's direction with a step as long as the parameter; for very large batches."""

from collections.abc import Iterable
from typing import Any

from ..base import dtype as dt
from ..ops.optimizer import Update, lamb_update
from ..tensor import Parameter, Tensor
from .fused import FusedOptimizer
from .settings import at_least_zero, betas_in_range
from .update import apply_update


class LAMB(FusedOptimizer):
    """LAMB (You et al., 2020).

    `bias_correction` takes the bias of the young averages out. The step is scaled by the
    parameter's length where there is weight decay, or everywhere with `always_adapt`.
    """

    def __init__(
        self,
        params: Iterable[Parameter] | dict[str, Any],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        bias_correction: bool = True,
        weight_decay: float = 0.0,
        always_adapt: bool = False,
    ):
        at_least_zero(type(self).__name__, lr=lr, weight_decay=weight_decay)
        betas_in_range(type(self).__name__, betas)
        self.bias_correction = bias_correction
        self.always_adapt = always_adapt
        super().__init__(
            params, {"lr": lr, "weight_decay": weight_decay, "betas": betas, "eps": eps}
        )

    def _operator(self, param_group: dict[str, Any]) -> tuple[Update, dict[str, Any]]:
        return lamb_update, {
            "bias_correction": self.bias_correction,
            "always_adapt": self.always_adapt,
        }

    def _scalars(self, param_group: dict[str, Any]) -> tuple[Any, ...]:
        beta0, beta1 = param_group["betas"]
        return param_group["lr"], beta0, beta1, param_group["eps"], param_group["weight_decay"]


class LAMBFp16(LAMB):
    """LAMB for float16 parameters: a float32 copy is updated and rounded into the parameter."""

    def _create_state(self, param_group: dict[str, Any]) -> None:
        super()._create_state(param_group)
        for param in param_group["params"]:
            self._add_state(param, "param_fp32", param.astype(dt.float32), dt.float32)

    def _update(
        self, op: Update, attrs: tuple[Any, ...], param: Any, grad: Tensor, scalars: Tensor
    ) -> None:
        held = self._state[param]
        wide = held["param_fp32"]
        apply_update(op, attrs, wide, grad, tuple([held[n] for n in op.states]), scalars)
        param._reset(wide.astype(param.dtype))
