"""pad: values around an array, constant, reflected or repeated from the edge, and the fold back."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from .sampling import draw, strided

Widths = tuple[tuple[int, int], ...]
MODES = ("constant", "reflect", "replicate")
_NUMPY = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}


def padded_shape(name: str, shape: Shape, widths: Widths, mode: str) -> Shape:
    """The shape with `widths` (before, after) added to each axis, checked."""
    if mode not in MODES:
        raise ArgumentError(f"[{name}] mode is one of {', '.join(MODES)}; got {mode!r}")
    if len(widths) != len(shape) or any(w < 0 for pair in widths for w in pair):
        raise ArgumentError(
            f"[{name}] widths take a pair of whole numbers from 0 for each of {len(shape)} axes;"
            f" got {widths}"
        )
    for n, pair in zip(shape, widths, strict=True):
        room = {"constant": None, "reflect": max(n - 1, 0), "replicate": 0 if n == 0 else None}
        limit = room[mode]
        if limit is not None and max(pair) > limit:
            raise ShapeError(
                f"[{name}] mode {mode} can add {limit} to an axis of {n} elements; got {pair}"
            )
    return tuple(n + before + after for n, (before, after) in zip(shape, widths, strict=True))


class Pad(OpDef):
    """`x` with widths[i] = (before, after) elements added to axis i."""

    attrs: dict[str, Any] = {"widths": (), "mode": "constant", "value": 0.0}
    choices = {"mode": MODES}
    dtypes = dt.ALL

    def infer(self, x: TensorType, *, widths: Widths, mode: str, value: float) -> TensorType:
        return x.with_shape(padded_shape(self.name, x.shape, widths, mode))

    def kernel(self, xp: Any, x: Any, *, widths: Widths, mode: str, value: float) -> Any:
        if not x.ndim:
            return x.copy()
        if mode == "constant":
            return xp.pad(x, widths, constant_values=np.asarray(value).astype(x.dtype)[()])
        return xp.pad(x, widths, mode=_NUMPY[mode])

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (pad_backward(dy, widths=call.attrs.widths, mode=call.attrs.mode),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (3, 4), dtype),), {"widths": ((1, 0), (2, 3))})
        for widths in (((0, 0), (1, 2)), ((2, 1), (3, 0)), ((2, 2), (3, 3))):
            for mode in MODES:
                attrs = {"widths": widths, "mode": mode, "value": 1.5}
                yield Sample((draw(rng, (3, 4)),), attrs)
        yield Sample((draw(rng, (0, 4)),), {"widths": ((1, 1), (0, 2))})
        yield Sample((draw(rng, ()),))
        yield Sample((strided(draw(rng, (3, 4))),), {"widths": ((1, 1), (2, 2)), "mode": "reflect"})

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((2, 3), "float32")
        yield BadSample((x,), "a pair of whole numbers", {"widths": ((1, 1),)})
        yield BadSample((x,), "mode is one of", {"widths": ((1, 1), (0, 0)), "mode": "wrap"})
        wide = {"widths": ((2, 0), (0, 0)), "mode": "reflect"}
        yield BadSample((x,), "can add 1 to an axis of 2 elements", wide)


class PadBackward(OpDef):
    """The gradient of pad's input: what was added goes back to where it was copied from."""

    attrs: dict[str, Any] = {"widths": (), "mode": "constant"}
    choices = {"mode": MODES}
    dtypes = dt.FLOATS + dt.COMPLEX

    def infer(self, dy: TensorType, *, widths: Widths, mode: str) -> TensorType:
        require_dtypes(self.name, self.dtypes, dy)
        if len(widths) != dy.ndim:
            raise ArgumentError(f"[{self.name}] {dy.ndim} pairs of widths needed; got {widths}")
        shape = tuple(n - sum(pair) for n, pair in zip(dy.shape, widths, strict=True))
        if any(n < 0 for n in shape):
            raise ShapeError(f"[{self.name}] shape {dy.shape} is smaller than its padding {widths}")
        padded_shape(self.name, shape, widths, mode)
        return dy.with_shape(shape)

    def kernel(self, xp: Any, dy: Any, *, widths: Widths, mode: str) -> Any:
        work = dy.astype(dt.accumulator(dy.dtype))
        for axis, (before, after) in enumerate(widths):
            lead = (slice(None),) * axis
            n = work.shape[axis] - before - after
            inner = work[(*lead, slice(before, before + n))].copy()
            if mode != "constant" and n:
                for i in range(before):
                    source = before - i if mode == "reflect" else 0
                    inner[(*lead, source)] += work[(*lead, i)]
                for i in range(after):
                    source = n - 2 - i if mode == "reflect" else n - 1
                    inner[(*lead, source)] += work[(*lead, before + n + i)]
            work = inner
        return work.astype(dy.dtype, copy=False)

    def grad(self, call: Call, u: Any) -> tuple[Any, ...]:
        return (pad(u, widths=call.attrs.widths, mode=call.attrs.mode),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (5, 6), dtype),), {"widths": ((1, 0), (2, 1))})
        for widths in (((0, 0), (1, 2)), ((2, 1), (3, 0)), ((2, 2), (3, 3))):
            shape = tuple(n + sum(w) for n, w in zip((3, 4), widths, strict=True))
            for mode in MODES:
                yield Sample((draw(rng, shape),), {"widths": widths, "mode": mode})
        yield Sample((draw(rng, (2, 4)),), {"widths": ((1, 1), (1, 1))})
        yield Sample((draw(rng, (0, 4)),), {"widths": ((0, 0), (1, 1))})
        yield Sample((draw(rng, ()),))
        yield Sample((strided(draw(rng, (5, 6))),), {"widths": ((1, 1), (1, 1))})

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones(3, "float32"),), "smaller than its padding", {"widths": ((2, 2),)})


pad = Pad("pad")
pad_backward = PadBackward("pad_backward")
