"""Matrix products by oneDNN against NumPy in float64."""

import ml_dtypes
import numpy as np
import pytest

from tengen.kernels.onednn import library, matmul
from tengen.kernels.onednn.memory import Desc
from tests.engine.kernels.onednn_running import close, normal, run

pytestmark = pytest.mark.skipif(not library.available(), reason=library.why_not())
F32 = np.float32

SHAPES = [
    ((5, 7), (7, 3)),
    ((1, 129), (129, 65)),
    ((33, 1), (1, 17)),
    ((4, 6, 10), (4, 10, 5)),
    ((4, 6, 10), (1, 10, 5)),
    ((1, 6, 10), (3, 10, 5)),
    ((2, 3, 16, 24), (2, 3, 24, 16)),
    ((2, 1, 8, 8), (1, 5, 8, 8)),
]


def transposed(shape):
    """A Desc of `shape` whose memory is its transpose's."""
    inner = np.empty((*shape[:-2], shape[-1], shape[-2]), F32).swapaxes(-1, -2)
    return Desc.like(inner)


@pytest.mark.parametrize("weights", ["plain", "transposed", "any"])
@pytest.mark.parametrize("source", ["plain", "transposed"])
@pytest.mark.parametrize(("left", "right"), SHAPES)
def test_products(left, right, source, weights):
    make = {"plain": Desc.plain, "any": Desc.any, "transposed": lambda s, _: transposed(s)}
    a, b = normal(left), normal(right, 1)
    plan = matmul.matmul(make[source](left, F32), make[weights](right, F32))
    close(run(plan, src=a, weights=b)["dst"], a.astype(np.float64) @ b.astype(np.float64))


@pytest.mark.parametrize("residual", ["", "add"])
def test_bias_residual_and_activation(residual):
    a, b, bias = normal((20, 24)), normal((24, 36), 1), normal((1, 36), 2)
    plan = matmul.matmul(
        Desc.plain(a.shape, F32),
        Desc.any(b.shape, F32),
        bias=True,
        residual=residual,
        activation="relu",
    )
    held = normal((20, 36), 3)
    extra = {"residual": held} if residual else {}
    expected = a.astype(np.float64) @ b + bias + (held if residual else 0)
    close(run(plan, src=a, weights=b, bias=bias, **extra)["dst"], np.maximum(expected, 0))


def test_sum_accumulates_into_dst():
    a, b, held = normal((6, 8)), normal((8, 5), 1), normal((6, 5), 2)
    plan = matmul.matmul(Desc.like(a), Desc.like(b), residual="sum")
    out = held.copy()
    plan.checked(a, b, out)
    close(out, a.astype(np.float64) @ b + held)


def test_bfloat16_operands_with_float32_result():
    bf16 = ml_dtypes.bfloat16
    a, b = normal((32, 64)).astype(bf16), normal((64, 48), 1).astype(bf16)
    plan = matmul.matmul(
        Desc.plain(a.shape, bf16), Desc.any(b.shape, bf16), Desc.plain((32, 48), F32)
    )
    made = run(plan, src=a, weights=b)["dst"]
    assert made.dtype == F32
    close(made, a.astype(np.float64) @ b.astype(np.float64))


def test_shapes_that_do_not_multiply_are_named():
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(4, 5\) do not multiply"):
        matmul.matmul(Desc.plain((2, 3), F32), Desc.plain((4, 5), F32))
    with pytest.raises(ValueError, match="batch sizes 2 and 3 do not broadcast"):
        matmul.matmul(Desc.plain((2, 4, 4), F32), Desc.plain((3, 4, 4), F32))
