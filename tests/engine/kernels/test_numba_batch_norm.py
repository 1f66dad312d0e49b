"""The fused batch normalisation kernels against NumPy in float64."""

import numpy as np
import pytest

from tengen.kernels.numba import batch_norm, batch_norm_numpy, library, service

pytestmark = pytest.mark.skipif(not library.available(), reason="numba is not installed")

FORMS = {"plain": 0, "channels_last": 0, "blocked16": 16, "blocked8": 8}
SHAPES = [(3, 20, 49), (8, 64, 300), (2, 24, 784), (1, 5, 1)]  # N, C, S
TOLERANCE = {"float32": 4e-6, "float64": 1e-12}


@pytest.fixture(autouse=True, scope="module")
def compiled():
    service.set_mode("now")
    yield
    service.set_mode("background")


def array(rng, form: str, shape: tuple[int, int, int], dtype: str, offset: float = 3.0):
    """Random values in a form, the channels beyond C zero."""
    images, channels, positions = shape
    if form == "plain":
        made = rng.standard_normal((images, channels, positions)) * 2 + offset
    elif form == "channels_last":
        made = rng.standard_normal((images * positions, channels)) * 2 + offset
    else:
        lanes = FORMS[form]
        groups = -(-channels // lanes)
        made = np.zeros((images, groups, positions, lanes))
        values = rng.standard_normal((images, positions, channels)) * 2 + offset
        for c in range(channels):
            made[:, c // lanes, :, c % lanes] = values[:, :, c]
    return made.astype(dtype)


def close(got, expected, dtype: str) -> None:
    largest = np.abs(expected).max()
    np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE[dtype] * max(largest, 1e-3))


def parameters(rng, channels: int, dtype: str):
    weight, bias = rng.standard_normal((2, channels)).astype(dtype)
    return weight, bias, [np.empty(channels, dtype) for _ in range(3)]


def check(form: str, shape, dtype: str, activation: str, residual: bool, gradients: int):
    rng = np.random.default_rng(7)
    x = array(rng, form, shape, dtype)
    weight, bias, saved = parameters(rng, shape[1], dtype)
    added = array(rng, form, shape, dtype, offset=0.0) if residual else None
    out, expected = np.empty_like(x), [np.empty_like(s) for s in saved]
    batch_norm.bn_forward(x, weight, bias, 1e-5, out, *saved, added, activation)
    batch_norm_numpy.statistics(x, 1e-5, *expected)
    for got, wanted in zip(saved, expected, strict=True):
        close(got, wanted, dtype)
    mean, _, inverse = saved
    v = batch_norm_numpy.normalised(x, weight, bias, mean, inverse)
    close(out, batch_norm_numpy.activate(v if added is None else v + added, activation), dtype)

    incoming = [array(rng, form, shape, dtype, offset=0.0) for _ in range(gradients)]
    y = out if residual else None
    for store in (False, True):
        got = [np.empty_like(x), np.empty_like(weight), np.empty_like(bias)]
        wanted = [np.empty_like(a) for a in got]
        masked = np.empty_like(x) if store else None
        judge = np.empty_like(x) if store else None
        batch_norm.bn_backward(
            x, incoming, mean, inverse, weight, bias, *got, y, masked, activation
        )
        batch_norm_numpy.backward(
            x, incoming, mean, inverse, weight, bias, *wanted, y, judge, activation, True
        )
        for a, b in zip(got, wanted, strict=True):
            close(a, b, dtype)
        if store:
            close(masked, judge, dtype)


@pytest.mark.parametrize("shape", SHAPES[:3], ids=str)
@pytest.mark.parametrize("form", FORMS)
def test_residual_and_relu6(form: str, shape):
    check(form, shape, "float32", "relu6", True, 2)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("form", ["plain", "blocked16"])
def test_relu_recomputed_from_x(form: str, shape):
    check(form, shape, "float32", "relu", False, 1)


def test_float64_without_activation():
    check("plain", (3, 20, 49), "float64", "none", False, 3)


@pytest.mark.parametrize("form", ["channels_last", "blocked16"])
def test_statistics_and_apply_alone(form: str):
    rng = np.random.default_rng(3)
    x = array(rng, form, (4, 20, 600), "float32")
    weight, bias, saved = parameters(rng, 20, "float32")
    batch_norm.bn_statistics(x, 1e-5, *saved)
    scale = weight * saved[2]
    shift = bias - saved[0] * scale
    out, expected = np.empty_like(x), np.empty_like(x)
    batch_norm.bn_apply(x, scale, shift, out, activation="relu")
    batch_norm_numpy.apply(x.astype(np.float64), scale, shift, expected, None, "relu")
    close(out, expected, "float32")


def test_statistics_of_a_narrow_spread_far_from_zero():
    """A variance of 1e-2 around 1e3: a plain sum of squares in float32 would lose all of it."""
    rng = np.random.default_rng(5)
    x = (1000 + 0.1 * rng.standard_normal((8, 4, 4096))).astype(np.float32)
    x[0, :, 0] = 0  # an outlier in the first place is no good shift, and must do no harm
    saved = [np.empty(4, np.float32) for _ in range(3)]
    batch_norm.bn_statistics(x, 0.0, *saved)
    np.testing.assert_allclose(saved[1], x.astype(np.float64).var((0, 2)), rtol=1e-3)


def test_padded_channels_stay_zero():
    rng = np.random.default_rng(1)
    x = array(rng, "blocked16", (2, 20, 30), "float32")
    weight, bias, saved = parameters(rng, 20, "float32")
    out = np.full_like(x, 9)
    batch_norm.bn_forward(x, weight, bias, 1e-5, out, *saved, None, "relu")
    assert not out[:, 1, :, 4:].any()


def test_in_place_and_nan():
    rng = np.random.default_rng(2)
    x = array(rng, "plain", (3, 20, 49), "float32")
    x[1, 2, 3] = np.nan
    weight, bias, saved = parameters(rng, 20, "float32")
    out = np.empty_like(x)
    batch_norm.bn_forward(x, weight, bias, 1e-5, out, *saved, None, "relu")
    assert np.isnan(out[:, 2]).all() and not np.isnan(np.delete(out, 2, axis=1)).any()
    again = x.copy()
    batch_norm.bn_forward(again, weight, bias, 1e-5, again, *saved, None, "relu")
    np.testing.assert_array_equal(again, out)


def test_frozen_statistics_count_as_constants():
    rng = np.random.default_rng(4)
    x = array(rng, "plain", (3, 20, 49), "float32")
    weight, bias, saved = parameters(rng, 20, "float32")
    batch_norm.bn_statistics(x, 1e-5, *saved)
    g = array(rng, "plain", (3, 20, 49), "float32", 0.0)
    dx, dweight, dbias = np.empty_like(x), np.empty_like(weight), np.empty_like(bias)
    batch_norm.bn_backward(
        x, [g], saved[0], saved[2], weight, bias, dx, dweight, dbias, training=False
    )
    close(dx, g * (weight * saved[2])[:, None], "float32")


def test_errors_say_what_came():
    with pytest.raises(ValueError, match=r"\[batch_norm\] expected .* int32 of 2 axes came"):
        batch_norm.bn_statistics(np.zeros((2, 3), np.int32), 0.0, *np.zeros((3, 3)))
    x = np.zeros((2, 3), np.float32)
    with pytest.raises(ValueError, match="'gelu' came"):
        batch_norm.bn_apply(x, x[0], x[0], x, activation="gelu")
