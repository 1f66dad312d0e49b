"""Max and average pooling over the spatial axes, with their gradients as operators.

Max pooling also gives, for each window, the number of the element it took (row by row within the
window, the first of equals), one byte each for windows of up to 255 elements.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, DTypeError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from .sampling import draw, strided
from .windows import Window

MODES = ("average", "average_count_exclude_padding")

_Sizes = list[tuple[Shape, dict[str, Shape]]]
_CASES: _Sizes = [
    ((2, 3, 6, 5), {"kernel": (2, 2), "stride": (2, 1), "padding": (0, 0)}),
    ((1, 2, 7, 7), {"kernel": (3, 3), "stride": (2, 2), "padding": (1, 1)}),
    ((1, 20, 4, 5), {"kernel": (4, 5), "stride": (1, 1), "padding": (0, 0)}),
    ((2, 2, 9), {"kernel": (3,), "stride": (2,), "padding": (1,)}),
    ((1, 2, 4, 4, 3), {"kernel": (2, 2, 3), "stride": (1, 2, 1), "padding": (1, 0, 1)}),
    ((0, 2, 4, 4), {"kernel": (2, 2), "stride": (2, 2), "padding": (0, 0)}),
]


class _Pooling(OpDef):
    """What the pooling operators share."""

    attrs: dict[str, Any] = {"kernel": (2, 2), "stride": (2, 2), "padding": (0, 0)}
    dtypes = dt.FLOATS
    without = {"0-d": "the data has a batch and a channel axis"}

    def window(self, ndim: int, kernel: Shape, stride: Shape, padding: Shape) -> Window:
        """The checked window over data of `ndim` axes."""
        if len(kernel) != ndim - 2 or not 1 <= len(kernel) <= 3:
            raise ShapeError(
                f"[{self.name}] a kernel {kernel} needs data of {len(kernel) + 2} axes (N, C, ...);"
                f" got {ndim} axes"
            )
        window = Window(kernel, stride, padding, (1,) * len(kernel))
        window.check(self.name)
        if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
            raise ArgumentError(
                f"[{self.name}] padding may be half the kernel {kernel} at most; got {padding}"
            )
        return window

    def pooled(self, x: TensorType, **sizes: Shape) -> Shape:
        """The shape after pooling."""
        require_dtypes(self.name, self.dtypes, x)
        window = self.window(x.ndim, **sizes)
        return (*x.shape[:2], *window.output(self.name, x.shape[2:]))

    def unpooled(self, y: TensorType, size: Shape, **sizes: Shape) -> Shape:
        """The shape of the input of spatial `size` that pools to y's shape, checked."""
        require_dtypes(self.name, self.dtypes, y)
        window = self.window(y.ndim, **sizes)
        expected = window.output(self.name, size)
        if expected != y.shape[2:]:
            raise ShapeError(
                f"[{self.name}] an input of size {size} pools to {expected}; got {y.shape[2:]}"
            )
        return (*y.shape[:2], *size)

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((2, 3, 4), "float32")
        extra = {"size": (6, 6)} if "size" in self.attrs else {}
        rest = (np.zeros((2, 3, 4), "uint8"),) if self.name.startswith("max_pool_") else ()
        yield BadSample((x, *rest), "needs data of 4 axes", extra)


def index_dtype(window: Window) -> Any:
    """The type that holds the number of an element within the window."""
    return dt.uint8 if window.area <= 255 else dt.int32


