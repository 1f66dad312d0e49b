"""What belongs to the running thread: mode, recording epoch, module scope.

One thread-local object, so that training in one thread and converting in another never meet.
"""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any


class ThreadState(threading.local):
    """`mode` None means eager. `recorders` counts active gradient recordings, `epoch` names
    the present one; values of an earlier epoch are constants. `precision` is the autocast policy,
    None outside of one. `scope` is the linked list (outer, name) of the modules being called,
    `tape` weak references to the recorded calls that hold much memory, `sizes` what is told of
    the shapes that Python asks for, None where nobody is."""

    mode: Any = None
    recorders: int = 0
    epoch: int = 0
    scope: Any = None
    precision: Any = None
    sizes: Any = None

    def __init__(self) -> None:
        self.tape: list[Any] = []


state = ThreadState()


@contextlib.contextmanager
def full_precision() -> Iterator[None]:
    """Inside it no autocast counts: calls take the data types of their operands."""
    before, state.precision = state.precision, None
    try:
        yield
    finally:
        state.precision = before


def scope_path(scope: Any) -> str:
    """The dotted module path of a scope, "" outside any module."""
    names = []
    while scope is not None:
        scope, name = scope
        if name:
            names.append(name)
    return ".".join(reversed(names))
