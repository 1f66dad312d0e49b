"""LocalResponseNorm: channels damped by their neighbours."""

from typing import Any

from ..functional import nn
from .module import Module


class LocalResponseNorm(Module):
    """x / (k + alpha * sum of squares over `kernel_size` channels) ** beta (Krizhevsky et al.,
    2012)."""

    def __init__(
        self,
        kernel_size: int = 5,
        k: float = 2.0,
        alpha: float = 1e-4,
        beta: float = 0.75,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.kernel_size = kernel_size
        self.k = k
        self.alpha = alpha
        self.beta = beta

    def forward(self, inp: Any) -> Any:
        return nn.local_response_norm(inp, self.kernel_size, self.k, self.alpha, self.beta)
