"""Concat: joining tensors as a module."""

from collections.abc import Iterable
from typing import Any

from .. import functional as F
from .module import Module


class Concat(Module):
    """Tensors one after the other along an axis."""

    def forward(self, inps: Iterable[Any], axis: int = 0) -> Any:
        return F.concat(inps, axis)
