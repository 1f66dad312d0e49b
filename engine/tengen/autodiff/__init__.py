"""Automatic differentiation: GradManager and user-defined Functions."""

from .function import Function
from .grad_manager import GradManager

__all__ = ["Function", "GradManager"]
