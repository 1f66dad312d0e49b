"""Compiled random numbers: equal to the NumPy generator, whatever the length and the threads."""

import numpy as np
import pytest

from tengen.kernels.numba import library, random, service
from tengen.kernels.numpy import philox

pytestmark = pytest.mark.skipif(not library.available(), reason="numba is not installed")

STATES = [(0, 0), (12345678901234, 7), (2**64 - 1, 2**40 + 3), (5, 2**64 - 1)]
SIZES = [0, 1, 7, 1024, 5001, 70_003]


@pytest.fixture(autouse=True, scope="module")
def compiled():
    service.set_mode("now")
    yield
    service.set_mode("background")


@pytest.fixture(params=STATES, ids=str)
def state(request) -> np.ndarray:
    return np.array(request.param, np.uint64)


@pytest.mark.parametrize("size", SIZES)
def test_words_and_uniforms_are_equal_to_the_bit(state, size: int):
    words, uniforms = np.empty(size, np.uint32), np.empty(size, np.float32)
    random.words(state, words)
    random.uniform(state, uniforms)
    expected = philox.words(np, state, size)
    np.testing.assert_array_equal(words, expected)
    np.testing.assert_array_equal(uniforms, philox.unit32(expected))


@pytest.mark.parametrize("size", SIZES)
def test_normals_are_equal_to_an_ulp(state, size: int):
    normals = np.empty(size, np.float32)
    random.normal(state, normals)
    expected = philox.normals(np, state, size).astype(np.float32)
    assert (np.abs(normals - expected) <= np.spacing(np.abs(expected))).all()


@pytest.mark.parametrize("drop", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dropout_is_equal_to_the_bit(state, drop: float, dtype: str):
    x = np.random.default_rng(0).standard_normal((7, 3001)).astype(dtype)
    scale = 1 / (1 - drop) if drop < 1 else 0.0
    out = np.empty_like(x)
    random.dropout(x, out, round(drop * 2**32), scale, state)
    bits = philox.words(np, state, x.size).reshape(x.shape).astype(np.uint64)
    kept = bits >= np.uint64(round(drop * 2**32))
    np.testing.assert_array_equal(out, np.where(kept, x * x.dtype.type(scale), 0))


def test_the_numpy_form_is_the_same(state):
    x = np.ones(99, np.float32)
    compiled, plain = np.empty_like(x), np.empty_like(x)
    random.dropout(x, compiled, 2**31, 2.0, state)
    kernel = service.request("dropout", random._text(random._DROPOUT, "float32", dropout=True))
    kernel.ready = False
    try:
        random.dropout(x, plain, 2**31, 2.0, state)
    finally:
        kernel.ready = True
    np.testing.assert_array_equal(compiled, plain)
