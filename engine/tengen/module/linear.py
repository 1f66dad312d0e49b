"""Linear: a matrix product with a bias."""

import math
from typing import Any

import numpy as np

from ..functional import nn
from ..tensor import Parameter
from . import init
from .module import Module


class Linear(Module):
    """`x @ weight.T + bias` over the last axis: (..., in_features) to (..., out_features).

    `weight` (out_features, in_features) starts normal with variance 1 / in_features, `bias`
    (out_features,) zero.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        compute_mode: str = "default",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.in_features = in_features
        self.out_features = out_features
        self.compute_mode = compute_mode
        self.weight = Parameter(np.zeros((out_features, in_features), np.float32))
        self.bias = Parameter(np.zeros(out_features, np.float32)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weight anew and set the bias to zero."""
        init.normal_(self.weight, 0.0, math.sqrt(1 / self.in_features))
        if self.bias is not None:
            init.zeros_(self.bias)

    def calc_linear(self, x: Any, weight: Any, bias: Any) -> Any:
        """The product with a given weight and bias."""
        return nn.linear(x, weight, bias, compute_mode=self.compute_mode)

    def forward(self, x: Any) -> Any:
        return self.calc_linear(x, self.weight, self.bias)

    def _module_info_string(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features},"
            f" bias={self.bias is not None}"
        )
