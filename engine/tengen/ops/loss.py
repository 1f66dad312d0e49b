"""Class indices against scores: cross entropy, picking along an axis, one-hot vectors."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, DTypeError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from .elementwise import affine, mul, sub
from .reduce import spread
from .reduce import sum as reduce_sum
from .sampling import draw, strided
from .shape import normalize_axis
from .softmax import softmax, softmax_backward
from .value_checks import looks_at_values

INDEX = (dt.int32, dt.int64)


def _without_axis(name: str, x: TensorType, axis: int) -> tuple[int, Shape]:
    """The axis counted from the front, and x's shape without it."""
    place = normalize_axis(name, axis, x.ndim)
    return place, x.shape[:place] + x.shape[place + 1 :]


def _check_index(name: str, what: str, index: TensorType, shape: Shape) -> None:
    if index.dtype not in INDEX:
        raise DTypeError(f"[{name}] {what} takes int32 or int64; got {index.dtype.name}")
    if index.shape != shape:
        raise ShapeError(f"[{name}] {what} must have shape {shape}; got {index.shape}")


def inside(xp: Any, name: str, what: str, index: Any, count: int) -> None:
    """Raise ArgumentError unless every index is in [0, count)."""
    if index.size and looks_at_values(xp):
        low, high = int(xp.min(index)), int(xp.max(index))
        if low < 0 or high >= count:
            wrong = low if low < 0 else high
            raise ArgumentError(f"[{name}] {what} must be in [0, {count}); got {wrong}")


def _one_hot(xp: Any, index: Any, axis: int, count: int) -> Any:
    shape = [1] * (index.ndim + 1)
    shape[axis] = count
    return xp.expand_dims(index, axis) == xp.arange(count).reshape(shape)


class _Labelled(OpDef):
    """Operators over scores x and class labels along `axis`."""

    attrs: dict[str, Any] = {"axis": 1, "label_smooth": 0.0}
    dtypes = dt.FLOATS
    without = {"0-d": "the classes lie along an axis"}

    def labelled(self, x: TensorType, label: TensorType, axis: int, label_smooth: float) -> Shape:
        """The shape of the loss, checked."""
        require_dtypes(self.name, self.dtypes, x)
        if x.ndim == 0:
            raise ShapeError(f"[{self.name}] pred needs an axis of classes; got a 0-d tensor")
        _, shape = _without_axis(self.name, x, axis)
        _check_index(self.name, "label", label, shape)
        if not 0 <= label_smooth <= 1:
            raise ArgumentError(f"[{self.name}] label_smooth is in [0, 1]; got {label_smooth}")
        return shape

    def cases(self, rng: np.random.Generator) -> Iterator[tuple[Any, Any, dict[str, Any]]]:
        """Scores, labels and attributes for the samples."""
        for dtype in self.dtypes:
            yield draw(rng, (4, 5), dtype), rng.integers(0, 5, 4).astype("int32"), {}
        for axis in (0, 1, -1):
            for smooth in (0.0, 0.1):
                x = draw(rng, (2, 3, 4))
                shape = np.delete(x.shape, axis)
                label = rng.integers(0, x.shape[axis], shape)
                yield x, label, {"axis": axis, "label_smooth": smooth}
        for smooth in (0.0, 0.2):
            wide = rng.integers(0, 80, 64)
            yield draw(rng, (64, 80)), wide, {"label_smooth": smooth}
        yield draw(rng, (0, 3)), np.zeros(0, "int32"), {}
        yield strided(draw(rng, (4, 6))), rng.integers(0, 6, 4).astype("int32"), {}

    def bad_samples(self) -> Iterator[BadSample]:
        x, label = np.ones((4, 5), "float32"), np.zeros(4, "int32")
        rest = (np.ones(4, "float32"),) if self.name.endswith("backward") else ()
        yield BadSample((x, label[:3], *rest), "label must have shape (4,)")
        yield BadSample((x, label.astype("float32"), *rest), "label takes int32 or int64")
        yield BadSample((x, label + 5, *rest), "label must be in [0, 5); got 5")
        yield BadSample((x, label - 1, *rest), "got -1")
        yield BadSample((x, label, *rest), "label_smooth is in [0, 1]", {"label_smooth": 2.0})


