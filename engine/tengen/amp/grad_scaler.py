"""GradScaler: a loss scaled up, so that small gradients do not vanish in float16.

Micikevicius et al., "Mixed Precision Training" (2018), section 3.2, with a scale that follows
the gradients: it grows while they are finite, and shrinks when they are not.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..autodiff import GradManager
from ..base.errors import ArgumentError
from ..graph.state import full_precision
from ..operands import as_tensor
from ..ops.elementwise import mul
from ..ops.joining import concat
from ..ops.shape import broadcast_to
from ..ops.unscale import unscale
from ..tensor import Tensor

LARGEST = float(np.finfo(np.float32).max)


BUCKET = 64 << 20
"""Bytes of gradients that are unscaled by one call, which holds them twice."""


class GradScaler:
    """Scales losses before the backward pass and gradients back after it.

    `scaler.backward(gm, loss)` in the place of `gm.backward(loss)`. Gradients that are infinite
    or NaN are dropped, so that the optimizer's next step changes nothing, and the scale becomes
    `backoff_factor` times itself; after `growth_interval` passes without such, `growth_factor`
    times. `growth_interval=0` keeps it. float16 needs one, bfloat16, which has float32's range,
    does not. Raises ArgumentError for factors that make no sense.
    """

    def __init__(
        self,
        init_scale: float = 2.0**4,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
    ):
        if not 0 < init_scale <= LARGEST:
            raise ArgumentError(f"[GradScaler] init_scale is above 0; got {init_scale}")
        if not growth_factor >= 1:
            raise ArgumentError(f"[GradScaler] growth_factor is at least 1; got {growth_factor}")
        if not 0 < backoff_factor <= 1:
            raise ArgumentError(f"[GradScaler] backoff_factor is in (0, 1]; got {backoff_factor}")
        if growth_interval < 0:
            raise ArgumentError(f"[GradScaler] growth_interval is 0 or more; got {growth_interval}")
        self.scale_factor = float(init_scale)
        self.growth_factor = float(growth_factor)
        self.backoff_factor = float(backoff_factor)
        self.growth_interval = int(growth_interval)
        self._growth_tracker = 0
        self._found_non_finite = False

    def backward(
        self,
        gm: GradManager,
        y: Tensor | list[Tensor] | None = None,
        dy: Tensor | list[Tensor] | None = None,
        *,
        unscale_grad: bool = True,
        update_scale: bool | str = "if_unscale_grad",
    ) -> None:
        """`gm.backward(y, dy)` with everything scaled, then `unscale` and `update`.

        Without `unscale_grad` the gradients stay scaled, for summing those of several passes:
        call `unscale` and `update` before the optimizer's step. `update_scale` says whether to
        call `update`; by default where unscaled.
        """
        ys = [] if y is None else [y] if isinstance(y, Tensor) else list(y)
        dys = [None] * len(ys) if dy is None else [dy] if isinstance(dy, Tensor) else list(dy)
        if len(ys) != len(dys):
            raise ArgumentError(f"[backward] {len(ys)} values but {len(dys)} gradients for them")
        gm.backward(ys, [self._weight(*both) for both in zip(ys, dys, strict=True)])
        if unscale_grad:
            self.unscale(gm.attached_tensors())
        if unscale_grad if update_scale == "if_unscale_grad" else update_scale:
            self.update()

    def _weight(self, y: Tensor, dy: Tensor | None) -> Tensor:
        """The gradient that the backward pass starts with."""
        if dy is not None:
            return mul(dy, as_tensor(self.scale_factor, dy))  # type: ignore[no-any-return]
        return broadcast_to(as_tensor(self.scale_factor, y), shape=y.shape)  # type: ignore[no-any-return]

    def unscale(self, grad_tensors: Iterable[Tensor]) -> None:
        """Divide the `.grad` of tensors by the scale; drop them all if one is not finite.

        Waits for the gradients, in one place for all.
        """
        held = [x for x in grad_tensors if x is not None and isinstance(x.grad, Tensor)]
        found = []
        with full_precision():
            for bucket in _buckets(held):
                gradients: list[Any] = [x.grad for x in bucket]
                scale = Tensor(self.scale_factor, dtype="float64", device=gradients[0].device)
                *made, bad = unscale(*gradients, scale)
                for tensor, gradient in zip(bucket, made, strict=True):
                    tensor.grad = gradient
                found.append(bad.to(held[0].device))
            if found and concat(*found, axis=0).numpy().any():
                self._found_non_finite = True
        if self._found_non_finite:
            for tensor in held:
                tensor.grad = None

    def update(self, new_scale: float | None = None) -> None:
        """Adapt the scale to what `unscale` found since the last time, or set it to `new_scale`."""
        if new_scale is not None:
            if not 0 < new_scale <= LARGEST:
                raise ArgumentError(f"[update] new_scale is above 0; got {new_scale}")
            self.scale_factor = float(new_scale)
        elif self.growth_interval:
            self._adapt()
        self._found_non_finite = False

    def _adapt(self) -> None:
        if self._found_non_finite:
            self._growth_tracker = 0
            # Below the smallest normal number its inverse is infinite.
            smallest = float(np.finfo(np.float32).tiny)
            self.scale_factor = max(self.scale_factor * self.backoff_factor, smallest)
            return
        self._growth_tracker += 1
        if self._growth_tracker >= self.growth_interval:
            self._growth_tracker = 0
            self.scale_factor = min(self.scale_factor * self.growth_factor, LARGEST)

    def state_dict(self) -> dict[str, Any]:
        """The scale, its settings, and the passes since it last changed."""
        return {
            "scale_factor": self.scale_factor,
            "growth_factor": self.growth_factor,
            "backoff_factor": self.backoff_factor,
            "growth_interval": self.growth_interval,
            "_growth_tracker": self._growth_tracker,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a `state_dict`. Raises ArgumentError if something of it is missing."""
        missing = self.state_dict().keys() - state.keys()
        if missing:
            raise ArgumentError(f"[load_state_dict] the state lacks {', '.join(sorted(missing))}")
        self.scale_factor = float(state["scale_factor"])
        self.growth_factor = float(state["growth_factor"])
        self.backoff_factor = float(state["backoff_factor"])
        self.growth_interval = int(state["growth_interval"])
        self._growth_tracker = int(state["_growth_tracker"])


def _buckets(tensors: list[Tensor]) -> Iterator[list[Tensor]]:
    """Tensors whose gradients are unscaled together: of one device and data type, not too large."""
    kinds: dict[Any, list[Tensor]] = {}
    for tensor in tensors:
        gradient: Any = tensor.grad
        kinds.setdefault((str(gradient.device), gradient.dtype), []).append(tensor)
    for of_one_kind in kinds.values():
        bucket: list[Tensor] = []
        size = 0
        for tensor in of_one_kind:
            nbytes = tensor.grad.size * tensor.grad.dtype.itemsize  # type: ignore[union-attr]
            if bucket and size + nbytes > BUCKET:
                yield bucket
                bucket, size = [], 0
            bucket.append(tensor)
            size += nbytes
        yield bucket
