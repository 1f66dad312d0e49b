"""Activation functions of functional.nn."""

from ..operands import floating, pair
from ..ops import activation
from ..tensor import Tensor

__all__ = [
    "gelu", "hsigmoid", "hswish", "leaky_relu", "logsigmoid", "prelu", "relu", "relu6", "sigmoid",
    "silu", "softplus",
]  # fmt: skip


def relu(x: Tensor) -> Tensor:
    """max(x, 0), elementwise; the gradient at 0 is 0."""
    return activation.relu(floating(x))  # type: ignore[no-any-return]


def relu6(x: Tensor) -> Tensor:
    """min(max(x, 0), 6), elementwise."""
    return activation.relu6(floating(x))  # type: ignore[no-any-return]


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + exp(-x)), elementwise."""
    return activation.sigmoid(floating(x))  # type: ignore[no-any-return]


def hsigmoid(x: Tensor) -> Tensor:
    """relu6(x + 3) / 6, elementwise."""
    return activation.hsigmoid(floating(x))  # type: ignore[no-any-return]


def hswish(x: Tensor) -> Tensor:
    """x * relu6(x + 3) / 6, elementwise (Howard et al., "Searching for MobileNetV3", 2019)."""
    return activation.hswish(floating(x))  # type: ignore[no-any-return]


def silu(x: Tensor) -> Tensor:
    """x * sigmoid(x), elementwise."""
    return activation.silu(floating(x))  # type: ignore[no-any-return]


def gelu(x: Tensor) -> Tensor:
    """x * Phi(x) with the normal distribution function Phi (Hendrycks and Gimpel, 2016)."""
    return activation.gelu(floating(x))  # type: ignore[no-any-return]


def softplus(inp: Tensor) -> Tensor:
    """log(1 + exp(x)), elementwise, without overflow."""
    return activation.softplus(floating(inp))  # type: ignore[no-any-return]


def logsigmoid(inp: Tensor) -> Tensor:
    """log(sigmoid(x)), elementwise, without overflow."""
    return activation.logsigmoid(floating(inp))  # type: ignore[no-any-return]


def leaky_relu(inp: Tensor, negative_slope: float = 0.01) -> Tensor:
    """x where x > 0, else negative_slope * x; a tensor as slope broadcasts and is trainable."""
    if isinstance(negative_slope, Tensor):
        return prelu(inp, negative_slope)
    slope = float(negative_slope)
    return activation.leaky_relu(floating(inp), negative_slope=slope)  # type: ignore[no-any-return]


def prelu(x: Tensor, y: Tensor) -> Tensor:
    """max(x, 0) + y * min(x, 0), elementwise; the slope y broadcasts to x."""
    a, b = pair("prelu", floating(x), y)
    return activation.prelu(a, b)  # type: ignore[no-any-return]
