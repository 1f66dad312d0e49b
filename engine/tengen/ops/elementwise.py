"""Elementwise operators with broadcasting: the base class, and the arithmetic of every number.

One row of a table is one operator. Operands have one data type; mixing is the interface's
business, which casts first.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..base.errors import ArgumentError, DTypeError, ShapeError
from ..graph.infer import require_dtypes
from ..graph.opdef import BadSample, Call, OpDef, Sample
from ..graph.types import Shape, TensorType
from .blocked import on_tiles
from .sampling import elementwise_samples
from .shape import sum_to

Rule = Callable[..., tuple[Any, ...]]

HALVES = frozenset((dt.float16, dt.bfloat16))


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
    """`fn(xp, *arrays, out=None, **attrs)` computes; `rule(call, dy)` gives the gradients before
    broadcasting is undone.

    `result` is the output's data type where it is not the operands'. `low` and `high` bound the
    samples and `variants` are the attributes that they show. `keeps_zero`: zeros give zero, so that
    the padding of a blocked layout stays clean; a function of the attributes may decide.
    """

    elementwise = True
    destination = True
    arity = 1
    low, high = -2.0, 2.0
    result: Any = None
    rule: Rule | None = None
    variants: Sequence[dict[str, Any]] = ({},)
    wrt: tuple[int, ...] | None = None
    tolerance = 1e-5
    keeps_zero: bool | Callable[..., bool] = False

    def __init__(self, name: str, fn: Callable[..., Any], dtypes: Any, **fields: Any):
        fields.setdefault("differentiable", fields.get("rule") is not None)
        super().__init__(name, kernel=fn, dtypes=tuple(dtypes), **fields)
        self.backend("numpy")(on_tiles(self, self.clean))

    def clean(self, attrs: dict[str, Any]) -> bool:
        """Whether zeros give zero under these attributes."""
        found = self.keeps_zero
        return found(**attrs) if callable(found) else found

    def infer(self, *types: TensorType, **attrs: Any) -> TensorType:
        if len(types) != self.arity:
            raise ArgumentError(f"[{self.name}] takes {self.arity} operand(s); got {len(types)}")
        require_dtypes(self.name, self.dtypes, types[0])
        same_dtype(self.name, *types)
        out = self.result or types[0].dtype
        return types[0].make(broadcast_shape(self.name, *types), out)

    def grad(self, call: Call, *dys: Any) -> tuple[Any, ...]:
        if self.rule is None:
            return super().grad(call, *dys)
        grads = self.rule(call, *dys)
        return tuple(
            None if g is None else reduced_to(g, x.type.shape)
            for g, x in zip(grads, call.inputs, strict=True)
        )

    def samples(self, rng: np.random.Generator) -> Iterator[Sample]:
        limits = (self.arity, self.dtypes, self.low, self.high)
        for number, attrs in enumerate(self.variants):
            for sample in elementwise_samples(rng, *limits):
                yield Sample(sample.inputs, attrs, self.wrt, self.tolerance)
                if number:
                    break

    def bad_samples(self) -> Iterator[BadSample]:
        if self.arity > 1:
            a, b = np.ones((2, 3), self.dtypes[-1]), np.ones((4,), self.dtypes[-1])
            yield BadSample((a, *[b] * (self.arity - 1)), "do not broadcast")


def ufunc(name: str) -> Callable[..., Any]:
    """The array function `xp.name` of one or two operands, taking `out`."""

    def fn(xp: Any, *arrays: Any, out: Any = None) -> Any:
        return getattr(xp, name)(*arrays, out=out)

    return fn


def widened(fn: Callable[..., Any]) -> Callable[..., Any]:
    """`fn` computed in float32 for float16 and bfloat16, and rounded back."""

    @functools.wraps(fn)
    def kernel(xp: Any, *arrays: Any, out: Any = None, **attrs: Any) -> Any:
        dtype = arrays[0].dtype
        if dtype not in HALVES:
            return fn(xp, *arrays, out=out, **attrs)
        found = fn(xp, *[a.astype(dt.float32) for a in arrays], **attrs)
        if out is None:
            return xp.asarray(found).astype(dtype)
        out[...] = found
        return out

    return kernel


quiet = np.errstate(all="ignore")
"""Decorates array functions whose infinities and NaNs are results, not accidents."""


def conjugated(value: Any) -> Any:
    """The complex conjugate; a real value is its own."""
    return conj(value) if dt.is_complex(value.type.dtype) else value


def _add(xp: Any, x: Any, y: Any, out: Any = None) -> Any:
    return xp.add(x, y, out)


def _sub(xp: Any, x: Any, y: Any, out: Any = None) -> Any:
    return xp.subtract(x, y, out)


def _mul(xp: Any, x: Any, y: Any, out: Any = None) -> Any:
    return xp.multiply(x, y, out)


@quiet
def _div(xp: Any, x: Any, y: Any, out: Any = None) -> Any:
    return xp.true_divide(x, y, out)


@widened
def _affine(xp: Any, x: Any, out: Any = None, *, scale: Any, shift: Any) -> Any:
    made = xp.multiply(x, x.dtype.type(scale), out)
    target = made if out is not None or x.ndim else None  # a 0-d result without out is no array
    return xp.add(made, x.dtype.type(shift), target) if shift else made


def _mul_rule(call: Call, dy: Any) -> tuple[Any, ...]:
    x, y = call.inputs
    return (
        mul(dy, conjugated(y)) if call.needs(0) else None,
        mul(dy, conjugated(x)) if call.needs(1) else None,
    )


def _div_rule(call: Call, dy: Any) -> tuple[Any, ...]:
    x, y = call.inputs
    dx = div(dy, conjugated(y))
    return dx, neg(mul(dx, conjugated(div(x, y)))) if call.needs(1) else None


NUMBERS = dt.INTEGERS + dt.FLOATS + dt.COMPLEX

add = Elementwise("add", _add, NUMBERS, arity=2, rule=lambda call, dy: (dy, dy), keeps_zero=True)
accumulate = Elementwise(
    "accumulate", _add, NUMBERS, arity=2, rule=lambda call, dy: (dy, dy), keeps_zero=True
)
sub = Elementwise(
    "sub",
    _sub,
    NUMBERS,
    arity=2,
    rule=lambda call, dy: (dy, neg(dy) if call.needs(1) else None),
    keeps_zero=True,
)
mul = Elementwise("mul", _mul, NUMBERS, arity=2, rule=_mul_rule, keeps_zero=True)
div = Elementwise("div", _div, dt.FLOATS + dt.COMPLEX, arity=2, rule=_div_rule, low=0.5, high=2.5)
neg: Elementwise = Elementwise(
    "neg", ufunc("negative"), NUMBERS, rule=lambda call, dy: (neg(dy),), keeps_zero=True
)
conj: Elementwise = Elementwise(
    "conj", ufunc("conjugate"), dt.COMPLEX, rule=lambda call, dy: (conj(dy),), keeps_zero=True
)
affine: Elementwise = Elementwise(
    "affine",
    _affine,
    dt.FLOATS + dt.COMPLEX,
    attrs={"scale": 1.0, "shift": 0.0},
    variants=({"scale": -2.0}, {"scale": 0.5, "shift": 3.0}, {"shift": -1.0}),
    rule=lambda call, dy: (affine(dy, scale=call.attrs.scale.conjugate()),),
    keeps_zero=lambda scale, shift: shift == 0,
)
"""`scale * x + shift` with two numbers: what gradient rules are written with."""