class MaxPool(_Pooling):
    """The largest element of each window, and its number within the window."""

    single = False

    def infer(self, x: TensorType, **sizes: Shape) -> tuple[TensorType, ...]:
        shape = self.pooled(x, **sizes)
        return x.with_shape(shape), x.make(shape, index_dtype(self.window(x.ndim, **sizes)))

    def kernel(self, xp: Any, x: Any, **sizes: Shape) -> Any:
        window = self.window(x.ndim, **sizes)
        output = window.output(self.name, x.shape[2:])
        work = dt.accumulator(x.dtype)
        padded = window.pad(xp, x.astype(work, copy=False), -np.inf)
        view = window.view(xp, padded, output)
        flat = view.reshape(*x.shape[:2], *output, window.area)
        index = _first_inside(xp, flat, window, x.shape[2:], output)
        y = xp.take_along_axis(flat, index[..., None], -1)[..., 0]
        return y.astype(x.dtype), index.astype(index_dtype(window))

    def grad(self, call: Call, dy: Any, _: Any) -> tuple[Any, ...]:
        size = call.inputs[0].type.shape[2:]
        return (max_pool_backward(dy, call.outputs[1], size=size, **vars(call.attrs)),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((_distinct(rng, (2, 3, 4, 4), dtype),))
        for shape, sizes in _CASES:
            yield Sample((_distinct(rng, shape),), sizes)
        yield Sample((_distinct(rng, (1, 1, 17, 17)),), {"kernel": (16, 16), "stride": (1, 1)})
        yield Sample((strided(_distinct(rng, (2, 3, 6, 4))),))


def _first_inside(xp: Any, flat: Any, window: Window, size: Shape, output: Shape) -> Any:
    """Which element of each window is the largest; padding is never taken."""
    index = xp.argmax(flat, axis=-1)
    if not any(window.padding):
        return index
    inside = window.view(xp, window.pad(xp, xp.ones((1, 1, *size), bool)), output)
    inside = inside.reshape(1, 1, *output, window.area)
    first = xp.broadcast_to(xp.argmax(inside, axis=-1), index.shape)
    taken = xp.take_along_axis(xp.broadcast_to(inside, flat.shape), index[..., None], -1)[..., 0]
    return xp.where(taken, index, first)


def _distinct(rng: np.random.Generator, shape: Shape, dtype: Any = dt.float32) -> Any:
    """Values with gaps, so that no tie makes a gradient ambiguous."""
    count = int(np.prod(shape))
    values = rng.permutation(count).reshape(shape) * (2.0 / max(count, 1)) - 1.0
    return values.astype(dtype)


class MaxPoolBackward(_Pooling):
    """The gradient of max pooling's input: each dy goes to the element its window took."""

    without = {**_Pooling.without, "broadcast": "dy and index are of one shape"}

    attrs = {"size": (), **_Pooling.attrs}

    def infer(
        self, dy: TensorType, index: TensorType, *, size: Shape, **sizes: Shape
    ) -> TensorType:
        shape = self.unpooled(dy, size, **sizes)
        _check_index(self, dy, index, self.window(dy.ndim, **sizes))
        return dy.with_shape(shape)

    def kernel(self, xp: Any, dy: Any, index: Any, *, size: Shape, **sizes: Shape) -> Any:
        window = self.window(dy.ndim, **sizes)
        work = dt.accumulator(dy.dtype)
        padded = xp.zeros((*dy.shape[:2], *window.padded_size(size)), work)
        for number, place in window.positions(dy.shape[2:]):
            padded[(slice(None), slice(None), *place)] += xp.where(index == number, dy, 0)
        return xp.ascontiguousarray(window.crop(padded, size)).astype(dy.dtype, copy=False)

    def grad(self, call: Call, u: Any) -> tuple[Any, ...]:
        sizes = {key: getattr(call.attrs, key) for key in _Pooling.attrs}
        return max_pool_take(u, call.inputs[1], **sizes), None

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for x, (y, index), sizes in _index_cases(self.dtypes, rng):
            yield Sample((draw(rng, y.shape, y.dtype), index), {"size": x.shape[2:], **sizes})
        y = strided(draw(rng, (2, 3, 2, 2)))
        yield Sample((y, np.zeros(y.shape, "uint8")), {"size": (4, 4)})


class MaxPoolTake(_Pooling):
    """From each window the element of the given number: the transpose of max_pool_backward."""

    def infer(self, x: TensorType, index: TensorType, **sizes: Shape) -> TensorType:
        y = x.with_shape(self.pooled(x, **sizes))
        _check_index(self, y, index, self.window(x.ndim, **sizes))
        return y

    def kernel(self, xp: Any, x: Any, index: Any, **sizes: Shape) -> Any:
        window = self.window(x.ndim, **sizes)
        output = window.output(self.name, x.shape[2:])
        flat = window.view(xp, window.pad(xp, x), output).reshape(*index.shape, window.area)
        return xp.take_along_axis(flat, index[..., None].astype(np.int64), -1)[..., 0]

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        x, index = call.inputs
        dx = max_pool_backward(dy, index, size=x.type.shape[2:], **vars(call.attrs))
        return dx, None

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for x, (_, index), sizes in _index_cases(self.dtypes, rng):
            yield Sample((x, index), sizes)
        yield Sample((strided(draw(rng, (2, 3, 4, 4))), np.zeros((2, 3, 2, 2), "uint8")))


def _check_index(op: OpDef, y: TensorType, index: TensorType, window: Window) -> None:
    if index.shape != y.shape:
        raise ShapeError(f"[{op.name}] index must have shape {y.shape}; got {index.shape}")
    if index.dtype != index_dtype(window):
        raise DTypeError(
            f"[{op.name}] index must be {index_dtype(window).name}; got {index.dtype.name}"
        )


def _index_cases(dtypes: Any, rng: np.random.Generator) -> Iterator[tuple[Any, Any, Any]]:
    cases: list[tuple[Shape, dict[str, Any], Any]]
    cases = [((2, 3, 4, 4), dict(_Pooling.attrs), d) for d in dtypes]
    cases += [(shape, sizes, dt.float32) for shape, sizes in _CASES]
    for shape, sizes, dtype in cases:
        x = _distinct(rng, shape, dtype)
        yield x, max_pool.kernel(np, x, **sizes), sizes


class AveragePool(_Pooling):
    """The mean of each window: `average` counts the padding in, the other mode leaves it out."""

    attrs = {**_Pooling.attrs, "mode": "average_count_exclude_padding"}
    choices = {"mode": MODES}

    def infer(self, x: TensorType, *, mode: str, **sizes: Shape) -> TensorType:
        _check_mode(self.name, mode)
        return x.with_shape(self.pooled(x, **sizes))

    def kernel(self, xp: Any, x: Any, *, mode: str, **sizes: Shape) -> Any:
        window = self.window(x.ndim, **sizes)
        output = window.output(self.name, x.shape[2:])
        work = dt.accumulator(x.dtype)
        padded = window.pad(xp, x.astype(work, copy=False))
        total = xp.zeros((*x.shape[:2], *output), work)
        for _, place in window.positions(output):
            total += padded[(slice(None), slice(None), *place)]
        total /= _counts(xp, window, x.shape[2:], output, mode, work)
        return total.astype(x.dtype, copy=False)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        size = call.inputs[0].type.shape[2:]
        return (average_pool_backward(dy, size=size, **vars(call.attrs)),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (2, 3, 4, 4), dtype),))
        for shape, sizes in _CASES:
            for mode in MODES:
                yield Sample((draw(rng, shape),), {**sizes, "mode": mode})
        yield Sample((strided(draw(rng, (2, 3, 6, 4))),))

    def bad_samples(self) -> Iterator[BadSample]:
        yield from super().bad_samples()
        x = np.ones((1, 1, 4, 4), "float32")
        yield BadSample((x,), "mode is one of", {"mode": "median"})
        yield BadSample((x,), "half the kernel", {"padding": (2, 0)})


