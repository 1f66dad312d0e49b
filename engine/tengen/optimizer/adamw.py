"""AdamW: Adam with weight decay apart from the gradient."""

from collections.abc import Iterable
from typing import Any

from ..tensor import Parameter
from .adam import Adam


class AdamW(Adam):
    """AdamW (Loshchilov and Hutter, 2019): the decay acts on the parameter itself, scaled by lr."""

    decoupled = True

    def __init__(
        self,
        params: Iterable[Parameter] | dict[str, Any],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ):
        super().__init__(params, lr, betas, eps, weight_decay)
