"""Batch norm, layer norm and softmax by oneDNN against NumPy in float64."""

import ml_dtypes
import numpy as np
import pytest

from tengen.base.layout import Layout
from tengen.kernels.onednn import batch_norm, layer_norm, library, softmax
from tengen.kernels.onednn.memory import Desc
from tests.engine.kernels.onednn_running import close, normal, run

pytestmark = pytest.mark.skipif(not library.available(), reason=library.why_not())
F32 = np.float32
EPSILON = 1e-3


def forms(shape):
    """Plain, channels-last and, for images, blocked."""
    yield Desc.plain(shape, F32)
    if len(shape) > 2:
        yield Desc.channels_last(shape, F32)
    if len(shape) == 4:
        yield Desc.blocked(shape, F32, Layout.parse("aBcd16b"))


def normalised(x, axes, mean=None, variance=None):
    """(x - mean) / deviation, with the two statistics, in float64."""
    x = x.astype(np.float64)
    mean = x.mean(axes, keepdims=True) if mean is None else mean
    variance = ((x - mean) ** 2).mean(axes, keepdims=True) if variance is None else variance
    return (x - mean) / np.sqrt(variance + EPSILON), mean, variance


def input_gradient(dy_scaled, xhat, variance, axes):
    """The gradient through a normalisation whose statistics come from its input."""
    mean = dy_scaled.mean(axes, keepdims=True)
    along = (dy_scaled * xhat).mean(axes, keepdims=True)
    return (dy_scaled - mean - xhat * along) / np.sqrt(variance + EPSILON)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize(
    "shape", [(3, 24, 7, 6), (2, 3, 9, 9), (16, 58), (2, 20, 9), (2, 18, 3, 4, 5)]
)
def test_batch_norm_in_training(shape, relu, affine):
    channels = shape[1]
    axes = (0, *range(2, len(shape)))
    spread = (1, channels, *[1] * (len(shape) - 2))
    x, dy = normal(shape) * 3 + 1, normal(shape, 1)
    scale, shift = normal((channels,), 2), normal((channels,), 3)
    gamma, beta = (scale, shift) if affine else (np.ones(channels), np.zeros(channels))
    given = {"scale": scale, "shift": shift} if affine else {}
    xhat, mean, variance = normalised(x, axes)
    linear = xhat * gamma.reshape(spread) + beta.reshape(spread)
    for desc in forms(shape):
        plan = batch_norm.forward(desc, epsilon=EPSILON, relu=relu, affine=affine)
        made = run(plan, src=x, **given)
        close(made["mean"], mean.ravel())
        close(made["variance"], variance.ravel())
        close(made["dst"], np.maximum(linear, 0) if relu else linear)

        passed = np.where(linear > 0, dy, 0).astype(np.float64) if relu else dy.astype(np.float64)
        back = batch_norm.backward(desc, desc, epsilon=EPSILON, relu=relu, affine=affine)
        extra = {"workspace": made["workspace"]} if relu else {}
        if affine:
            extra["scale"] = scale
        grads = run(back, src=x, mean=made["mean"], variance=made["variance"], diff_dst=dy, **extra)
        close(
            grads["diff_src"],
            input_gradient(passed * gamma.reshape(spread), xhat, variance, axes),
            2e-5,
        )
        if affine:
            close(grads["diff_scale"], (passed * xhat).sum(axes), 2e-5)
            close(grads["diff_shift"], passed.sum(axes))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("relu", [True, False])