class CrossEntropy(_Labelled):
    """-log softmax(x)[label] for each place; smoothing mixes the label with an even spread.

    The share of the label is 1 - a, each of the K classes gets a / K more (Szegedy et al.,
    "Rethinking the Inception Architecture", 2016, section 7).
    """

    def infer(self, x: TensorType, label: TensorType, **attrs: Any) -> TensorType:
        return x.with_shape(self.labelled(x, label, **attrs))

    def kernel(self, xp: Any, x: Any, label: Any, *, axis: int, label_smooth: float) -> Any:
        axis = normalize_axis(self.name, axis, x.ndim)
        inside(xp, self.name, "label", label, x.shape[axis])
        wide = x.astype(dt.accumulator(x.dtype), copy=False)
        wide = wide - xp.max(wide, axis=axis, keepdims=True)
        total = xp.log(xp.sum(xp.exp(wide), axis=axis))
        picked = xp.take_along_axis(wide, xp.expand_dims(label, axis), axis)
        target = xp.squeeze(picked, axis)
        if label_smooth:
            target = (1 - label_smooth) * target + label_smooth * xp.mean(wide, axis=axis)
        return (total - target).astype(x.dtype)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return cross_entropy_backward(*call.inputs, dy, **vars(call.attrs)), None

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for x, label, attrs in self.cases(rng):
            yield Sample((x, label), attrs)


class CrossEntropyBackward(_Labelled):
    """(softmax(x) - target) * dy: the gradient of cross_entropy's scores."""

    def infer(self, x: TensorType, label: TensorType, dy: TensorType, **attrs: Any) -> TensorType:
        shape = self.labelled(x, label, **attrs)
        if dy.shape != shape or dy.dtype != x.dtype:
            expected = x.with_shape(shape)
            raise ShapeError(f"[{self.name}] dy must be {expected}; got {dy}")
        return x.with_shape(x.shape)

    def kernel(
        self, xp: Any, x: Any, label: Any, dy: Any, *, axis: int, label_smooth: float
    ) -> Any:
        axis = normalize_axis(self.name, axis, x.ndim)
        inside(xp, self.name, "label", label, x.shape[axis])
        wide = x.astype(dt.accumulator(x.dtype), copy=False)
        e = xp.exp(wide - xp.max(wide, axis=axis, keepdims=True))
        e /= xp.sum(e, axis=axis, keepdims=True)
        if label_smooth:
            e -= label_smooth / x.shape[axis]
        place = xp.expand_dims(label, axis)
        at_label = xp.take_along_axis(e, place, axis) - (1 - label_smooth)
        xp.put_along_axis(e, place, at_label, axis)
        e *= xp.expand_dims(dy.astype(wide.dtype, copy=False), axis)
        return e.astype(x.dtype, copy=False)

    def grad(self, call: Call, u: Any) -> tuple[Any, ...]:
        x, label, dy = call.inputs
        axis = normalize_axis(self.name, call.attrs.axis, x.type.ndim)
        dx = ddy = None
        p = softmax(x, axis=(axis,))
        if call.needs(2):
            smooth = call.attrs.label_smooth
            ddy = reduce_sum(mul(u, p), axis=(axis,))
            ddy = sub(ddy, affine(pick(u, label, axis=axis), scale=1.0 - smooth))
            if smooth:
                even = reduce_sum(u, axis=(axis,))
                ddy = sub(ddy, affine(even, scale=smooth / x.type.shape[axis]))
        if call.needs(0):
            dx = mul(softmax_backward(p, u, axis=(axis,)), spread(dy, x, (axis,)))
        return dx, None, ddy

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for x, label, attrs in self.cases(rng):
            yield Sample((x, label, draw(rng, label.shape, x.dtype)), attrs)


class Pick(OpDef):
    """From each place along `axis` the element of the given index; the axis goes."""

    attrs: dict[str, Any] = {"axis": 1}
    dtypes = dt.ALL
    without = {"0-d": "the index runs along an axis"}

    def infer(self, x: TensorType, index: TensorType, *, axis: int) -> TensorType:
        _, shape = _without_axis(self.name, x, axis)
        _check_index(self.name, "index", index, shape)
        return x.with_shape(shape)

    def kernel(self, xp: Any, x: Any, index: Any, *, axis: int) -> Any:
        axis = normalize_axis(self.name, axis, x.ndim)
        inside(xp, self.name, "index", index, x.shape[axis])
        return xp.squeeze(xp.take_along_axis(x, xp.expand_dims(index, axis), axis), axis)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        x, index = call.inputs
        axis = normalize_axis(self.name, call.attrs.axis, x.type.ndim)
        return pick_backward(dy, index, axis=axis, size=x.type.shape[axis]), None

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (4, 5), dtype), rng.integers(0, 5, 4)))
        for axis in (0, 1, -1):
            x = draw(rng, (2, 3, 4))
            index = rng.integers(0, x.shape[axis], np.delete(x.shape, axis)).astype("int32")
            yield Sample((x, index), {"axis": axis})
        yield Sample((draw(rng, (0, 3)), np.zeros(0, "int32")))
        yield Sample((strided(draw(rng, (4, 6))), rng.integers(0, 6, 4)))

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((4, 5), "float32")
        yield BadSample((x, np.zeros(3, "int32")), "index must have shape (4,)")
        yield BadSample((x, np.full(4, 7, "int32")), "index must be in [0, 5); got 7")


