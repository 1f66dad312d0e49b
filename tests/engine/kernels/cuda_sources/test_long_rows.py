"""Rows that a block takes together, and operands that stretch in each of the ways there are."""

import numpy as np
import pytest

from tengen.base import dtype as dt
from tengen.graph.opdef import Sample, registry
from tengen.ops.sampling import draw

from .emulator import BACKWARD, COMPILER
from .judging import check, judge, run_sample

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(COMPILER is None, reason="no C++ compiler"),
]


def _agree(name, inputs, attrs, tolerance=1e-4):
    op, sample = registry[name], Sample(inputs, attrs, tolerance=tolerance)
    found = run_sample(op, sample, order=BACKWARD)
    assert found is not None
    check(op, sample, found, judge(op, sample))


@pytest.mark.parametrize("columns", [1501, 2048])
@pytest.mark.parametrize("dtype", [dt.float32, dt.bfloat16], ids=str)
def test_softmax_and_cross_entropy(columns, dtype):
    rng = np.random.default_rng(5)
    x, dy = draw(rng, (3, columns), dtype, -9.0, 9.0), draw(rng, (3, columns), dtype)
    label = np.array([0, columns - 1, 7], "int32")
    for name in ("softmax", "log_softmax", "logsumexp"):
        _agree(name, (x,), {"axis": (1,)})
    y = registry["softmax"].kernel(np, x, axis=(1,))
    _agree("softmax_backward", (y, dy), {"axis": (1,)})
    _agree("cross_entropy", (x, label), {"label_smooth": 0.1})
    _agree("cross_entropy_backward", (x, label, dy[:, 0].copy()), {"label_smooth": 0.1})


@pytest.mark.parametrize("special", [np.inf, -np.inf, np.nan])
def test_softmax_of_special_values_is_numpys(special):
    x = np.zeros((2, 40), "float32")
    x[0, 3], x[1] = special, special
    with np.errstate(all="ignore"):
        expected = registry["softmax"].kernel(np, x, axis=(1,))
    (found,) = run_sample(registry["softmax"], Sample((x,), {"axis": (1,)}))
    np.testing.assert_allclose(found, expected, 1e-6)


@pytest.mark.parametrize("columns", [1100, 1501])
def test_layer_norm(columns):
    rng = np.random.default_rng(6)
    x, weight, bias = (draw(rng, s) for s in ((3, columns), (columns,), (columns,)))
    _agree("layer_norm", (x, weight, bias), {})
    mean, variance = x.mean(1, keepdims=True), x.var(1, keepdims=True)
    _agree("layer_norm_backward", (x, draw(rng, x.shape), mean, variance, weight), {})


@pytest.mark.parametrize("small", [(1, 12, 1, 1), (4,), (2, 1, 1, 1), (12, 4, 4), (1, 12, 4, 1)])
def test_operands_that_stretch(small):
    rng = np.random.default_rng(8)
    x = draw(rng, (2, 12, 4, 4))
    program = (("mul", (), (0, 1)), ("relu", (), (2,)))
    _agree("fused_elementwise", (x, draw(rng, small)), {"program": program})
    _agree("fused_reduction", (x, draw(rng, small)), {"program": program, "axes": 2})


@pytest.mark.parametrize("shape", [(3, 700), (2, 40, 30), (300, 600)])
@pytest.mark.parametrize("name", ["sum", "mean", "max"])
def test_sums_of_many(name, shape):
    x = draw(np.random.default_rng(9), shape)
    _agree(name, (x,), {"axis": tuple(range(1, len(shape)))})


def test_rows_added_by_atomics():
    rng = np.random.default_rng(10)
    index = rng.integers(-3000, 3000, 1500)
    x = draw(rng, (1500, 3), dt.bfloat16)
    _agree("add_at", (x, index), {"shape": (3000, 3)}, 2e-2)
