"""BatchMatMulActivation: a product of a batch of weights, with bias and activation."""

import math
from typing import Any

import numpy as np

from .. import functional as F
from ..base.errors import ArgumentError
from ..tensor import Parameter
from . import init
from .module import Module


class BatchMatMulActivation(Module):
    """`weight @ x + bias`, then the activation: (batch, in_features, n) to (batch,
    out_features, n).

    `weight` is (batch, out_features, in_features). `bias` (out_features,) is added along the
    last axis, as in MegEngine, so n must be out_features or 1 with it. `nonlinear_mode` is
    "identity" or "relu".
    """

    def __init__(
        self,
        batch: int,
        in_features: int,
        out_features: int,
        bias: bool = True,
        nonlinear_mode: str = "identity",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        mode = nonlinear_mode.lower()
        if mode not in ("identity", "relu"):
            raise ArgumentError(
                f"[BatchMatMulActivation] nonlinear_mode is identity or relu; got {nonlinear_mode}"
            )
        self.batch = batch
        self.in_features = in_features
        self.out_features = out_features
        self.nonlinear_mode = mode
        self.weight = Parameter(np.zeros((batch, out_features, in_features), np.float32))
        self.bias = Parameter(np.zeros(out_features, np.float32)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weight anew and set the bias to zero."""
        init.normal_(self.weight, 0.0, math.sqrt(1 / self.in_features))
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, x: Any) -> Any:
        result = F.matmul(self.weight, x)
        if self.bias is not None:
            result = result + self.bias
        return F.nn.relu(result) if self.nonlinear_mode == "relu" else result

    def _module_info_string(self) -> str:
        return (
            f"batch={self.batch}, in_features={self.in_features},"
            f" out_features={self.out_features}, bias={self.bias is not None}"
        )
