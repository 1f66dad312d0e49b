"""Channels moved by the compiled kernel against NumPy's indexing."""

import numpy as np
import pytest

from tengen.base.layout import Layout
from tengen.kernels.numba import library, service
from tengen.kernels.numba.moving import Move

pytestmark = pytest.mark.skipif(not library.available(), reason="numba is not installed")


@pytest.fixture(autouse=True, scope="module")
def compiled():
    before = service.mode()
    service.set_mode("now")
    yield
    service.set_mode(before)


def laid(array, blocked, lanes):
    if not blocked:
        return np.ascontiguousarray(array)
    return Layout(range(array.ndim), ((1, lanes),)).pack(array)


@pytest.mark.parametrize("blocked", ["111", "000", "011", "110", "001", "100"])
@pytest.mark.parametrize(
    "images, counts, wanted, size",
    [
        (2, (58, 58), range(29, 116), (5, 7)),
        (1, (16, 33), range(48, -1, -1), (40, 41)),
        (3, (17, 1), (17, 0, 0, 17, 16), (9,)),
        (2, (20, 5), range(3, 24, 2), (2, 3, 4)),
    ],
)
def test_any_layouts(images, counts, wanted, size, blocked):
    rng = np.random.default_rng(1)
    arrays = [rng.standard_normal((images, n, *size)).astype("float32") for n in counts]
    want = np.concatenate(arrays, 1)[:, list(wanted)]
    first, second, last = (cut == "1" for cut in blocked)
    pairs = [(c // counts[0] and 1, c - (c >= counts[0]) * counts[0]) for c in wanted]
    places = int(np.prod(size))
    move = Move(pairs, counts, (first, second, last), images, places, "float32", 16)
    assert move.ready()
    given = [laid(a, cut, 16) for a, cut in zip(arrays, (first, second), strict=True)]
    target = laid(want, last, 16)
    out = np.full_like(target, np.nan)
    move(given, out)
    np.testing.assert_array_equal(out, target)


def test_blocks_of_eight_and_float64():
    rng = np.random.default_rng(2)
    array = rng.standard_normal((2, 13, 3, 3))
    pairs = [(0, c) for c in (12, 1, 5)]
    move = Move(pairs, (13,), (True, True), 2, 9, "float64", 8)
    assert move.ready()
    target = laid(array[:, [12, 1, 5]], True, 8)
    out = np.full_like(target, np.nan)
    move([laid(array, True, 8)], out)
    np.testing.assert_array_equal(out, target)
