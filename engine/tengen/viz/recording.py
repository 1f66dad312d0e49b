"""Recording one call's memory: the watch, the moments in it, and whose the blocks are."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..autodiff import GradManager
from ..optimizer import Optimizer
from ..runtime import memory as accounts
from ..runtime.buffer import Buffer
from ..runtime.watch import Watch, watching
from ..tensor import Parameter, Tensor
from .memory_document import DATA, GRADIENT, OPTIMIZER, PARAMETER, Known, document


def record(
    call: Callable[[], Any], name: str, batch: int | None, samples: tuple[Any, ...] = ()
) -> tuple[dict[str, Any], Any]:
    """Run a call once; gives its memory document and its result. `samples` are what it is given."""
    marks: list[tuple[int, str]] = []
    with watching() as watch, _moments(watch, marks):
        known = Known()
        for sample in samples:
            at = watch.number(sample._buffer.root) if isinstance(sample, Tensor) else None
            if at is not None:
                known.kinds[at] = DATA
        identify(watch.number, known)
        started = time.perf_counter()
        result = call()
        ms = (time.perf_counter() - started) * 1000
        identify(watch.number, known)
    marks.insert(0, (0, "forward"))
    made = document(
        watch,
        known,
        marks if len(marks) > 1 else [],
        name=name,
        kind="dynamic",
        device="cpu0",
        capacity=accounts.capacity(),
        batch=batch,
        ms=round(ms, 3),
        measured=True,
    )
    return made, result


@contextmanager
def _moments(watch: Watch, marks: list[tuple[int, str]]) -> Iterator[None]:
    """Note when a backward pass and an optimizer's step begin."""
    backward, step = GradManager.backward, Optimizer.step

    def noted_backward(self: Any, *args: Any, **kwargs: Any) -> Any:
        marks.append((len(watch.events), "backward"))
        return backward(self, *args, **kwargs)

    def noted_step(self: Any, *args: Any, **kwargs: Any) -> Any:
        marks.append((len(watch.events), "optimizer"))
        return step(self, *args, **kwargs)

    GradManager.backward = noted_backward  # type: ignore[method-assign]
    Optimizer.step = noted_step  # type: ignore[method-assign]
    try:
        yield
    finally:
        GradManager.backward = backward  # type: ignore[method-assign]
        Optimizer.step = step  # type: ignore[method-assign]


def identify(number: Callable[[Buffer], int | None], known: Known) -> None:
    """Note which live blocks are parameters, their gradients, or an optimizer's state.

    `number` gives the number of the block behind a buffer.
    """

    def note(tensor: Tensor, label: str, kind: int, owner: str) -> None:
        at = None if tensor._buffer is None else number(tensor._buffer.root)
        if at is not None:
            known.kinds[at] = kind
            known.names[at] = label
            known.modules[at] = owner

    for item in gc.get_objects():
        kind = type(item)  # not isinstance, which asks the object itself and may wake it
        if issubclass(kind, Parameter):
            label = item.name or ""
            owner = label.rpartition(".")[0]
            note(item, label or "parameter", PARAMETER, owner)
            if item.grad is not None:
                note(item.grad, f"{label}.grad", GRADIENT, owner)
        elif issubclass(kind, Optimizer):
            for param, states in item._state.items():
                owner = (param.name or "").rpartition(".")[0]
                for label, value in states.items():
                    note(value, value.name or label, OPTIMIZER, owner)
        elif issubclass(kind, Tensor) and item.name and item._buffer is not None:
            at = number(item._buffer.root)
            if at is not None:
                known.names.setdefault(at, item.name)
