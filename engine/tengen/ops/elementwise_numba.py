"""Compiled elementwise kernels for large float arrays, in any one physical form.

Each row writes an operator as steps over its arrays and attributes. Until a kernel is compiled
the operator's own text runs. Exponentials and logarithms are compiled for float32 alone: float64
calls the C library for every element, which NumPy does as fast.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.numba import flat, library
from ..kernels.numba.elementwise import Expression, Extent
from . import activation, arithmetic, elementwise, transcendental
from .blocked import shared_layout
from .elementwise import Elementwise

LARGE = 1 << 14
"""Elements from which a compiled kernel pays for the call."""


class Steps:
    """An expression as it is written down: arrays, then numbers, then a step for each call."""

    def __init__(self, arrays: int):
        self.arrays = list(range(arrays))
        self.numbers: list[float] = []
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __call__(self, name: str, *operands: Any) -> Any:
        """A step; an operand is an array's place, a step or a Python float."""
        resolved = []
        for operand in operands:
            if isinstance(operand, float):
                self.numbers.append(operand)
                resolved.append(("number", len(self.numbers) - 1))
            else:
                resolved.append(operand)
        self.calls.append((name, tuple(resolved)))
        return ("step", len(self.calls) - 1)

    def expression(self, extents: tuple[Extent, ...] | None = None, last: Any = None) -> Expression:
        """The expression of a step (None: the last one), for arrays that lie as `extents` says
        (None: all of the full shape)."""
        count = len(self.arrays)
        first = {"number": count, "step": count + len(self.numbers)}
        last = ("step", len(self.calls) - 1) if last is None else last

        def place(operand: Any) -> int:
            return operand if isinstance(operand, int) else first[operand[0]] + operand[1]

        steps = tuple((name, tuple(place(o) for o in given)) for name, given in self.calls)
        extents = (Extent.FULL,) * count if extents is None else extents
        return Expression(extents, len(self.numbers), steps, (place(last),))


Writer = Callable[..., Any]


def _simple(name: str) -> Writer:
    return lambda s, *arrays: s(name, *arrays)


def _inside(s: Steps, value: Any, of: Any, low: float, high: float) -> Any:
    return s("where", s("greater", of, low), s("where", s("less", of, high), value, 0.0), 0.0)


def _affine(s: Steps, x: Any, *, scale: Any, shift: Any) -> Any:
    made = s("multiply", x, float(scale))
    return s("add", made, float(shift)) if shift else made


def _clip(s: Steps, x: Any, *, low: Any, high: Any) -> Any:
    made = x if low is None else s("maximum", x, float(low))
    return made if high is None else s("minimum", made, float(high))


def _clip_backward(s: Steps, dy: Any, x: Any, *, low: Any, high: Any) -> Any:
    made = dy if low is None else s("where", s("greater_equal", x, float(low)), dy, 0.0)
    return made if high is None else s("where", s("less_equal", x, float(high)), made, 0.0)


def _tail(s: Steps, x: Any) -> Any:
    return s("log1p", s("exp", s("negative", s("absolute", x))))


def _hswish_backward(s: Steps, dy: Any, x: Any) -> Any:
    slope = s("add", s("multiply", x, 1 / 3), 0.5)
    inner = s("where", s("greater", x, -3.0), s("multiply", dy, slope), 0.0)
    return s("where", s("greater_equal", x, 3.0), dy, inner)


def _leaky_relu(s: Steps, x: Any, *, negative_slope: float) -> Any:
    return s("where", s("greater", x, 0.0), x, s("multiply", x, float(negative_slope)))


def _leaky_relu_backward(s: Steps, dy: Any, x: Any, *, negative_slope: float) -> Any:
    return s("where", s("greater", x, 0.0), dy, s("multiply", dy, float(negative_slope)))


def _sigmoid_backward(s: Steps, dy: Any, y: Any) -> Any:
    return s("multiply", s("multiply", dy, y), s("subtract", 1.0, y))


