"""Normalisations against PyTorch: values, gradients, running statistics."""

import numpy as np
import pytest
import torch
import torch.nn.functional as T
from tests.engine.api.signatures import check_signature
from tests.engine.functional.against_torch import check

import tengen.functional as F
from tengen.base.errors import ArgumentError, ShapeError
from tengen.tensor import Tensor

COVERS = tuple(
    f"tengen.functional.nn.{name}"
    for name in ("batch_norm", "layer_norm", "local_response_norm", "sync_batch_norm")
)

rng = np.random.default_rng(11)


def draw(*shape):
    return rng.standard_normal(shape)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


@pytest.mark.parametrize(
    "shape", [(6, 3), (4, 3, 5), (2, 24, 7, 5), (2, 3, 2, 4, 3), (2, 16, 40, 40)]
)
@pytest.mark.parametrize("flat", (False, True))
def test_batch_norm_in_training(shape, flat):
    channels = shape[1]
    kept = (channels,) if flat else (1, channels, *[1] * (len(shape) - 2))

    def ours(x, w, b):
        return F.batch_norm(x, weight=w, bias=b, training=True, eps=1e-3)

    def theirs(x, w, b):
        return T.batch_norm(x, None, None, w.reshape(-1), b.reshape(-1), True, 0.1, 1e-3)

    check(ours, theirs, draw(*shape) + 3, draw(*kept), draw(*kept))


def test_batch_norm_without_weight_or_with_one_of_the_two():
    x, w = draw(4, 3, 5, 5), draw(3)
    check(
        lambda x: F.batch_norm(x, training=True),
        lambda x: T.batch_norm(x, None, None, training=True),
        x,
    )  # fmt: skip
    check(
        lambda x, w: F.batch_norm(x, weight=w, training=True),
        lambda x, w: T.batch_norm(x, None, None, weight=w, training=True),
        x, w,
    )  # fmt: skip


@pytest.mark.parametrize("shape", [(6, 3), (2, 3, 4), (2, 20, 5, 5)])
def test_batch_norm_in_inference(shape):
    channels = shape[1]
    mean, var = draw(channels), np.abs(draw(channels)) + 0.5
    kept = (1, channels, *[1] * (len(shape) - 2))

    def ours(x, w, b, m, v):
        return F.batch_norm(x, m, v, w, b)

    def theirs(x, w, b, m, v):
        inverse = 1 / torch.sqrt(v.reshape(kept) + 1e-5)
        return (x - m.reshape(kept)) * inverse * w.reshape(kept) + b.reshape(kept)

    check(ours, theirs, draw(*shape), draw(channels), draw(channels), mean, var)