def test_batch_norm_with_given_statistics(relu, training):
    shape = (2, 24, 5, 5)
    x, dy = normal(shape), normal(shape, 1)
    scale, shift, mean = (normal((24,), seed) for seed in (2, 3, 4))
    variance = normal((24,), 5) ** 2 + 0.5
    per = (1, 24, 1, 1)
    factor = (scale / np.sqrt(variance.astype(np.float64) + EPSILON)).reshape(per)
    linear = (x - mean.reshape(per)) * factor + shift.reshape(per)
    given = {"mean": mean, "variance": variance, "scale": scale}
    for desc in forms(shape):
        plan = batch_norm.forward(
            desc, epsilon=EPSILON, training=training, given_statistics=True, relu=relu
        )
        made = run(plan, src=x, shift=shift, **given)
        close(made["dst"], np.maximum(linear, 0) if relu else linear)
        assert ("workspace" in made) == (training and relu)
        if training:
            back = batch_norm.backward(
                desc, desc, epsilon=EPSILON, given_statistics=True, relu=relu
            )
            extra = {"workspace": made["workspace"]} if relu else {}
            grads = run(back, src=x, diff_dst=dy, **given, **extra)
            passed = np.where(linear > 0, dy, 0) if relu else dy
            close(grads["diff_src"], passed * factor)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("shape", [(5, 384), (2, 7, 33), (2, 3, 4, 65), (9, 1)])
def test_layer_norm(shape, affine):
    x, dy = normal(shape), normal(shape, 1)
    scale, shift = normal(shape[-1:], 2), normal(shape[-1:], 3)
    given = {"scale": scale, "shift": shift} if affine else {}
    gamma, beta = (scale, shift) if affine else (1.0, 0.0)
    xhat, mean, variance = normalised(x, (-1,))
    desc = Desc.plain(shape, F32)
    made = run(layer_norm.forward(desc, epsilon=EPSILON, affine=affine), src=x, **given)
    close(made["dst"], xhat * gamma + beta)
    close(made["mean"], mean[..., 0])
    close(made["variance"], variance[..., 0])
    inference = layer_norm.forward(desc, epsilon=EPSILON, affine=affine, training=False)
    close(run(inference, src=x, **given)["dst"], xhat * gamma + beta)

    back = layer_norm.backward(desc, desc, epsilon=EPSILON, affine=affine)
    extra = {"scale": scale} if affine else {}
    statistics = {"mean": made["mean"], "variance": made["variance"]}
    grads = run(back, src=x, diff_dst=dy, **statistics, **extra)
    scaled = dy.astype(np.float64) * gamma
    expected = input_gradient(scaled, xhat, variance, (-1,))
    if shape[-1] > 1:
        close(grads["diff_src"], expected, 2e-5)
    else:
        np.testing.assert_allclose(grads["diff_src"], expected, atol=1e-6)
    if affine:
        lead = tuple(range(len(shape) - 1))
        close(grads["diff_scale"], (dy * xhat).sum(lead), 2e-5 if shape[-1] > 1 else 10)
        close(grads["diff_shift"], dy.sum(lead, np.float64))


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize(
    ("shape", "axis"), [((4, 10), -1), ((3, 129), 1), ((2, 5, 7), 1), ((2, 24, 3, 3), 1), ((7,), 0)]
)
def test_softmax(shape, axis, log):
    x, dy = normal(shape) * 4, normal(shape, 1).astype(np.float64)
    shifted = x.astype(np.float64) - x.max(axis, keepdims=True)
    total = np.exp(shifted).sum(axis, keepdims=True)
    probability = np.exp(shifted) / total
    expected = shifted - np.log(total) if log else probability
    for desc in forms(shape):
        made = run(softmax.forward(desc, axis, log=log), src=x)["dst"]
        close(made, expected)
        if log:
            gradient = dy - probability * dy.sum(axis, keepdims=True)
        else:
            gradient = probability * (dy - (dy * probability).sum(axis, keepdims=True))
        back = softmax.backward(desc, axis, log=log)
        close(run(back, dst=made, diff_dst=dy.astype(F32))["diff_src"], gradient, 2e-5)


def test_bfloat16_batch_norm_keeps_float32_statistics():
    bf16 = ml_dtypes.bfloat16
    x = normal((4, 32, 6, 6)).astype(bf16)
    desc = Desc.blocked(x.shape, bf16, Layout.parse("aBcd16b"))
    ones, zeros = np.ones(32, F32), np.zeros(32, F32)
    made = run(batch_norm.forward(desc, epsilon=EPSILON), src=x, scale=ones, shift=zeros)
    xhat, mean, _ = normalised(x.astype(F32), (0, 2, 3))
    assert made["mean"].dtype == F32
    close(made["mean"], mean.ravel())
    close(made["dst"], xhat, 2**-7)
