"""Attention's own kernels: sizes that are no multiple of a tile, wide heads, hidden keys."""

import numpy as np
import pytest

from tengen.base import dtype as dt
from tengen.graph.opdef import Sample, registry
from tengen.graph.types import TensorType
from tengen.ops.sampling import draw

from .emulator import BACKWARD, COMPILER, SHUFFLED
from .judging import check, judge, run_sample

emulated = pytest.mark.skipif(COMPILER is None, reason="no C++ compiler")


def both_ways(queries, keys, width, result, dtype, causal):
    """Run the forward pass and the gradients in two orders of threads, against NumPy."""
    rng = np.random.default_rng(2)
    heads = (1, 2)
    q, k, v, dy = (
        draw(rng, (*heads, *shape), dtype)
        for shape in ((queries, width), (keys, width), (keys, result), (queries, result))
    )
    attrs = {"scale": width**-0.5, "causal": causal}
    for name, inputs in (("attention", (q, k, v)), ("attention_backward", (q, k, v, dy))):
        op, sample = registry[name], Sample(inputs, attrs, tolerance=1e-4)
        found, again = (run_sample(op, sample, order=order) for order in (BACKWARD, SHUFFLED))
        check(op, sample, found, judge(op, sample))
        for one, other in zip(found, again, strict=True):
            np.testing.assert_array_equal(one, other)


@emulated
def test_tiles_that_are_not_full_and_keys_that_are_hidden():
    both_ways(70, 90, 20, 33, dt.float32, True)


@emulated
@pytest.mark.long
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    ("queries", "keys", "width", "result", "dtype"),
    [
        (33, 70, 130, 140, dt.float32),
        (130, 129, 64, 64, dt.float32),
        (20, 40, 256, 8, dt.float32),
        (20, 20, 40, 24, dt.float64),
        (40, 33, 200, 250, dt.float64),
        (20, 70, 256, 10, dt.bfloat16),
        (33, 20, 12, 160, dt.float16),
    ],
)
def test_every_width_and_type(queries, keys, width, result, dtype, causal):
    if causal and queries > keys:
        keys = queries  # a query before all keys sees nothing, and has no result
    both_ways(queries, keys, width, result, dtype, causal)


def test_wider_heads_are_left_to_others():
    kind = TensorType.of((1, 1, 4, 264), "float32")
    build = registry["attention"].backends["gpu", "cuda"]
    assert build((kind,) * 3, (kind,), scale=1.0, causal=False) is None
    less = TensorType.of((1, 1, 4, 256), "float32")
    assert build((less,) * 3, (less,), scale=1.0, causal=False) is not None