class PickBackward(OpDef):
    """Zeros with a new axis of `size`, except dy at the given index of each place."""

    attrs: dict[str, Any] = {"axis": 1, "size": 1}
    dtypes = dt.FLOATS + dt.COMPLEX

    def infer(self, dy: TensorType, index: TensorType, *, axis: int, size: int) -> TensorType:
        require_dtypes(self.name, self.dtypes, dy)
        place = normalize_axis(self.name, axis, dy.ndim + 1)
        _check_index(self.name, "index", index, dy.shape)
        return dy.with_shape((*dy.shape[:place], size, *dy.shape[place:]))

    def kernel(self, xp: Any, dy: Any, index: Any, *, axis: int, size: int) -> Any:
        axis = normalize_axis(self.name, axis, dy.ndim + 1)
        inside(xp, self.name, "index", index, size)
        made = xp.zeros((*dy.shape[:axis], size, *dy.shape[axis:]), dy.dtype)
        xp.put_along_axis(made, xp.expand_dims(index, axis), xp.expand_dims(dy, axis), axis)
        return made

    def grad(self, call: Call, u: Any) -> tuple[Any, ...]:
        return pick(u, call.inputs[1], axis=call.attrs.axis), None

    without = {"broadcast": "dy and index are of one shape"}

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (4,), dtype), rng.integers(0, 5, 4)), {"axis": 1, "size": 5})
        for axis in (0, 1, 2):
            parts = draw(rng, (2, 3)), rng.integers(0, 4, (2, 3)).astype("int32")
            yield Sample(parts, {"axis": axis, "size": 4})
        yield Sample((draw(rng, (0, 3)), np.zeros((0, 3), "int32")), {"size": 4})
        yield Sample((draw(rng, ()), np.asarray(2)), {"axis": 0, "size": 3})
        index = rng.integers(0, 3, (4, 6))
        yield Sample((strided(draw(rng, (4, 6))), index), {"size": 3})

    def bad_samples(self) -> Iterator[BadSample]:
        dy = np.ones(4, "float32")
        yield BadSample((dy, np.zeros(3, "int32")), "index must have shape (4,)", {"size": 2})


class OneHot(OpDef):
    """A last axis of `num_classes` that is 1 at the index and 0 elsewhere, in the index's type."""

    attrs = {"num_classes": 1}
    dtypes = dt.INTEGERS
    differentiable = False

    def infer(self, index: TensorType, *, num_classes: int) -> TensorType:
        require_dtypes(self.name, self.dtypes, index)
        return index.with_shape((*index.shape, num_classes))

    def kernel(self, xp: Any, index: Any, *, num_classes: int) -> Any:
        inside(xp, self.name, "index", index, num_classes)
        return _one_hot(xp, index, index.ndim, num_classes).astype(index.dtype)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((rng.integers(0, 4, (3, 2)).astype(dtype),), {"num_classes": 4})
        yield Sample((np.zeros((0, 3), "int32"),), {"num_classes": 5})
        yield Sample((np.asarray(1, "int32"),), {"num_classes": 2})
        yield Sample((strided(rng.integers(0, 4, (4, 6))),), {"num_classes": 4})

    def bad_samples(self) -> Iterator[BadSample]:
        index = np.asarray([0, 3], "int32")
        yield BadSample((index,), "index must be in [0, 3); got 3", {"num_classes": 3})
        yield BadSample((index.astype("float32"),), "takes int8", {"num_classes": 3})


cross_entropy = CrossEntropy("cross_entropy")
cross_entropy_backward = CrossEntropyBackward("cross_entropy_backward")
pick = Pick("pick")
pick_backward = PickBackward("pick_backward")
one_hot = OneHot("one_hot")