SIMPLE: dict[Elementwise, Writer] = {
    elementwise.add: _simple("add"),
    elementwise.accumulate: _simple("add"),
    elementwise.sub: _simple("subtract"),
    elementwise.mul: _simple("multiply"),
    elementwise.div: _simple("divide"),
    elementwise.neg: _simple("negative"),
    elementwise.affine: _affine,
    arithmetic.abs: _simple("absolute"),
    arithmetic.square: _simple("square"),
    arithmetic.sqrt: _simple("sqrt"),
    arithmetic.reciprocal: _simple("reciprocal"),
    arithmetic.maximum: _simple("maximum"),
    arithmetic.minimum: _simple("minimum"),
    arithmetic.floor: _simple("floor"),
    arithmetic.ceil: _simple("ceil"),
    arithmetic.round: _simple("rint"),
    arithmetic.clip: _clip,
    arithmetic.clip_backward: _clip_backward,
    arithmetic.pass_equal: lambda s, dy, x, y: s("where", s("equal", x, y), dy, 0.0),
    arithmetic.pass_at_least: lambda s, dy, x, y: s("where", s("greater_equal", x, y), dy, 0.0),
    activation.relu: _simple("relu"),
    activation.relu6: _simple("relu6"),
    activation.relu_backward: lambda s, dy, y: s("where", s("greater", y, 0.0), dy, 0.0),
    activation.relu6_backward: lambda s, dy, y: _inside(s, dy, y, 0.0, 6.0),
    activation.hsigmoid: _simple("hard_sigmoid"),
    activation.hsigmoid_backward: lambda s, dy, y: _inside(s, s("divide", dy, 6.0), y, 0.0, 1.0),
    activation.hswish: _simple("hard_swish"),
    activation.hswish_backward: _hswish_backward,
    activation.leaky_relu: _leaky_relu,
    activation.leaky_relu_backward: _leaky_relu_backward,
    activation.sigmoid_backward: _sigmoid_backward,
    transcendental.tanh_backward: lambda s, dy, y: s(
        "multiply", dy, s("subtract", 1.0, s("square", y))
    ),
}
"""Operators of a few instructions an element, for float32 and float64."""

LONG: dict[Elementwise, Writer] = {
    transcendental.exp: _simple("exp"),
    transcendental.expm1: _simple("expm1"),
    transcendental.log: _simple("log"),
    transcendental.log1p: _simple("log1p"),
    transcendental.tanh: _simple("tanh"),
    transcendental.erf: _simple("erf"),
    activation.sigmoid: _simple("sigmoid"),
    activation.silu: _simple("silu"),
    activation.gelu: _simple("gelu"),
    activation.softplus: lambda s, x: s("add", s("maximum", x, 0.0), _tail(s, x)),
    activation.logsigmoid: lambda s, x: s("subtract", s("minimum", x, 0.0), _tail(s, x)),
}
"""Operators with exponentials or logarithms, for float32."""


def _register(op: Elementwise, write: Writer, dtypes: tuple[Any, ...]) -> None:
    def build(forms: Any, out_types: Any, **attrs: Any) -> Bound | None:
        (out,) = out_types
        if out.dtype not in dtypes or out.size < LARGE or not library.available():
            return None
        layout = shared_layout(forms, out, op.clean(attrs))
        if layout is False:
            return None
        steps = Steps(op.arity)
        write(steps, *steps.arrays, **attrs)
        return _bound(op, steps, forms, out.with_layout(layout), attrs)

    build.physical = True  # type: ignore[attr-defined]
    op.backend("numba")(build)


def _bound(
    op: Elementwise, steps: Steps, forms: Any, out: TensorType, attrs: dict[str, Any]
) -> Bound:
    compiled = steps.expression().kernel(out.dtype)
    numbers, kernel, destination = tuple(steps.numbers), op.kernel, op.destination
    size = out.nbytes // out.dtype.itemsize
    parts = flat.parts(size)

    def run(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        if compiled.ready and all(array.flags.c_contiguous for array in ins):
            flats = [array.reshape(-1) for array in ins]
            compiled(*flats, outs[0].reshape(-1), *numbers, size, parts)
        elif destination:
            kernel(np, *ins, out=outs[0], **attrs)
        else:
            outs[0][...] = kernel(np, *ins, **attrs)

    layouts = tuple(form.layout for form in forms)
    return Bound(run, layouts, (out,), contiguous=False, inplace=(0, 0))


for _table, _dtypes in ((SIMPLE, (dt.float32, dt.float64)), (LONG, (dt.float32,))):
    for _op, _write in _table.items():
        _register(_op, _write, _dtypes)
