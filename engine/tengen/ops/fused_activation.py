"""The activations that fused operators take by name."""

from typing import Any

from ..base.errors import ArgumentError
from .activation import gelu, hsigmoid, hswish, relu, relu6, sigmoid, silu
from .gelu_tanh import gelu_tanh
from .transcendental import tanh

ACTIVATIONS = {
    op.name: op for op in (relu, relu6, sigmoid, tanh, silu, gelu, gelu_tanh, hswish, hsigmoid)
}
"""By the operator's name; "none" stands for no activation."""


def check_activation(name: str, activation: str, known: tuple[str, ...]) -> None:
    """Raise ArgumentError unless the activation is among the known ones."""
    if activation not in known:
        raise ArgumentError(f"[{name}] activation is one of {', '.join(known)}; got {activation!r}")


def activated(xp: Any, value: Any, activation: str) -> Any:
    """The array behind an activation."""
    return value if activation == "none" else ACTIVATIONS[activation].kernel(xp, value)