@pytest.mark.parametrize("kept", [(3,), (1, 3, 1, 1)])
def test_running_statistics_move_by_the_unbiased_variance(kept):
    x = draw(2, 3, 4, 5)
    mean, var = Tensor(np.full(kept, 0.5)), Tensor(np.full(kept, 2.0))
    F.batch_norm(Tensor(x), mean, var, training=True, momentum=0.7)
    batch = x.mean((0, 2, 3)).reshape(kept)
    spread = x.var((0, 2, 3), ddof=1).reshape(kept)
    np.testing.assert_allclose(mean.numpy(), 0.7 * 0.5 + 0.3 * batch, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(var.numpy(), 0.7 * 2.0 + 0.3 * spread, rtol=1e-5)
    assert mean.shape == kept


def test_running_statistics_are_returned_when_not_in_place():
    x, mean, var = draw(2, 3, 4, 5), Tensor(np.zeros(3)), Tensor(np.ones(3))
    y, new_mean, new_var = F.batch_norm(Tensor(x), mean, var, training=True, inplace=False)
    np.testing.assert_array_equal(mean.numpy(), np.zeros(3))
    np.testing.assert_allclose(new_mean.numpy(), 0.1 * x.mean((0, 2, 3)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(new_var.numpy(), 0.9 + 0.1 * x.var((0, 2, 3), ddof=1), rtol=1e-5)
    assert y.shape == x.shape
    _, only_mean, none = F.batch_norm(Tensor(x), mean, training=True, inplace=False)
    assert none is None
    np.testing.assert_array_equal(only_mean.numpy(), new_mean.numpy())


def test_sync_batch_norm_is_batch_norm_in_one_process():
    x, w, b = draw(2, 3, 4, 5), draw(1, 3, 1, 1), draw(1, 3, 1, 1)
    pairs = [[Tensor(np.zeros((1, 3, 1, 1))), Tensor(np.ones((1, 3, 1, 1)))] for _ in range(2)]
    y = F.nn.sync_batch_norm(
        Tensor(x), *pairs[0], Tensor(w), Tensor(b), training=True, momentum=Tensor(0.8)
    )
    z = F.batch_norm(Tensor(x), *pairs[1], Tensor(w), Tensor(b), training=True, momentum=0.8)
    np.testing.assert_array_equal(y.numpy(), z.numpy())
    for one, other in zip(*pairs, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-6)
    check(
        lambda x, w: F.nn.sync_batch_norm(x, None, None, w, training=True),
        lambda x, w: T.batch_norm(x, None, None, w.reshape(-1), training=True),
        x, w,
    )  # fmt: skip


@pytest.mark.parametrize("normalized", [6, (6,), (5, 6), (4, 5, 6)])
def test_layer_norm(normalized):
    shape = (normalized,) if isinstance(normalized, int) else normalized

    def ours(x, w, b):
        return F.layer_norm(x, normalized, True, w, b, eps=1e-3)

    def theirs(x, w, b):
        return T.layer_norm(x, shape, w, b, 1e-3)

    check(ours, theirs, draw(3, 4, 5, 6), draw(*shape), draw(*shape))
    check(
        lambda x: F.layer_norm(x, normalized, False), lambda x: T.layer_norm(x, shape),
        draw(3, 4, 5, 6),
    )  # fmt: skip


def test_layer_norm_of_many_rows():
    check(
        lambda x, w, b: F.layer_norm(x, 96, True, w, b),
        lambda x, w, b: T.layer_norm(x, (96,), w, b),
        draw(8, 16, 96), draw(96), draw(96),
    )  # fmt: skip


def test_group_and_instance_norm():
    x, w, b = draw(2, 6, 4, 5), draw(6), draw(6)
    check(
        lambda x, w, b: F.group_norm(x, 3, True, w, b), lambda x, w, b: T.group_norm(x, 3, w, b),
        x, w, b,
    )  # fmt: skip
    check(
        lambda x, w, b: F.instance_norm(x, True, w, b),
        lambda x, w, b: T.instance_norm(x, weight=w, bias=b),
        x, w, b,
    )  # fmt: skip
    check(lambda x: F.group_norm(x, 2, False), lambda x: T.group_norm(x, 2), x)
    check(lambda x: F.instance_norm(x, False), lambda x: T.instance_norm(x), x)


def test_general_norm_over_any_axes():
    x, w, b = draw(3, 4, 5), draw(3, 5), draw(3, 5)

    def theirs(x, w, b):
        var, mean = torch.var_mean(x, (0, 2), correction=0, keepdim=True)
        return (x - mean) / torch.sqrt(var + 1e-5) * w[:, None] + b[:, None]

    check(lambda x, w, b: F.general_norm(x, (0, 2), True, w, b), theirs, x, w, b)
    check(lambda x: F.general_norm(x, -1, False), lambda x: T.layer_norm(x, (5,)), x)


@pytest.mark.parametrize("size", (1, 3, 5))
def test_local_response_norm(size):
    check(
        lambda x: F.local_response_norm(x, size, k=1.5, alpha=0.02, beta=0.6),
        lambda x: T.local_response_norm(x, size, alpha=0.02 * size, beta=0.6, k=1.5),
        draw(2, 7, 4, 3),
    )
    known = F.local_response_norm(
        Tensor(np.arange(4, dtype="float32").reshape(1, 1, 2, 2)), 3, 1.0, 1e-4, 0.75
    )
    np.testing.assert_allclose(
        known.numpy().ravel(), [0.0, 0.999925, 1.9994003, 2.9979765], rtol=1e-6
    )


def test_bad_arguments():
    x = Tensor(draw(2, 6, 4))
    with pytest.raises(ArgumentError, match="inference needs running_mean and running_var"):
        F.batch_norm(x)
    with pytest.raises(ShapeError, match="must be the end of the input's shape"):
        F.layer_norm(x, 5, False)
    with pytest.raises(ArgumentError, match="affine=True needs weight and bias"):
        F.layer_norm(x, 4, True)
    with pytest.raises(ShapeError, match="must divide into 4 groups"):
        F.group_norm(x, 4, False)
    with pytest.raises(ShapeError, match="weight must have 6 elements"):
        F.group_norm(x, 3, True, Tensor(draw(3)), Tensor(draw(6)))
    with pytest.raises(ArgumentError, match="in rising order"):
        F.general_norm(x, (2, 1), False)
    with pytest.raises(ArgumentError, match="eps_mode is additive or max"):
        F.nn.sync_batch_norm(x, None, None, training=True, eps_mode="minus")
