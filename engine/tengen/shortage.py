"""What happens when memory runs out: the error is noted with who held what, and shown so."""

import contextlib

from .base.errors import OutOfMemoryError


def explain_shortages() -> None:
    """Have every error of the kind noted when it is made, and shown as a card in a notebook."""
    OutOfMemoryError._witness = _note
    OutOfMemoryError._show = _show


def _note(error: OutOfMemoryError) -> None:
    # The error is what matters: that it cannot be described must not hide it.
    with contextlib.suppress(Exception):
        from .viz.trouble import note

        note(error)


def _show(error: OutOfMemoryError) -> list[str]:
    from .viz.trouble import show

    return show(error)
