"""The rules of indexing by arrays: shapes, places, NumPy's key, and calls for the tests.

`indices` stand for `axes` of the tensor and broadcast together to the lead shape. The lead axes
take the place of the indexed ones if those are neighbours, and else (or with `front`) come first,
as in NumPy. With `grid` one index of the tensor's rank runs along one axis, and every other axis
counts along with it. Negative numbers count from the end; a number out of range raises
IndexingError.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import DTypeError, IndexingError, ShapeError
from ..graph.opdef import Sample
from ..graph.types import Shape, TensorType
from .sampling import strided
from .value_checks import looks_at_values

ATTRS: dict[str, Any] = {"axes": (0,), "front": False, "grid": False}
Axes = tuple[int, ...]


def lead_shape(name: str, shape: Shape, indices: tuple[TensorType, ...], axes: Axes, grid: bool):
    """The shape the indices broadcast to. Raises where they do not, or fit no axis."""
    for index in indices:
        if not dt.is_integer(index.dtype):
            raise DTypeError(f"[{name}] an index holds whole numbers; got {index.dtype.name}")
    if len(axes) != len(indices) or any(not 0 <= a < len(shape) for a in axes):
        raise IndexingError(f"[{name}] {len(indices)} indices for axes {axes} of shape {shape}")
    if grid:
        (index,), (axis,) = indices, axes
        fits = index.ndim == len(shape) and all(
            i == axis or d is None or s is None or d <= s
            for i, (d, s) in enumerate(zip(index.shape, shape, strict=False))
        )
        if not fits:
            raise ShapeError(
                f"[{name}] an index of shape {index.shape} does not run along axis {axis} of"
                f" {shape}: the ranks must agree, and no other axis may be longer"
            )
        return index.shape
    try:
        return broadcast(*[i.shape for i in indices])
    except ValueError:
        shapes = ", ".join(str(i.shape) for i in indices)
        raise IndexingError(f"[{name}] indices of shapes {shapes} do not broadcast") from None


def broadcast(*shapes: Shape) -> Shape:
    """The common shape under NumPy's rule, unknown dimensions (None) included."""
    wide = max(len(s) for s in shapes)
    dims: list[Any] = []
    for column in zip(*[(1,) * (wide - len(s)) + s for s in shapes], strict=True):
        found = {d for d in column if d != 1}
        known = found - {None}
        if len(known) > 1:
            raise ValueError(shapes)
        dims.append(known.pop() if known else None if found else 1)
    return tuple(dims)


def place(axes: Axes, front: bool) -> int:
    """Where the lead axes go in the result."""
    neighbours = axes == tuple(range(axes[0], axes[0] + len(axes)))
    return axes[0] if neighbours and not front else 0


def taken_shape(name: str, shape: Shape, indices: Any, axes: Axes, front: bool, grid: bool):
    """The shape that a read gives and a write takes, and the lead shape within it."""
    lead = lead_shape(name, shape, indices, axes, grid)
    if grid:
        return lead, lead
    rest = tuple(d for i, d in enumerate(shape) if i not in axes)
    at = place(axes, front)
    return rest[:at] + lead + rest[at:], lead


def numpy_key(
    name: str, xp: Any, shape: Shape, indices: Any, axes: Axes, grid: bool
) -> tuple[Any, ...]:
    """The index as NumPy takes it. Raises IndexingError for a number out of range.

    On a GPU that would mean to wait for the numbers, so there they are looked at only with
    `config.synchronous`; one out of range wraps around otherwise.
    """
    looking = looks_at_values(xp)
    key: list[Any] = [slice(None)] * len(shape)
    if grid:
        key = list(xp.ogrid[tuple(slice(n) for n in indices[0].shape)])
    empty = any(index.size == 0 for index in indices)
    for axis, index in zip(axes, indices, strict=True):
        size = shape[axis]
        if looking and not empty:
            least, most = int(index.min()), int(index.max())
            if least < -size or most >= size:
                wrong = most if most >= size else least
                raise IndexingError(
                    f"[{name}] index {wrong} is out of range for axis {axis} of size {size}"
                )
        key[axis] = index.astype(xp.intp, copy=False)
    return tuple(key)


def to_numpy_order(xp: Any, value: Any, axes: Axes, front: bool, grid: bool, lead: int) -> Any:
    """`value` with its lead axes where NumPy's own rule puts them (`front` undone)."""
    at = place(axes, False)
    if grid or not front or at == 0:
        return value
    return xp.moveaxis(value, tuple(range(lead)), tuple(range(at, at + lead)))


def index_samples(rng: np.random.Generator, values: Any, **more: Any) -> Iterator[Sample]:
    """Calls with every placement of the lead axes; `values(shape, taken)`: the first inputs."""

    def sample(shape: Shape, *indices: Any, strides: bool = False, **attrs: Any) -> Sample:
        arrays = tuple(np.asarray(i) for i in indices)
        full = {**ATTRS, **attrs}
        types = tuple(TensorType.of(i.shape, i.dtype) for i in arrays)
        taken = taken_shape("sample", shape, types, full["axes"], full["front"], full["grid"])[0]
        first = values(shape, taken)
        if strides:
            first = tuple(None if v is None else strided(v) for v in first)
        if more:
            attrs["shape"] = shape
        return Sample((*first, *arrays), attrs)

    pair = np.array([[0, 2], [1, -1]]), np.array([1, 1])
    yield sample((3, 4, 2), *pair, axes=(0, 1))
    yield sample((3, 4, 3), *pair, axes=(0, 2))
    yield sample((2, 3, 4), *pair, axes=(1, 2))
    yield sample((2, 3, 4), *pair, axes=(1, 2), front=True)
    yield sample((2, 5), np.array([4, 0, 4], "int64"), axes=(1,), front=True)
    yield sample((2, 5), np.array(3, "uint8"), axes=(1,))
    yield sample((4,), np.array([[1], [1]], "uint64"))
    yield sample((3, 4), np.array([[0, 1, 0], [2, 2, 2]]), axes=(0,), grid=True)
    yield sample((3, 4), np.array([[0, -1], [2, 2], [3, 3]]), axes=(1,), grid=True)
    yield sample((0, 3), np.zeros((0,), "int32"))
    yield sample((4, 3), np.zeros((2, 0), "int32"))
    yield sample((4, 6), np.array([1, 1, 0]), strides=True)
