"""Elementwise functions, binary operations, sums, reductions by oneDNN against NumPy."""

import math

import ml_dtypes
import numpy as np
import pytest

from tengen.base.layout import Layout
from tengen.kernels.onednn import binary, eltwise, library, reduction
from tengen.kernels.onednn.algorithms import ELTWISE
from tengen.kernels.onednn.errors import Unsupported
from tengen.kernels.onednn.memory import Desc
from tests.engine.kernels.onednn_running import close, normal, run

pytestmark = pytest.mark.skipif(not library.available(), reason=library.why_not())
F32 = np.float32
ERF = np.vectorize(math.erf, otypes=[np.float64])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


FUNCTIONS = {
    "relu": lambda x: np.maximum(x, 0),
    ("relu", 0.2): lambda x: np.where(x > 0, x, 0.2 * x),
    "tanh": np.tanh,
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "square": np.square,
    "abs": np.abs,
    "sqrt": np.sqrt,
    ("linear", 2.0, -1.0): lambda x: 2 * x - 1,
    "softplus": lambda x: np.log1p(np.exp(x)),
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "sigmoid": sigmoid,
    "exp": np.exp,
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "swish": lambda x: x * sigmoid(x),
    "log": np.log,
    ("clip", -0.5, 1.5): lambda x: np.clip(x, -0.5, 1.5),
    ("pow", 3.0, 2.0): lambda x: 3 * x**2,
    "gelu_erf": lambda x: 0.5 * x * (1 + ERF(x / math.sqrt(2))),
    "round": np.rint,
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "hard_swish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
}
POSITIVE = {"sqrt", "log"}
LAYOUTS = [None, (24 * 30, 1, 24 * 6, 24), Layout.parse("aBcd16b")]


def test_every_function_of_the_table_is_tried():
    assert {f if isinstance(f, str) else f[0] for f in FUNCTIONS} == set(ELTWISE)


@pytest.mark.parametrize("form", LAYOUTS)
@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_forward_and_backward(function, form):
    shape = (2, 24, 5, 6)
    x, dy = normal(shape) * 2, normal(shape, 1)
    if function in POSITIVE:
        x = np.abs(x) + np.float32(0.1)
    apply = FUNCTIONS[function]
    wide = x.astype(np.float64)
    desc = Desc.of(shape, F32, form)
    made = run(eltwise.forward(desc, function), src=x)["dst"]
    close(made, apply(wide))
    if function == "round":
        with pytest.raises(Unsupported):
            eltwise.backward(desc, function)
        return
    step = 1e-6
    slope = (apply(wide + step) - apply(wide - step)) / (2 * step)
    close(run(eltwise.backward(desc, function), src=x, diff_dst=dy)["diff_src"], dy * slope, 2e-5)
    name = function if isinstance(function, str) else function[0]
    if ELTWISE[name].from_output is None:
        with pytest.raises(Unsupported, match="from its output"):
            eltwise.backward(desc, function, from_output=True)
    else:
        plan = eltwise.backward(desc, function, from_output=True)
        close(run(plan, dst=made, diff_dst=dy)["diff_src"], dy * slope, 2e-5)


def test_bfloat16_and_in_place():
    x = normal((40, 50)).astype(ml_dtypes.bfloat16)
    expected = FUNCTIONS["gelu_erf"](x.astype(np.float64))
    eltwise.forward(Desc.like(x), "gelu_erf")(x, x)
    close(x, expected, 2**-7)


def test_unknown_function_lists_the_known_ones():
    with pytest.raises(Unsupported, match="'sinh' is not among relu, tanh"):
        eltwise.forward(Desc.plain((4,), F32), "sinh")


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "max", "min"])
@pytest.mark.parametrize("right_shape", [(2, 24, 5, 6), (1, 24, 1, 1), (1, 1, 1, 1)])
def test_binary(name, right_shape):
    left, right = normal((2, 24, 5, 6)), normal(right_shape, 1) + np.float32(3)
    function = {
        "add": np.add,
        "sub": np.subtract,
        "mul": np.multiply,
        "div": np.divide,
        "max": np.maximum,
        "min": np.minimum,
    }[name]
    expected = function(left.astype(np.float64), right)
    for form in LAYOUTS:
        a = Desc.of(left.shape, F32, form)
        b = Desc.of(right_shape, F32, form if right_shape == left.shape else None)
        try:
            plan = binary.binary(name, a, b, activation="relu")
        except Unsupported:
            # A quotient's padding would not be zero: oneDNN may decline, never answer wrong.
            assert isinstance(form, Layout)
            continue
        close(run(plan, src=left, src_1=right)["dst"], np.maximum(expected, 0))


@pytest.mark.parametrize("form", LAYOUTS)
def test_weighted_sum_and_accumulation_in_place(form):
    shape = (2, 24, 5, 6)
    terms = [normal(shape, seed) for seed in range(3)]
    desc = Desc.of(shape, F32, form)
    plan = binary.weighted_sum((desc,) * 3, (1.0, -2.0, 0.5))
    made = run(plan, src_0=terms[0], src_1=terms[1], src_2=terms[2])["dst"]
    close(made, terms[0].astype(np.float64) - 2 * terms[1] + 0.5 * terms[2])
    total = desc.pack(terms[0])
    binary.weighted_sum((desc, desc))(total, desc.pack(terms[1]), total)
    close(desc.unpack(total), terms[0].astype(np.float64) + terms[1])


@pytest.mark.parametrize("kind", reduction.KINDS)
@pytest.mark.parametrize("axes", [(1,), (-1,), (0, 2, 3), (2, 3), (0, 1, 2, 3)])
def test_reduction(kind, axes):
    x = normal((2, 3, 5, 4))
    function = {"max": np.max, "min": np.min, "sum": np.sum, "mul": np.prod, "mean": np.mean}[kind]
    made = run(reduction.reduction(kind, Desc.like(x), axes), src=x)["dst"]
    close(made, function(x.astype(np.float64), axis=axes, keepdims=True), 2e-5)
