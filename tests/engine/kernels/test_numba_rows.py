"""Softmax, layer normalisation, cross entropy and embedding kernels against NumPy in float64."""

import numpy as np
import pytest

from tengen.kernels.numba import embedding, library, rows, rows_numpy, service

pytestmark = pytest.mark.skipif(not library.available(), reason="numba is not installed")

SHAPES = [(3, 7, 10), (257, 100), (5, 1), (2, 33), (0, 4)]
TOLERANCE = {"float32": 4e-6, "float64": 1e-12}


@pytest.fixture(autouse=True, scope="module")
def compiled():
    service.set_mode("now")
    yield
    service.set_mode("background")


def random(shape, dtype: str, scale: float = 3.0):
    return (np.random.default_rng(len(shape)).standard_normal(shape) * scale).astype(dtype)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_both_ways(name: str, dtype: str, shape):
    x, gradient = random(shape, dtype), random(shape, dtype, 1.0)
    out, expected, dx, wanted = (np.empty_like(x) for _ in range(4))
    getattr(rows, name)(x, out)
    getattr(rows_numpy, name)(x, expected)
    np.testing.assert_allclose(out, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])
    getattr(rows, f"{name}_backward")(expected, gradient, dx)
    getattr(rows_numpy, f"{name}_backward")(expected, gradient, wanted)
    np.testing.assert_allclose(dx, wanted, rtol=0, atol=10 * TOLERANCE[dtype])


def test_softmax_of_large_and_missing_values():
    x = np.array([[1e4, 1e4, -1e4], [np.nan, 1, 2], [-np.inf, 0, 0]], np.float32)
    out = np.empty_like(x)
    rows.softmax(x, out)
    np.testing.assert_array_equal(out, [[0.5, 0.5, 0], [np.nan] * 3, [0, 0.5, 0.5]])


@pytest.mark.parametrize("shape", [(3, 7, 10), (257, 100), (2, 33)], ids=str)
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_layer_norm_both_ways(dtype: str, shape):
    x, g = random(shape, dtype), random(shape, dtype, 1.0)
    weight, bias = random((2, shape[-1]), dtype)
    got = [np.empty_like(x), *(np.empty(shape[:-1], dtype) for _ in range(2))]
    expected = [np.empty_like(a) for a in got]
    rows.layer_norm(x, weight, bias, 1e-5, *got)
    rows_numpy.layer_norm(x, weight, bias, 1e-5, *expected)
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=5 * TOLERANCE[dtype])
    mean, inverse = got[1:]
    back = [np.empty_like(x), np.empty_like(weight), np.empty_like(bias)]
    wanted = [np.empty_like(a) for a in back]
    rows.layer_norm_backward(x, g, weight, mean, inverse, *back)
    rows_numpy.layer_norm_backward(x, g, weight, mean, inverse, *wanted)
    for a, b in zip(back, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=4 * TOLERANCE[dtype], atol=10 * TOLERANCE[dtype])


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_cross_entropy(shape):
    x = random(shape, "float32")
    labels = np.random.default_rng(0).integers(-1, shape[-1] + 1, shape[:-1])
    loss, expected = np.empty(shape[:-1], "f4"), np.empty(shape[:-1], "f4")
    dx, wanted = np.empty_like(x), np.empty_like(x)
    rows.cross_entropy(x, labels, loss, dx, 0.5)
    rows_numpy.cross_entropy(x, labels.astype(np.int64), expected, wanted, 0.5)
    np.testing.assert_allclose(loss, expected, rtol=1e-6, atol=2e-6)
    np.testing.assert_allclose(dx, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("index_dtype", ["int32", "int64"])
@pytest.mark.parametrize("shape", [(4, 20), (900,), (0,)], ids=str)
def test_rows_by_index_and_their_sums(shape, index_dtype: str):
    table = random((50, 33), "float32")
    indices = np.random.default_rng(0).integers(0, 50, shape).astype(index_dtype)
    out = np.empty((*shape, 33), np.float32)
    embedding.gather_rows(table, indices, out)
    np.testing.assert_array_equal(out, table[indices])
    expected = table.copy()
    np.add.at(expected, indices.reshape(-1), out.reshape(-1, 33))
    embedding.add_rows(table, indices, out)
    np.testing.assert_array_equal(table, expected)
