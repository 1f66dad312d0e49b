"""sliding_window: every window of an image as two axes of its own, and the sum back."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from .sampling import draw, strided
from .windows import Window

ATTRS: dict[str, Any] = {
    "kernel": (3, 3), "stride": (1, 1), "padding": (0, 0), "dilation": (1, 1)
}  # fmt: skip

_CASES: list[tuple[Shape, dict[str, Shape]]] = [
    ((2, 3, 6, 5), {"kernel": (2, 3), "stride": (2, 1), "padding": (1, 0)}),
    ((1, 2, 7, 7), {"kernel": (3, 2), "dilation": (2, 3), "padding": (0, 2)}),
    ((2, 2, 9), {"kernel": (3,), "stride": (2,), "padding": (1,), "dilation": (1,)}),
    ((0, 2, 4, 4), {"kernel": (2, 2)}),
]


def window_of(op: OpDef, x: TensorType, **sizes: Shape) -> Window:
    """The checked window over x."""
    require_dtypes(op.name, op.dtypes, x)
    if len(sizes["kernel"]) != x.ndim - 2:
        raise ShapeError(
            f"[{op.name}] a kernel {sizes['kernel']} needs data of {len(sizes['kernel']) + 2} axes"
            f" (N, C, ...); got {x.ndim} axes"
        )
    window = Window(**sizes)
    window.check(op.name)
    return window


class SlidingWindow(OpDef):
    """(N, C, H, W) to (N, C, windows down, windows across, kernel height, kernel width)."""

    attrs = ATTRS
    dtypes = dt.INTEGERS + dt.FLOATS
    without = {"0-d": "the data has a batch and a channel axis"}

    def infer(self, x: TensorType, **sizes: Shape) -> TensorType:
        window = window_of(self, x, **sizes)
        output = window.output(self.name, x.shape[2:])
        return x.with_shape((*x.shape[:2], *output, *window.kernel))

    def kernel(self, xp: Any, x: Any, **sizes: Shape) -> Any:
        window = Window(**sizes)
        output = window.output(self.name, x.shape[2:])
        return window.view(xp, window.pad(xp, x), output).copy()

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        size = call.inputs[0].type.shape[2:]
        return (sliding_window_transpose(dy, size=size, **vars(call.attrs)),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (1, 2, 4, 5), dtype),))
        for shape, sizes in _CASES:
            yield Sample((draw(rng, shape),), sizes)
        yield Sample((strided(draw(rng, (1, 2, 4, 5))),))

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((1, 2, 4, 5), "float32")
        yield BadSample((x[0],), "needs data of 4 axes")
        yield BadSample((x,), "does not fit", {"kernel": (5, 5)})


class SlidingWindowTranspose(OpDef):
    """Each element of the windows added to the place of the image it came from."""

    attrs = {"size": (), **ATTRS}
    dtypes = SlidingWindow.dtypes
    without = SlidingWindow.without

    def infer(self, y: TensorType, *, size: Shape, **sizes: Shape) -> TensorType:
        image = y.with_shape((*y.shape[:2], *size))
        window = window_of(self, image, **sizes)
        expected = (*y.shape[:2], *window.output(self.name, size), *window.kernel)
        if y.shape != expected:
            raise ShapeError(
                f"[{self.name}] windows of an image of size {size} have shape {expected};"
                f" got {y.shape}"
            )
        return image

    def kernel(self, xp: Any, y: Any, *, size: Shape, **sizes: Shape) -> Any:
        window = Window(**sizes)
        axes = len(size)
        output = y.shape[2 : 2 + axes]
        padded = xp.zeros((*y.shape[:2], *window.padded_size(size)), dt.accumulator(y.dtype))
        flat = y.reshape(*y.shape[: 2 + axes], window.area)
        for number, place in window.positions(output):
            padded[(slice(None), slice(None), *place)] += flat[..., number]
        return xp.ascontiguousarray(window.crop(padded, size)).astype(y.dtype, copy=False)

    def grad(self, call: Call, u: Any) -> tuple[Any, ...]:
        sizes = vars(call.attrs).copy()
        del sizes["size"]
        return (sliding_window(u, **sizes),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (1, 2, 2, 3, 3, 3), dtype),), {"size": (4, 5)})
        for shape, sizes in _CASES:
            full = {**ATTRS, **sizes}
            output = Window(**full).output(self.name, shape[2:])
            y = draw(rng, (*shape[:2], *output, *full["kernel"]))
            yield Sample((y,), {"size": shape[2:], **sizes})
        yield Sample((strided(draw(rng, (1, 2, 2, 3, 3, 3))),), {"size": (4, 5)})

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones((1, 2, 2, 2, 3, 3), "float32"),), "have shape", {"size": (4, 5)})


sliding_window = SlidingWindow("sliding_window")
sliding_window_transpose = SlidingWindowTranspose("sliding_window_transpose")
