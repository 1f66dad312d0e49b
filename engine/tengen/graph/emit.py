"""The one door: every operator call, eager or traced, passes `emit`.

The eager engine and the tracing modes are put in by the layers above; this file decides only
which of them takes the call.
"""

import threading
from collections.abc import Callable
from typing import Any

from .state import state


def _no_engine(op: Any, attrs: tuple[Any, ...], inputs: tuple[Any, ...]) -> Any:
    raise RuntimeError(f"[{op.name}] no eager engine was installed: import tengen first")


_eager: Callable[[Any, tuple[Any, ...], tuple[Any, ...]], Any] = _no_engine

# How many threads are inside an autocast: looking at the thread costs more than at this.
_casting = 0
_counting = threading.Lock()


def emit(op: Any, attrs: tuple[Any, ...], inputs: tuple[Any, ...]) -> Any:
    """Run the call now, or record it, as the thread's mode says."""
    mode = state.mode
    if _casting and state.precision is not None:
        inputs = state.precision.prepared(op, inputs)
    if mode is None:
        return _eager(op, attrs, inputs)
    return mode.emit(op, attrs, inputs)


def install_eager(run: Callable[[Any, tuple[Any, ...], tuple[Any, ...]], Any]) -> None:
    """Set the function that runs eager calls."""
    global _eager
    _eager = run


def set_precision(precision: Any) -> Any:
    """Set this thread's autocast policy, None for none; gives the one before.

    `precision.prepared(op, inputs)` gives the inputs of each call in the types it wants.
    """
    global _casting
    before, state.precision = state.precision, precision
    with _counting:
        _casting += (precision is not None) - (before is not None)
    return before
