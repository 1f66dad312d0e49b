"""Elementwise operators as ONNX nodes."""

import math
from typing import Any

import numpy as np

from ...base import dtype as dt
from ...base.errors import UnsupportedError
from .table import writes


def _direct(name: str, op: str) -> None:
    @writes(name)
    def write(w: Any, x: Any, call: Any) -> Any:
        return w.emit(op, *x)


for _name, _op in {
    "add": "Add", "accumulate": "Add", "sub": "Sub", "mul": "Mul", "neg": "Neg", "abs": "Abs",
    "sign": "Sign", "sqrt": "Sqrt", "root": "Sqrt", "reciprocal": "Reciprocal", "pow": "Pow",
    "maximum": "Max", "minimum": "Min", "floor": "Floor", "ceil": "Ceil", "round": "Round",
    "exp": "Exp", "log": "Log", "sin": "Sin", "cos": "Cos", "tan": "Tan", "asin": "Asin",
    "acos": "Acos", "atan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh",
    "asinh": "Asinh", "acosh": "Acosh", "atanh": "Atanh", "erf": "Erf", "relu": "Relu",
    "sigmoid": "Sigmoid", "softplus": "Softplus", "equal": "Equal", "less": "Less",
    "less_equal": "LessOrEqual", "greater": "Greater", "greater_equal": "GreaterOrEqual",
    "logical_and": "And", "logical_or": "Or", "logical_xor": "Xor", "logical_not": "Not",
    "isnan": "IsNaN", "isinf": "IsInf", "copy": "Identity", "div": "Div",
}.items():  # fmt: skip
    _direct(_name, _op)


def like(w: Any, call: Any, value: float) -> str:
    """A stored number in the data type of the first input."""
    return w.like(value, call.types[0].dtype)  # type: ignore[no-any-return]


def _bits(name: str, op: str) -> None:
    @writes(name)
    def write(w: Any, x: Any, call: Any) -> Any:
        if call.types[0].dtype == dt.bool_:
            return w.emit(op, *x)
        if w.opset < 18:
            raise UnsupportedError(f"[to_onnx] {name} of integers needs opset 18; got {w.opset}")
        return w.emit(f"Bitwise{op}", *x)


for _name, _op in {
    "bitwise_and": "And", "bitwise_or": "Or", "bitwise_xor": "Xor", "bitwise_not": "Not",
}.items():  # fmt: skip
    _bits(_name, _op)


@writes("not_equal")
def not_equal(w: Any, x: Any, call: Any) -> Any:
    """Not(Equal)."""
    return w.emit("Not", w.emit("Equal", *x))


@writes("square")
def square(w: Any, x: Any, call: Any) -> Any:
    """x * x."""
    return w.emit("Mul", x[0], x[0])


@writes("affine")
def affine(w: Any, x: Any, call: Any) -> Any:
    """x * scale + shift."""
    made = x[0]
    if call.scale != 1:
        made = w.emit("Mul", made, like(w, call, call.scale))
    if call.shift != 0:
        made = w.emit("Add", made, like(w, call, call.shift))
    return made if made != x[0] else w.emit("Identity", made)


@writes("trunc")
def trunc(w: Any, x: Any, call: Any) -> Any:
    """The sign times the floor of the absolute value."""
    return w.emit("Mul", w.emit("Sign", x[0]), w.emit("Floor", w.emit("Abs", x[0])))


@writes("floor_div")
def floor_div(w: Any, x: Any, call: Any) -> Any:
    """The quotient rounded down; ONNX cuts integers towards zero."""
    if dt.is_float(call.types[0].dtype):
        return w.emit("Floor", w.emit("Div", *x))
    rest = w.emit("Mod", *x)
    return w.emit("Div", w.emit("Sub", x[0], rest), x[1])


@writes("mod")
def mod(w: Any, x: Any, call: Any) -> Any:
    """The remainder with the sign of y."""
    if not dt.is_float(call.types[0].dtype):
        return w.emit("Mod", *x)
    down = w.emit("Floor", w.emit("Div", *x))
    return w.emit("Sub", x[0], w.emit("Mul", down, x[1]))


@writes("expm1")
def expm1(w: Any, x: Any, call: Any) -> Any:
    """exp(x) - 1."""
    return w.emit("Sub", w.emit("Exp", x[0]), like(w, call, 1))


@writes("log1p")
def log1p(w: Any, x: Any, call: Any) -> Any:
    """log(1 + x)."""
    return w.emit("Log", w.emit("Add", x[0], like(w, call, 1)))


@writes("logaddexp")
def logaddexp(w: Any, x: Any, call: Any) -> Any:
    """max + softplus(-|difference|)."""
    gap = w.emit("Neg", w.emit("Abs", w.emit("Sub", *x)))
    return w.emit("Add", w.emit("Max", *x), w.emit("Softplus", gap))


