"""softmax, log_softmax and logsumexp over one or several axes, numerically stable."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from .elementwise import mul, neg, same_dtype, sub
from .reduce import reduced_shape, spread
from .reduce import sum as reduce_sum
from .sampling import draw, strided
from .transcendental import exp


def _shifted(xp: Any, x: Any, axis: Shape) -> tuple[Any, Any]:
    """x less its largest element along `axis`, in the accumulating type, and that element."""
    x = x.astype(dt.accumulator(x.dtype), copy=False)
    if not x.size:
        return x, xp.sum(x, axis=axis, keepdims=True)
    top = xp.max(x, axis=axis, keepdims=True)
    top = xp.where(xp.isfinite(top), top, 0).astype(x.dtype, copy=False)
    return x - top, top


class _AlongAxis(OpDef):
    """Operators of one or two like operands along the axes of the tuple `axis`."""

    attrs: dict[str, Any] = {"axis": (-1,)}
    dtypes = dt.FLOATS
    arity = 1

    def infer(self, *types: TensorType, axis: Shape) -> TensorType:
        require_dtypes(self.name, self.dtypes, types[0])
        same_dtype(self.name, *types)
        reduced_shape(self.name, types[0], axis, True)
        return types[0].with_shape(types[0].shape)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield self.sample(rng, (3, 4), (1,), dtype)
        for axis in ((0,), (1,), (-1,), (0, 2), (0, 1, 2)):
            yield self.sample(rng, (2, 3, 4), axis)
        yield self.sample(rng, (8, 160), (1,))
        yield self.sample(rng, (16, 9, 10), (1,))
        yield self.sample(rng, (0, 3), (1,))
        yield self.sample(rng, (3, 0), (1,))
        yield self.sample(rng, (), ())
        plain = self.sample(rng, (4, 6), (1,))
        yield Sample(tuple(strided(x) for x in plain.inputs), plain.attrs)

    def sample(
        self, rng: np.random.Generator, shape: Shape, axis: Shape, dtype: Any = dt.float32
    ) -> Sample:
        """A call on random operands."""
        return Sample(tuple(draw(rng, shape, dtype) for _ in range(self.arity)), {"axis": axis})

    def bad_samples(self) -> Iterator[BadSample]:
        x = np.ones((2, 3), "float32")
        yield BadSample((x,) * self.arity, "axis 2 does not exist", {"axis": (2,)})
        yield BadSample((x.astype("int32"),) * self.arity, "takes float16")


class _Backward(_AlongAxis):
    """Gradients from the output y and dy."""

    arity = 2
    without = {"broadcast": "y and dy are of one shape"}


class Softmax(_AlongAxis):
    """exp(x) / sum(exp(x)) along `axis`."""

    def kernel(self, xp: Any, x: Any, *, axis: Shape) -> Any:
        e = xp.exp(_shifted(xp, x, axis)[0])
        return (e / xp.sum(e, axis=axis, keepdims=True)).astype(x.dtype, copy=False)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (softmax_backward(call.outputs[0], dy, axis=call.attrs.axis),)


class SoftmaxBackward(_Backward):
    """y * (dy - sum(y * dy)): the gradient of softmax's input."""

    def kernel(self, xp: Any, y: Any, dy: Any, *, axis: Shape) -> Any:
        work = dt.accumulator(y.dtype)
        y, dy, dtype = y.astype(work, copy=False), dy.astype(work, copy=False), y.dtype
        return (y * (dy - xp.sum(y * dy, axis=axis, keepdims=True))).astype(dtype, copy=False)

    def grad(self, call: Call, u: Any) -> tuple[Any, ...]:
        y, dy = call.inputs
        axis = call.attrs.axis
        ddy = softmax_backward(y, u, axis=axis) if call.needs(1) else None
        if not call.needs(0):
            return None, ddy
        centred = sub(dy, _total(mul(y, dy), axis))
        return sub(mul(u, centred), mul(dy, _total(mul(u, y), axis))), ddy


class LogSoftmax(_AlongAxis):
    """x - logsumexp(x) along `axis`."""

    def kernel(self, xp: Any, x: Any, *, axis: Shape) -> Any:
        moved, _ = _shifted(xp, x, axis)
        made = moved - xp.log(xp.sum(xp.exp(moved), axis=axis, keepdims=True))
        return made.astype(x.dtype, copy=False)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        return (log_softmax_backward(call.outputs[0], dy, axis=call.attrs.axis),)


class LogSoftmaxBackward(_Backward):
    """dy - exp(y) * sum(dy): the gradient of log_softmax's input."""

    def kernel(self, xp: Any, y: Any, dy: Any, *, axis: Shape) -> Any:
        work = dt.accumulator(y.dtype)
        wide, dtype = dy.astype(work, copy=False), y.dtype
        total = xp.sum(wide, axis=axis, keepdims=True)
        return (wide - xp.exp(y.astype(work, copy=False)) * total).astype(dtype, copy=False)

    def grad(self, call: Call, u: Any) -> tuple[Any, ...]:
        y, dy = call.inputs
        axis = call.attrs.axis
        weighted = mul(exp(y), u)
        ddy = sub(u, _total(weighted, axis)) if call.needs(1) else None
        dy_y = neg(mul(weighted, _total(dy, axis))) if call.needs(0) else None
        return dy_y, ddy


class LogSumExp(OpDef):
    """log(sum(exp(x))) over `axis`."""

    attrs = {"axis": (-1,), "keepdims": False}
    choices = {"keepdims": (False, True)}
    dtypes = dt.FLOATS

    def infer(self, x: TensorType, *, axis: Shape, keepdims: bool) -> TensorType:
        require_dtypes(self.name, self.dtypes, x)
        return x.with_shape(reduced_shape(self.name, x, axis, keepdims))

    def kernel(self, xp: Any, x: Any, *, axis: Shape, keepdims: bool) -> Any:
        moved, top = _shifted(xp, x, axis)
        total = xp.log(xp.sum(xp.exp(moved), axis=axis, keepdims=True)) + top
        if not keepdims:
            total = xp.squeeze(total, axis)
        return total.astype(x.dtype)

    def grad(self, call: Call, dy: Any) -> tuple[Any, ...]:
        (x,), axis = call.inputs, call.attrs.axis
        return (mul(spread(dy, x, axis), softmax(x, axis=axis)),)

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        for dtype in self.dtypes:
            yield Sample((draw(rng, (3, 4), dtype),))
        for axis in ((0,), (1,), (-1,), (0, 2), (0, 1, 2)):
            for keepdims in (False, True):
                yield Sample((draw(rng, (2, 3, 4)),), {"axis": axis, "keepdims": keepdims})
        yield Sample((draw(rng, (0, 3)),))
        yield Sample((draw(rng, (3, 0)),))
        yield Sample((draw(rng, ()),), {"axis": ()})
        yield Sample((strided(draw(rng, (4, 6))),))

    def bad_samples(self) -> Iterator[BadSample]:
        yield BadSample((np.ones((2, 3), "float32"),), "axis 2 does not exist", {"axis": (2,)})


def _total(value: Any, axis: Shape) -> Any:
    return reduce_sum(value, axis=axis, keepdims=True)


softmax = Softmax("softmax")
softmax_backward = SoftmaxBackward("softmax_backward")
log_softmax = LogSoftmax("log_softmax")
log_softmax_backward = LogSoftmaxBackward("log_softmax_backward")
logsumexp = LogSumExp("logsumexp")
