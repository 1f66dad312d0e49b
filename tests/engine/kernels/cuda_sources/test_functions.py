"""Kernels that stand beside the operators: transposition, whole-model gradients, suppression."""

import ml_dtypes
import numpy as np
import pytest

from tengen.kernels.cuda import many, suppression, transpose
from tengen.kernels.cuda.program import using
from tengen.ops.vision.nms import nms

from .emulator import BACKWARD, COMPILER, FORWARD, Emulator
from .guarded import guarded, guarded_copy

pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C++ compiler")


@pytest.mark.parametrize("shape", [(2, 3, 5, 7), (1, 40, 33), (3, 64, 1, 1)])
def test_images_are_turned_and_turned_back(shape):
    plain = guarded_copy(np.arange(np.prod(shape), dtype=np.float32).reshape(shape))
    last = guarded((shape[0], *shape[2:], shape[1]), np.float32)
    back = guarded(shape, np.float32)
    with using(Emulator(BACKWARD)):
        transpose.to_channels_last(plain, last)
        transpose.to_plain(last, back)
    np.testing.assert_array_equal(last, np.moveaxis(plain, 1, -1))
    np.testing.assert_array_equal(back, plain)


def _gradients(rng, dtype):
    shapes = [(3,), (5000,), (0,), (7, 11), (8192,), (2, 2, 2)] * 34
    return [guarded_copy(rng.normal(size=s).astype(dtype), align=4) for s in shapes]


@pytest.mark.parametrize(
    ("dtype", "kind"), [("float32", "float"), (ml_dtypes.bfloat16, "bfloat16")]
)
def test_the_length_of_all_gradients(dtype, kind):
    arrays = _gradients(np.random.default_rng(0), dtype)
    parts = guarded((many.parts_bytes([a.size for a in arrays], kind) // 4,), np.float32)
    result = guarded((1,), np.float32)
    with using(Emulator()):
        many.length(arrays, kind, parts, result)
    expected = np.sqrt(sum(np.square(a.astype(np.float64)).sum() for a in arrays))
    np.testing.assert_allclose(result[0], expected, 1e-5)


@pytest.mark.parametrize("bad", [None, np.inf, np.nan])
@pytest.mark.parametrize("in_place", [False, True])
def test_a_loss_scale_is_taken_out_and_infinities_are_found(bad, in_place):
    arrays = _gradients(np.random.default_rng(0), "float32")
    if bad is not None:
        arrays[1][4999] = bad
    before = [a.copy() for a in arrays]
    results = arrays if in_place else [guarded(a.shape, a.dtype, 4) for a in arrays]
    scale, found = guarded_copy(np.float64([8])), guarded((1,), np.float32)
    with using(Emulator()):
        many.unscale(arrays, results, "float", scale, found)
    assert found[0] == (bad is not None)
    for now, old in zip(results, before, strict=True):
        np.testing.assert_array_equal(now, old / 8)


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
@pytest.mark.parametrize("limit", [-1, 5])
@pytest.mark.parametrize("order", [FORWARD, BACKWARD])
def test_suppression_keeps_what_the_operator_keeps(count, limit, order):
    rng = np.random.default_rng(count)
    corner = rng.integers(0, 40, (count, 2))
    boxes = np.concatenate([corner, corner + rng.integers(1, 20, (count, 2))], 1).astype("float32")
    scores = rng.integers(0, max(count // 4, 1), count).astype("float32")  # many are equal
    scores[count // 2 :: 9] = np.nan
    kept, work = guarded((count,), np.int32), guarded((suppression.workspace(count),), np.uint8, 8)
    with using(Emulator(order)):
        given = guarded_copy(boxes), guarded_copy(scores)
        suppression.suppress(*given, "float", 0.4, limit, kept, work)
    expected = nms.kernel(np, boxes, scores, threshold=0.4, limit=limit)
    np.testing.assert_array_equal(kept[: work[:8].view("int64")[0]], expected)