class AveragePoolBackward(_Pooling):
    """The gradient of average pooling's input of spatial `size`."""

    attrs = {"size": (), **AveragePool.attrs}
    choices = {"mode": MODES}

    def infer(self, dy: TensorType, *, size: Shape, mode: str, **sizes: Shape) -> TensorType:
        _check_mode(self.name, mode)
        return dy.with_shape(self.unpooled(dy, size, **sizes))

    def kernel(self, xp: Any, dy: Any, *, size: Shape, mode: str, **sizes: Shape) -> Any:
        window = self.window(dy.ndim, **sizes)
        output = dy.shape[2:]
        work = dt.accumulator(dy.dtype)
        share = dy.astype(work, copy=False) / _counts(xp, window, size, output, mode, work)
        padded = xp.zeros((*dy.shape[:2], *window.padded_size(size)), work)
        for _, place in window.positions(output):
            padded[(slice(None), slice(None), *place)] += share
        return xp.ascontiguousarray(window.crop(padded, size)).astype(dy.dtype, copy=False)

    def grad(self, call: Call, u: Any) -> tuple[Any, ...]:
        attrs = {key: getattr(call.attrs, key) for key in AveragePool.attrs}
        return (average_pool(u, **attrs),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (2, 3, 2, 2), dtype),), {"size": (4, 5)})
        for shape, sizes in _CASES:
            window = self.window(len(shape), **sizes)
            pooled = (*shape[:2], *window.output(self.name, shape[2:]))
            for mode in MODES:
                attrs = {"size": shape[2:], **sizes, "mode": mode}
                yield Sample((draw(rng, pooled),), attrs)
        yield Sample((strided(draw(rng, (2, 3, 2, 2))),), {"size": (4, 4)})


def _check_mode(name: str, mode: str) -> None:
    if mode not in MODES:
        raise ArgumentError(f"[{name}] mode is one of {', '.join(MODES)}; got {mode!r}")


def _counts(xp: Any, window: Window, size: Shape, output: Shape, mode: str, dtype: Any) -> Any:
    """By how many elements each window's sum is divided."""
    if mode == "average" or not any(window.padding):
        return xp.asarray(window.area, dtype)
    inside = window.pad(xp, xp.ones((1, 1, *size), dtype))
    counts = xp.zeros((1, 1, *output), dtype)
    for _, place in window.positions(output):
        counts += inside[(slice(None), slice(None), *place)]
    return counts


max_pool = MaxPool("max_pool")
max_pool_backward = MaxPoolBackward("max_pool_backward")
max_pool_take = MaxPoolTake("max_pool_take")
average_pool = AveragePool("average_pool")
average_pool_backward = AveragePoolBackward("average_pool_backward")
