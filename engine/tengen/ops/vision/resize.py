"""Resizing along the spatial axes of (N, C, ...): linear in the image, with its transpose.

Both are weighted sums of a few elements along one axis after another; the transpose gathers,
for each input element, the outputs that had read it.
"""

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...base import dtype as dt
from ...base.errors import ArgumentError, ShapeError
from ...graph.infer import require_dtypes
from ...graph.opdef import BadSample, Call, OpDef, Sample
from ...graph.types import Shape, TensorType
from ..sampling import draw, strided
from .taps import METHODS, bordered, taps

Taps = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


@functools.lru_cache(maxsize=512)
def axis_taps(size: int, target: int, mode: str, align_corners: bool) -> Taps:
    """For resizing `size` to `target` elements: the elements read and their weights (K, target)."""
    step = np.arange(target, dtype=np.int64)
    if mode == "nearest":
        # Whole numbers throughout: a quotient in floats may fall short of the exact element.
        return (step * size // target)[None], np.ones((1, target))
    if align_corners:
        position = step * ((size - 1) / (target - 1) if target > 1 else 0.0)
    else:
        position = (step + 0.5) * (size / target) - 0.5
    found = taps(np, position, mode)
    index = np.stack([bordered(np, pixel, size, "replicate")[0] for pixel, _ in found])
    return index, np.stack([weight for _, weight in found])


@functools.lru_cache(maxsize=512)
def transposed_taps(size: int, target: int, mode: str, align_corners: bool) -> Taps:
    """The taps of the transpose: for each of `size` elements, the outputs that read it."""
    index, weight = axis_taps(size, target, mode, align_corners)
    reader = np.broadcast_to(np.arange(target), index.shape).reshape(-1)
    order = np.argsort(index.reshape(-1), kind="stable")
    element = index.reshape(-1)[order]
    count = np.bincount(element, minlength=size)
    slot = np.arange(element.size) - np.repeat(np.cumsum(count) - count, count)
    readers = np.zeros((int(count.max(initial=1)), size), np.int64)
    weights = np.zeros(readers.shape)
    readers[slot, element] = reader[order]
    weights[slot, element] = weight.reshape(-1)[order]
    return readers, weights


_copies: dict[tuple[int, int], tuple[Any, Any]] = {}


def beside(xp: Any, x: Any, table: Any) -> Any:
    """A host array that lives on, on the GPU that holds `x`: copied once, then kept."""
    key = (id(table), x.device.id)
    if key not in _copies:
        if len(_copies) >= 512:
            _copies.clear()
        _copies[key] = table, xp.asarray(table)  # with the table, so that no other takes its id
    return _copies[key][1]


def along(xp: Any, x: Any, axis: int, found: Taps) -> Any:
    """The weighted sums of elements along one axis."""
    index, weight = found if xp is np else [beside(xp, x, array) for array in found]
    shape = [1] * x.ndim
    shape[axis] = -1
    total = None
    for places, weights in zip(index, weight, strict=True):
        part = xp.take(x, places, axis=axis)
        part *= weights.astype(x.dtype).reshape(shape)
        if total is None:
            total = part
        else:
            total += part
    return total


class _Resizing(OpDef):
    """What both share: attributes, checks and the walk over the axes."""

    attrs = {"size": (), "mode": "linear", "align_corners": False}
    dtypes = dt.FLOATS
    choices = {"mode": METHODS, "align_corners": (False, True)}
    without = {"0-d": "there is a batch and a channel axis"}

    def infer(self, x: TensorType, *, size: Shape, mode: str, align_corners: bool) -> TensorType:
        require_dtypes(self.name, self.dtypes, x)
        if mode not in METHODS:
            raise ArgumentError(f"[{self.name}] mode is one of {', '.join(METHODS)}; got {mode!r}")
        if x.ndim != len(size) + 2:
            raise ShapeError(
                f"[{self.name}] the size {size} goes with {len(size) + 2} axes (N, C, ...); got"
                f" shape {x.shape}"
            )
        if min(size, default=1) < 1 or 0 in x.shape[2:]:
            raise ShapeError(
                f"[{self.name}] sizes are at least 1; got {x.shape[2:]} and {tuple(size)}"
            )
        return x.with_shape((*x.shape[:2], *size))

    def walk(self, xp: Any, x: Any, size: Shape, pick: Any) -> Any:
        """`x` with one axis after another brought to `size`, those that shrink most first."""
        dtype = x.dtype
        x = x.astype(dt.accumulator(dtype), copy=False)
        axes = sorted(range(len(size)), key=lambda a: size[a] / x.shape[a + 2])
        for axis in axes:
            if x.shape[axis + 2] != size[axis]:
                x = along(xp, x, axis + 2, pick(x.shape[axis + 2], size[axis]))
        return xp.array(x, dtype=dtype)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (2, 2, 3, 4), dtype),), {"size": (5, 3)})
        for mode in METHODS:
            for align in (False, True):
                for size in ((4, 7), (2, 3), (1, 5)):
                    attrs = {"size": size, "mode": mode, "align_corners": align}
                    yield Sample((draw(rng, (1, 2, 3, 4)),), attrs)
        yield Sample((draw(rng, (2, 1, 5)),), {"size": (3,)})
        yield Sample((draw(rng, (1, 2, 3, 2, 4)),), {"size": (2, 5, 3)})
        yield Sample((draw(rng, (0, 2, 3, 4)),), {"size": (4, 4)})
        yield Sample((strided(draw(rng, (1, 2, 3, 4))),), {"size": (5, 6)})

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((1, 2, 3, 4), "float32")
        yield BadSample((x,), "goes with 3 axes", {"size": (4,)})
        yield BadSample((x,), "sizes are at least 1", {"size": (4, 0)})
        yield BadSample((x,), "mode is one of", {"size": (4, 4), "mode": "area"})


class Resize(_Resizing):
    """The image at another size.

    Elements are squares whose outer edges meet, or with `align_corners` points of which the
    outer ones meet; beyond the edge lies the edge's value. "nearest" takes element
    floor(i * old / new).
    """

    def kernel(self, xp: Any, x: Any, *, size: Shape, mode: str, align_corners: bool) -> Any:
        return self.walk(xp, x, size, lambda old, new: axis_taps(old, new, mode, align_corners))

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        how = {**vars(call.attrs), "size": call.inputs[0].type.shape[2:]}
        return (resize_transpose(dy, **how),)


class ResizeTranspose(_Resizing):
    """The transpose of resizing an image of `size` to the size of the input."""

    def kernel(self, xp: Any, x: Any, *, size: Shape, mode: str, align_corners: bool) -> Any:
        return self.walk(
            xp, x, size, lambda new, old: transposed_taps(old, new, mode, align_corners)
        )

    def grad(self, call: Call, u: Any) -> tuple[Any, ...]:
        return (resize(u, **{**vars(call.attrs), "size": call.inputs[0].type.shape[2:]}),)


resize = Resize()
resize_transpose = ResizeTranspose("resize_transpose")
