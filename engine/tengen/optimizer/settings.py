"""Checks of the settings that optimizers share."""

from ..base.errors import ArgumentError


def at_least_zero(optimizer: str, **settings: float) -> None:
    """Raise ArgumentError unless every setting is zero or more."""
    for name, value in settings.items():
        if not value >= 0:
            raise ArgumentError(f"[{optimizer}] {name} is at least 0; got {value}")


def betas_in_range(optimizer: str, betas: tuple[float, float]) -> None:
    """Raise ArgumentError unless there are two betas, each in [0, 1)."""
    if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
        raise ArgumentError(f"[{optimizer}] betas are two numbers in [0, 1); got {betas}")
