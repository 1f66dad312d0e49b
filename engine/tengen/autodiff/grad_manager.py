"""GradManager: records what depends on attached tensors and takes gradients of it."""

import weakref
from collections.abc import Callable, Iterable
from typing import Any

from ..base.errors import ArgumentError, GradientError, StateError
from ..graph.node import Var
from ..graph.state import state
from ..ops.elementwise import accumulate, add
from ..ops.shape import broadcast_to
from ..runtime.backward import backward, release_tape
from ..tensor import Tensor, constant


class GradManager:
    """Takes gradients of what was computed inside `with gm:` or between `record` and `backward`.

    Attach the tensors whose gradient is wanted; `backward` adds to their `.grad`. Several
    managers may be active at once; nested ones give higher-order gradients.
    """

    def __init__(self) -> None:
        self._attached: dict[int, tuple[weakref.ref[Tensor], list[Callable[..., Any]]]] = {}
        self._recording = False
        self._leaves: dict[Var, weakref.ref[Tensor]] = {}

    def attach(
        self,
        tensors: Iterable[Tensor] | Tensor,
        callbacks: Callable[..., Any] | Iterable[Callable[..., Any]] | None = None,
    ) -> "GradManager":
        """Watch tensors. Each callback is called as `callback(tensor, grad)` and returns the
        gradient to use. Gives the manager itself; tensors are held weakly.

        Raises ArgumentError for anything that is not a Tensor.
        """
        if callbacks is None:
            calls: list[Callable[..., Any]] = []
        else:
            calls = [callbacks] if callable(callbacks) else list(callbacks)
        items = [tensors] if isinstance(tensors, Tensor) else list(tensors)
        for item in items:
            if not isinstance(item, Tensor):
                raise ArgumentError(f"[attach] expected Tensors; got {type(item).__name__}")
        for item in items:
            key = id(item)
            known = self._attached.get(key)
            if known is None or known[0]() is not item:
                self._attached[key] = (weakref.ref(item, self._forget(key)), list(calls))
            else:
                known[1].extend(calls)
            if self._recording:
                self._watch(item)
        return self

    def _forget(self, key: int) -> Callable[[Any], None]:
        held = weakref.ref(self)

        def gone(_: Any) -> None:
            manager = held()
            if manager is not None:
                manager._attached.pop(key, None)

        return gone

    def attached_tensors(self) -> list[Tensor]:
        """The live tensors attached so far."""
        return [t for t in (ref() for ref, _ in self._attached.values()) if t is not None]

    def _watch(self, tensor: Tensor) -> None:
        var = tensor._var
        if var is None or var.epoch != state.epoch:
            var = tensor._var = Var(None, 0, tensor.type, state.epoch)
        self._leaves[var] = weakref.ref(tensor)

    def record(self) -> "GradManager":
        """Start recording. Raises StateError if this manager records already."""
        if self._recording:
            raise StateError("[GradManager] is recording already; call backward() or release()")
        if state.recorders == 0:
            state.epoch += 1
        state.recorders += 1
        self._recording = True
        for tensor in self.attached_tensors():
            self._watch(tensor)
        return self

    def release(self) -> None:
        """Stop recording and let go of what was recorded."""
        if not self._recording:
            return
        self._recording = False
        self._leaves = {}
        state.recorders -= 1
        if state.recorders == 0:
            state.epoch += 1
            release_tape()

    def backward(self, y: Any = None, dy: Any = None) -> None:
        """Add the gradients of `y` (weighted by `dy`, ones by default) to the attached `.grad`.

        `y`: a Tensor or a list of them; None takes every attached tensor's gradient as zero.
        Ends the recording. Raises GradientError if a `y` was not recorded here.
        """
        if not self._recording:
            raise StateError(
                "[GradManager] backward() needs a recording: put the computation in"
                " `with gm:` or call gm.record() before it"
            )
        try:
            self._backward(y, dy)
        finally:
            self.release()

    def _backward(self, y: Any, dy: Any) -> None:
        ys = [] if y is None else [y] if isinstance(y, Tensor) else list(y)
        dys = [None] * len(ys) if dy is None else [dy] if isinstance(dy, Tensor) else list(dy)
        if len(ys) != len(dys):
            raise ArgumentError(f"[backward] {len(ys)} values but {len(dys)} gradients for them")
        roots = []
        for value, weight in zip(ys, dys, strict=True):
            if not value.requires_grad:
                continue
            if weight is None:
                weight = constant(1, value.dtype, value.device)
                if value.shape != ():
                    weight = broadcast_to(weight, shape=value.shape)
            if weight.shape != value.shape:
                raise GradientError(
                    f"[backward] dy has shape {weight.shape}; y has shape {value.shape}"
                )
            var = value._var
            assert var is not None
            roots.append((var, weight))
        if ys and not roots:
            raise GradientError(
                "[backward] no value given depends on an attached tensor: attach the parameters"
                " before computing, inside the recording"
            )
        state.recorders -= 1
        keep = state.recorders > 0
        try:
            found = backward(roots, add if keep else accumulate, keep) if roots else {}
            del roots
            self._deliver(found)
        finally:
            state.recorders += 1

    def _deliver(self, found: dict[Var, Any]) -> None:
        for var, ref in self._leaves.items():
            tensor = ref()
            grad = found.pop(var, None)
            if tensor is None or grad is None:
                continue
            for call in self._attached.get(id(tensor), (None, []))[1]:
                grad = call(tensor, grad)
            if isinstance(tensor.grad, Tensor):
                grad = add(tensor.grad, grad)
            tensor.grad = grad

    def __enter__(self) -> "GradManager":
        return self if self._recording else self.record()

    def __exit__(self, *_: Any) -> None:
        self.release()
