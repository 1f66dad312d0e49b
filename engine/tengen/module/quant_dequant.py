"""Marks for where a quantized model begins and ends; in float they change nothing."""

from typing import Any

from .module import Module


class QuantStub(Module):
    """Where floats become low-bit numbers once the model is quantized."""

    def forward(self, inp: Any) -> Any:
        return inp


class DequantStub(Module):
    """Where low-bit numbers become floats again once the model is quantized."""

    def forward(self, inp: Any) -> Any:
        return inp
