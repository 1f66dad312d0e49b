"""oneDNN's elementwise kernels for large float32 arrays, in any one physical form.

Functions in which oneDNN loses NaN (relu, exp, clip), makes one (the gradient of relu, of an
infinite gradient) or loses precision (log, softplus) are not taken from it.
"""

from typing import Any

import numpy as np

from ..base import dtype as dt
from ..graph.opdef import Bound
from ..graph.types import TensorType
from ..kernels.onednn import binary, eltwise, library
from ..kernels.onednn.errors import Unsupported
from ..kernels.onednn.memory import Desc
from . import activation, arithmetic, elementwise, gelu_tanh, transcendental
from .blocked import shared_layout
from .elementwise import Elementwise

LARGE = 1 << 14
"""Elements from which the threads of the library pay for the call."""

FORWARD = {
    transcendental.tanh: "tanh",
    activation.sigmoid: "sigmoid",
    activation.silu: "swish",
    activation.gelu: "gelu_erf",
    gelu_tanh.gelu_tanh: "gelu_tanh",
    arithmetic.square: "square",
    arithmetic.abs: "abs",
    arithmetic.sqrt: "sqrt",
}
BACKWARD = {
    transcendental.tanh_backward: ("tanh", True),
    activation.sigmoid_backward: ("sigmoid", True),
    activation.silu_backward: ("swish", False),
    activation.gelu_backward: ("gelu_erf", False),
    gelu_tanh.gelu_tanh_backward: ("gelu_tanh", False),
}
BINARY = {
    elementwise.add: "add",
    elementwise.accumulate: "add",
    elementwise.sub: "sub",
    elementwise.mul: "mul",
    elementwise.div: "div",
}
COMMUTES = ("add", "mul")


def _large(out: TensorType) -> bool:
    return out.dtype == dt.float32 and out.size >= LARGE and library.available()


def _flat(out: TensorType) -> Desc:
    """A row of as many elements as the physical array holds, padding included."""
    return Desc.plain((out.nbytes // out.dtype.itemsize,), np.float32)


def _bound(op: Elementwise, run: Any, forms: Any, out: TensorType) -> Bound:
    """`run(outs, ins)` for contiguous inputs; the operator's own text for others."""
    kernel, destination = op.kernel, op.destination

    def guarded(outs: tuple[Any, ...], ins: tuple[Any, ...]) -> None:
        for array in ins:
            if not array.flags.c_contiguous:
                if destination:
                    kernel(np, *ins, out=outs[0])
                else:
                    outs[0][...] = kernel(np, *ins)
                return
        run(outs, ins)

    layouts = tuple(form.layout for form in forms)
    return Bound(guarded, layouts, (out,), contiguous=False, inplace=(0, 0))


def _forward(op: Elementwise, function: str) -> None:
    def build(forms: Any, out_types: Any) -> Bound | None:
        (out,) = out_types
        layout = shared_layout(forms, out, bool(op.keeps_zero))
        if layout is False or not _large(out):
            return None
        out = out.with_layout(layout)
        plan = eltwise.forward(_flat(out), function)
        return _bound(op, lambda outs, ins: plan(ins[0], outs[0]), forms, out)

    build.physical = True  # type: ignore[attr-defined]
    op.backend("onednn")(build)


def _backward(op: Elementwise, function: str, from_output: bool) -> None:
    def build(forms: Any, out_types: Any) -> Bound | None:
        (out,) = out_types
        layout = shared_layout(forms, out, bool(op.keeps_zero))
        if layout is False or not _large(out):
            return None
        out = out.with_layout(layout)
        plan = eltwise.backward(_flat(out), function, from_output=from_output)
        return _bound(op, lambda outs, ins: plan(ins[1], ins[0], outs[0]), forms, out)

    build.physical = True  # type: ignore[attr-defined]
    op.backend("onednn")(build)


def _stretches(small: tuple[int, ...], full: tuple[int, ...]) -> bool:
    """Whether oneDNN has a vector kernel for this broadcast: a run of leading or trailing ones."""
    real = [axis for axis, d in enumerate(small) if d != 1]
    if not real:
        return True
    whole = all(small[a] == full[a] for a in range(real[0], real[-1] + 1))
    last, first = real[-1] == len(full) - 1, real[0] == 0
    channel = real == [1] and len(full) > 2
    return whole and ((last and len(real) == 1) or (first and not last) or channel)


def _binary(op: Elementwise, name: str) -> None:
    def build(forms: Any, out_types: Any) -> Bound | None:
        (out,) = out_types
        if not _large(out):
            return None
        layout = shared_layout(forms, out, bool(op.keeps_zero))
        if layout is not False:
            out = out.with_layout(layout)
            flat = _flat(out)
            plan = binary.binary(name, flat, flat)
            return _bound(op, lambda outs, ins: plan(*ins, outs[0]), forms, out)
        return _stretched(op, name, forms, out)

    build.physical = True  # type: ignore[attr-defined]
    op.backend("onednn")(build)


def _stretched(op: Elementwise, name: str, forms: Any, out: TensorType) -> Bound | None:
    """One operand of the result's shape, in plain layout, and a smaller one."""
    if any(form.layout is not None for form in forms):
        return None
    full = 0 if forms[0].shape == out.shape else 1
    small = forms[1 - full]
    if forms[full].shape != out.shape or not small.size or (full and name not in COMMUTES):
        return None
    if not 0 < out.ndim <= 6:
        return None
    shape = (1,) * (out.ndim - small.ndim) + small.shape
    if not _stretches(shape, out.shape):
        return None
    wide = Desc.plain(out.shape, np.float32)
    try:
        plan = binary.binary(name, wide, Desc.plain(shape, np.float32), wide)
    except Unsupported:
        return None
    if plan.implementation.startswith("ref"):
        return None
    bound = _bound(op, lambda outs, ins: plan(ins[full], ins[1 - full], outs[0]), forms, out)
    bound.inplace = (full, 0)
    return bound


for _op, _name in FORWARD.items():
    _forward(_op, _name)
for _op, (_name, _from_output) in BACKWARD.items():
    _backward(_op, _name, _from_output)
for _op, _name in BINARY.items():
    _binary(_op, _name)
