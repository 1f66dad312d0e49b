"""Keeps Numba's compiler, which runs beside the user's thread, off what the process shares.

While it infers types it opens and closes `warnings.catch_warnings` and lets colorama wrap and put
back `sys.stdout` and `sys.stderr`, thousands of times. The user's thread, which may open and close
such contexts of its own meanwhile, would find the warning filters and the streams of another
moment, for good. Inside `isolated()` both are left alone; other threads' Numba is as it was.
"""

import contextlib
import functools
import importlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

_here = threading.local()


@contextlib.contextmanager
def isolated() -> Iterator[None]:
    """What this thread compiles inside leaves the process's streams and warning filters alone."""
    outer = getattr(_here, "isolated", False)
    _here.isolated = True
    try:
        yield
    finally:
        _here.isolated = outer


def install() -> None:
    """Have Numba ask, for each of its contexts, whether the thread is isolated. Once a process."""
    errors: Any = importlib.import_module("numba.core.errors")
    fixer = errors.WarningsFixer
    fixer.catch_warnings = _left_out(fixer.catch_warnings)
    if hasattr(errors, "ColorShell"):  # absent where colorama is not installed
        errors.ColorShell = _left_out(errors.ColorShell)


def _left_out(make: Callable[..., Any]) -> Callable[..., Any]:
    """`make`, which gives a context, or a context that does nothing in an isolated thread."""

    @functools.wraps(make, updated=())
    def made(*args: Any, **kwargs: Any) -> Any:
        if getattr(_here, "isolated", False):
            return contextlib.nullcontext()
        return make(*args, **kwargs)

    return made
