"""What happens when memory runs out: the error is noted with who held what, and shown so."""

import contextlib
import time

from .base.errors import OutOfMemoryError

PATIENCE = 5.0
"""Seconds that notes may take together: one looks at every object, and a program that catches its
errors may make hundreds in a row."""
RECOVERY = 0.5
"""How much of that a second without notes gives back."""

_spent = _looked = 0.0


def explain_shortages() -> None:
    """Have every error of the kind noted when it is made, and shown as a card in a notebook."""
    OutOfMemoryError._witness = _note
    OutOfMemoryError._show = _show


def _note(error: OutOfMemoryError) -> None:
    global _spent, _looked
    start = time.perf_counter()
    _spent = max(0.0, _spent - (start - _looked) * RECOVERY)
    _looked = start
    if _spent > PATIENCE:
        return
    # The error is what matters: that it cannot be described must not hide it.
    with contextlib.suppress(Exception):
        from .viz.trouble import note

        note(error)
    _looked = time.perf_counter()
    _spent += _looked - start


def _show(error: OutOfMemoryError) -> list[str]:
    from .viz.trouble import show

    return show(error)
