"""Kernels that compute nothing: plans, accounts and order of a program, tried without its work."""

from typing import Any


def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
    """Leave the outputs as they are."""
