"""Dropout: zeros at random places while training."""

from typing import Any

from ..functional import nn
from .module import Module


class Dropout(Module):
    """Sets each element to zero with probability `drop_prob` and scales the others by
    1 / (1 - drop_prob) in training (Srivastava et al., 2014); nothing in evaluation."""

    def __init__(self, drop_prob: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.drop_prob = drop_prob

    def forward(self, inputs: Any) -> Any:
        if not self.training or self.drop_prob == 0:
            return inputs
        return nn.dropout(inputs, self.drop_prob, training=True)

    def _module_info_string(self) -> str:
        return f"drop_prob={self.drop_prob}"
