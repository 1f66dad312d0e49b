"""The fused elementwise kernels: every operation, broadcasting, edges, and wrong expressions."""

import numpy as np
import pytest

from tengen.kernels.numba import elementwise, library, service
from tengen.kernels.numba.elementwise import Expression, Extent, evaluate
from tengen.kernels.numba.elementwise_operations import OPERATIONS

pytestmark = pytest.mark.skipif(not library.available(), reason="numba is not installed")

FULL, COLUMN, CHANNEL = Extent.FULL, Extent.COLUMN, Extent.CHANNEL
UNARY = [name for name, operation in OPERATIONS.items() if operation.operands == 1]
GROUPS = [tuple(UNARY[i : i + 8]) for i in range(0, len(UNARY), 8)]
# units in the last place of float32, where the result is not tiny
ULPS = {"exp": 1, "log": 1, "tanh": 1.5, "expm1": 3.5, "log1p": 2.5, "erf": 2.5, "sigmoid": 2.5}
EDGES = [0.0, -0.0, np.inf, -np.inf, np.nan, 88.7, 89, -88, -104, -110, 1e-40, -1.0, -0.9999999]


@pytest.fixture(autouse=True, scope="module")
def compiled():
    service.set_mode("now")
    yield
    service.set_mode("background")


def unary(names: tuple[str, ...]) -> Expression:
    count = len(names)
    return Expression((FULL,), 0, tuple((n, (0,)) for n in names), tuple(range(1, 1 + count)))


@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_unary_operations(names: tuple[str, ...], dtype: str):
    rng = np.random.default_rng(0)
    spread = [rng.standard_normal(5000) * scale for scale in (1e-3, 0.1, 1, 3, 10, 60)]
    x = np.concatenate([*spread, EDGES]).astype(dtype)
    outputs = [np.empty_like(x) for _ in names]
    evaluate(unary(names), [x], [], outputs)
    for name, got in zip(names, outputs, strict=True):
        with np.errstate(all="ignore"):
            expected = OPERATIONS[name].numpy(x.astype(np.float64)).astype(dtype)
        np.testing.assert_array_equal(np.isnan(got), np.isnan(expected), err_msg=name)
        eps = np.finfo(dtype).eps  # absolute too: gelu and silu cancel in their tails
        np.testing.assert_allclose(got, expected, rtol=4 * eps, atol=3 * eps, err_msg=name)


@pytest.mark.parametrize("name", ULPS)
def test_transcendentals_are_close_in_relative_terms(name: str):
    x = np.random.default_rng(1).standard_normal(50_000).astype(np.float32)
    x = np.abs(x) if name.startswith("log") else x
    out = np.empty_like(x)
    evaluate(unary((name,)), [x], [], [out])
    expected = np.asarray(OPERATIONS[name].numpy(x.astype(np.float64)), np.float64)
    error = np.abs(out - expected) / np.spacing(np.abs(expected).astype(np.float32))
    assert error.max() <= ULPS[name]


MIXED = Expression(
    (FULL, COLUMN, CHANNEL),
    1,
    (
        ("multiply", (0, 3)),
        ("add", (4, 1)),
        ("multiply", (5, 2)),
        ("greater", (6, 3)),
        ("where", (7, 6, 0)),
    ),
    (8, 5),
)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(3, 5, 37), (2, 5, 16), (1, 5, 1), (40, 5, 200), (0, 5, 4)])
def test_broadcasts_scalars_and_two_outputs(shape, dtype: str):
    rng = np.random.default_rng(2)
    x = rng.standard_normal(shape).astype(dtype)
    column, channel = (rng.standard_normal(n).astype(dtype) for n in (shape[2], shape[1]))
    outputs = [np.empty_like(x), np.empty_like(x)]
    evaluate(MIXED, [x, column, channel], [0.5], outputs)
    inner = x * 0.5 + column
    scaled = inner * channel[:, None]
    np.testing.assert_allclose(outputs[0], np.where(scaled > 0.5, scaled, x), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(outputs[1], inner, rtol=1e-5, atol=1e-6)


def test_the_numpy_form_is_the_same():
    rng = np.random.default_rng(3)
    x = rng.standard_normal((3, 5, 7)).astype(np.float32)
    column, channel = rng.standard_normal(7).astype("f4"), rng.standard_normal(5).astype("f4")
    compiled, plain = ([np.empty_like(x), np.empty_like(x)] for _ in range(2))
    evaluate(MIXED, [x, column, channel], [0.5], compiled)
    elementwise._evaluate_numpy(MIXED, [x, column, channel], [0.5], plain)
    np.testing.assert_allclose(compiled, plain, rtol=1e-6, atol=1e-6)


def test_binary_operations_keep_nan():
    names = ("add", "subtract", "multiply", "divide", "maximum", "minimum")
    x = np.array([1, np.nan, 2, -3, np.inf] * 9, np.float32)
    y = np.array([2, 1, np.nan, -1, np.inf] * 9, np.float32)
    steps = tuple((name, (0, 1)) for name in names)
    expression = Expression((FULL, FULL), 0, steps, tuple(range(2, 8)))
    outputs = [np.empty_like(x) for _ in names]
    evaluate(expression, [x, y], [], outputs)
    for name, got in zip(names, outputs, strict=True):
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(got, OPERATIONS[name].numpy(x, y), err_msg=name)


def test_an_output_may_be_an_input_and_inputs_may_be_read_only():
    x = np.arange(1000, dtype=np.float32)
    expected = x * x
    other = np.empty_like(x)
    square = unary(("square",))
    x.flags.writeable = False
    evaluate(square, [x], [], [other])
    x.flags.writeable = True
    evaluate(square, [x], [], [x])
    np.testing.assert_array_equal(x, expected)
    np.testing.assert_array_equal(other, expected)


@pytest.mark.parametrize(
    ("extents", "steps", "outputs", "message"),
    [
        ((FULL,), (("sine", (0,)),), (1,), "known operation; 'sine'"),
        ((FULL,), (("add", (0, 5)),), (1,), r"add expected 2 values below 1; \(0, 5\)"),
        ((FULL,), (), (4,), "outputs below 1"),
        ((COLUMN,), (("relu", (0,)),), (1,), "full shape"),
    ],
)
def test_wrong_expressions(extents, steps, outputs, message: str):
    with pytest.raises(ValueError, match=message):
        Expression(extents, 0, steps, outputs)
