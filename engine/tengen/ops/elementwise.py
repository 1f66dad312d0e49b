"""Elementwise arithmetic with broadcasting: one row of the table is one operator.

Operands have one data type; mixing is the interface's business, which casts first.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import DTypeError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from .sampling import elementwise_samples
from .shape import sum_to

Rule = Callable[..., tuple[Any, ...]]


def broadcast_shape(name: str, *types: TensorType) -> Shape:
    """The common shape of operands under NumPy's rule. Raises ShapeError naming both shapes."""
    shape = types[0].shape
    for other in types[1:]:
        if other.shape == shape:
            continue
        wide = max(len(shape), len(other.shape))
        left = (1,) * (wide - len(shape)) + shape
        right = (1,) * (wide - len(other.shape)) + other.shape
        dims = []
        for a, b in zip(left, right, strict=True):
            if a != b and a != 1 and b != 1:
                raise ShapeError(
                    f"[{name}] shapes {types[0].shape} and {other.shape} do not broadcast:"
                    f" {a} against {b}"
                )
            dims.append(b if a == 1 else a)
        shape = tuple(dims)
    return shape


def same_dtype(name: str, *types: TensorType) -> None:
    """Raise DTypeError unless all operands have one data type."""
    if any(t.dtype != types[0].dtype for t in types):
        names = " and ".join(t.dtype.name for t in types)
        raise DTypeError(f"[{name}] operands have the types {names}; cast one with astype()")


def reduced_to(value: Any, shape: Shape) -> Any:
    """Sum a gradient over the axes that broadcasting had added or stretched."""
    return value if value.type.shape == shape else sum_to(value, shape=shape)


class Elementwise(OpDef):
    """`fn(xp)` gives the array function; `rule(call, dy)` the gradients before broadcasting."""

    elementwise = True
    destination = True
    arity = 1
    low, high = -2.0, 2.0
    result: Any = None
    fn: Callable[..., Any]
    rule: Rule | None = None

    def __init__(self, name: str, fn: Callable[..., Any], dtypes: Any, **fields: Any):
        fields.setdefault("differentiable", fields.get("rule") is not None)
        super().__init__(name, fn=fn, dtypes=tuple(dtypes), **fields)

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        require_dtypes(self.name, self.dtypes, types[0])
        same_dtype(self.name, *types)
        out = self.result or types[0].dtype
        return types[0].make(broadcast_shape(self.name, *types), out)

    def kernel(self, xp: Any, *arrays: Any, out: Any = None, **attrs: Any) -> Any:
        return self.fn(xp, *arrays, out=out, **attrs)

    def grad(self, call: Call, *dys: Any) -> tuple[Any, ...]:
        if self.rule is None:
            return super().grad(call, *dys)
        grads = self.rule(call, *dys)
        return tuple(
            None if g is None else reduced_to(g, x.type.shape)
            for g, x in zip(grads, call.inputs, strict=True)
        )

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        yield from elementwise_samples(rng, self.arity, self.dtypes, self.low, self.high)

    def bad_samples(self) -> Iterator[BadSample]:
        if self.arity > 1:
            a, b = np.ones((2, 3), "float32"), np.ones((4,), "float32")
            rest = (b,) * (self.arity - 1)
            yield BadSample((a.astype(self.dtypes[-1]), *[x.astype(self.dtypes[-1]) for x in rest]),
                            "do not broadcast")  # fmt: skip


def ufunc(name: str) -> Callable[..., Any]:
    """The array function `xp.name`, taking `out`."""

    def fn(xp: Any, *arrays: Any, out: Any = None) -> Any:
        return getattr(xp, name)(*arrays, out=out)

    return fn


def _add(xp: Any, x: Any, y: Any, out: Any = None) -> Any:
    return xp.add(x, y, out=out)


def _sub(xp: Any, x: Any, y: Any, out: Any = None) -> Any:
    return xp.subtract(x, y, out=out)


def _mul(xp: Any, x: Any, y: Any, out: Any = None) -> Any:
    return xp.multiply(x, y, out=out)


def _div_rule(call: Call, dy: Any) -> tuple[Any, ...]:
    x, y = call.inputs
    dx = div(dy, y)
    return dx, neg(mul(dx, div(x, y))) if call.needs(1) else None


NUMBERS = dt.INTEGERS + dt.FLOATS + dt.COMPLEX

add = Elementwise("add", _add, NUMBERS, arity=2, rule=lambda call, dy: (dy, dy))
sub = Elementwise("sub", _sub, NUMBERS, arity=2, rule=lambda call, dy: (dy, neg(dy)))
mul = Elementwise(
    "mul",
    _mul,
    NUMBERS,
    arity=2,
    rule=lambda call, dy: (
        mul(dy, call.inputs[1]) if call.needs(0) else None,
        mul(dy, call.inputs[0]) if call.needs(1) else None,
    ),
)
div = Elementwise(
    "div", ufunc("true_divide"), dt.FLOATS + dt.COMPLEX, arity=2, rule=_div_rule, low=0.5, high=2.5
)
neg = Elementwise(
    "neg", ufunc("negative"), dt.SIGNED + dt.FLOATS + dt.COMPLEX, rule=lambda call, dy: (neg(dy),)
)
