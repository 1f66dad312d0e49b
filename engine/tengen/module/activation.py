"""Activation functions as modules."""

from typing import Any

import numpy as np

from ..functional import nn
from ..tensor import Parameter
from .module import Module


class Softmax(Module):
    """exp(x) / sum(exp(x)) along `axis`; without one, the second axis of images or batches."""

    def __init__(self, axis: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = axis

    def forward(self, inputs: Any) -> Any:
        return nn.softmax(inputs, self.axis)

    def _module_info_string(self) -> str:
        return f"axis={self.axis}"


class Sigmoid(Module):
    """1 / (1 + exp(-x)), element by element."""

    def forward(self, inputs: Any) -> Any:
        return nn.sigmoid(inputs)


class SiLU(Module):
    """x * sigmoid(x), element by element."""

    def forward(self, inputs: Any) -> Any:
        return nn.silu(inputs)


class GELU(Module):
    """x times the probability that a standard normal number is below x."""

    def forward(self, inputs: Any) -> Any:
        return nn.gelu(inputs)


class ReLU(Module):
    """max(x, 0), element by element."""

    def forward(self, x: Any) -> Any:
        return nn.relu(x)


class PReLU(Module):
    """max(x, 0) + weight * min(x, 0) with learned slopes: one, or one a channel of (N, C, H, W).

    `init` is the slope at the start.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, **kwargs: Any):
        super().__init__(**kwargs)
        self.num_parameters = num_parameters
        shape = (1, num_parameters, 1, 1) if num_parameters > 1 else (1,)
        self.weight = Parameter(np.full(shape, init, np.float32))

    def forward(self, inputs: Any) -> Any:
        return nn.prelu(inputs, self.weight)


class LeakyReLU(Module):
    """max(x, 0) + negative_slope * min(x, 0)."""

    def __init__(self, negative_slope: float = 0.01, **kwargs: Any):
        super().__init__(**kwargs)
        self.negative_slope = negative_slope

    def forward(self, inputs: Any) -> Any:
        return nn.leaky_relu(inputs, self.negative_slope)