@writes("clip")
def clip(w: Any, x: Any, call: Any) -> Any:
    """x within bounds."""
    bounds = [None if b is None else like(w, call, b) for b in (call.low, call.high)]
    return w.emit("Clip", x[0], *bounds)


@writes("relu6")
def relu6(w: Any, x: Any, call: Any) -> Any:
    """x within 0 and 6."""
    return w.emit("Clip", x[0], like(w, call, 0), like(w, call, 6))


@writes("silu")
def silu(w: Any, x: Any, call: Any) -> Any:
    """x * sigmoid(x)."""
    return w.emit("Mul", x[0], w.emit("Sigmoid", x[0]))


@writes("gelu")
def gelu(w: Any, x: Any, call: Any) -> Any:
    """x times the normal distribution function: Gelu from opset 20 on, before by Erf."""
    if w.opset >= 20:
        return w.emit("Gelu", x[0])
    inner = w.emit("Erf", w.emit("Div", x[0], like(w, call, math.sqrt(2))))
    half = w.emit("Mul", x[0], like(w, call, 0.5))
    return w.emit("Mul", half, w.emit("Add", inner, like(w, call, 1)))


@writes("gelu_tanh")
def gelu_tanh(w: Any, x: Any, call: Any) -> Any:
    """The approximation of gelu by tanh."""
    if w.opset >= 20:
        return w.emit("Gelu", x[0], approximate="tanh")
    cube = w.emit("Mul", x[0], w.emit("Mul", x[0], x[0]))
    inner = w.emit("Add", x[0], w.emit("Mul", cube, like(w, call, 0.044715)))
    turned = w.emit("Tanh", w.emit("Mul", inner, like(w, call, math.sqrt(2 / math.pi))))
    half = w.emit("Mul", x[0], like(w, call, 0.5))
    return w.emit("Mul", half, w.emit("Add", turned, like(w, call, 1)))


@writes("logsigmoid")
def logsigmoid(w: Any, x: Any, call: Any) -> Any:
    """-softplus(-x)."""
    return w.emit("Neg", w.emit("Softplus", w.emit("Neg", x[0])))


@writes("hsigmoid")
def hsigmoid(w: Any, x: Any, call: Any) -> Any:
    """x / 6 + 1 / 2 within 0 and 1."""
    return w.emit("HardSigmoid", x[0], alpha=1 / 6, beta=0.5)


@writes("hswish")
def hswish(w: Any, x: Any, call: Any) -> Any:
    """x * hsigmoid(x)."""
    return w.emit("HardSwish", x[0])


@writes("leaky_relu")
def leaky_relu(w: Any, x: Any, call: Any) -> Any:
    """x, multiplied by a slope below zero."""
    return w.emit("LeakyRelu", x[0], alpha=float(call.negative_slope))


@writes("prelu")
def prelu(w: Any, x: Any, call: Any) -> Any:
    """x, multiplied by a slope below zero."""
    return w.emit("PRelu", *x)


@writes("where")
def where(w: Any, x: Any, call: Any) -> Any:
    """The first where the mask holds, the second elsewhere; None stands for zeros."""
    dtype = next(t for t in call.types[:2] if t is not None).dtype
    zero = w.like(0, dtype)
    return w.emit("Where", x[2], x[0] or zero, x[1] or zero)


@writes("cast")
def cast(w: Any, x: Any, call: Any) -> Any:
    """The values in another data type."""
    return w.cast(x[0], call.dtype)


@writes("atan2")
def atan2(w: Any, x: Any, call: Any) -> Any:
    """The angle of a point, by the arc tangent and the signs."""
    y, z = x
    zero, pi = like(w, call, 0), like(w, call, math.pi)
    plain = w.emit("Atan", w.emit("Div", y, z))
    below = w.emit("Less", y, zero)
    left = w.emit("Where", below, w.emit("Sub", plain, pi), w.emit("Add", plain, pi))
    turned = w.emit("Where", w.emit("Less", z, zero), left, plain)
    half = w.emit("Mul", w.emit("Sign", y), like(w, call, math.pi / 2))
    return w.emit("Where", w.emit("Equal", z, zero), half, turned)


@writes("hide_later")
def hide_later(w: Any, x: Any, call: Any) -> Any:
    """A value where the column lies behind the row, the last of both level."""
    return hidden(w, x[0], call.types[0], call.value)


def hidden(w: Any, scores: str, type_: Any, value: float) -> str:
    """Scores (..., T, S) with a value at later keys."""
    rows, columns = type_.shape[-2:]
    mask = np.triu(np.ones((rows, columns), bool), columns - rows + 1)
    return w.emit("Where", w.weight(mask), w.like(value, type_.dtype), scores)  # type: ignore[no-any-return]
