"""Losses against PyTorch: every parameter, values and gradients."""

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
    for name in (
        "binary_cross_entropy", "cross_entropy", "ctc_loss", "hinge_loss", "l1_loss", "square_loss",
    )
)  # fmt: skip

REDUCTIONS = ("mean", "sum", "none")
rng = np.random.default_rng(29)


def draw(*shape):
    return rng.standard_normal(shape)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def test_the_module_loss_has_them_too():
    for name in COVERS:
        short = name.rpartition(".")[2]
        assert getattr(F.loss, short) is getattr(F.nn, short)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_elementwise_losses(reduction):
    x, y = draw(3, 4), draw(3, 4)
    for ours, theirs in ((F.nn.l1_loss, T.l1_loss), (F.nn.square_loss, T.mse_loss)):
        check(
            lambda a, b, f=ours: f(a, b, reduction),
            lambda a, b, f=theirs: f(a, b, reduction=reduction),
            x, y,
        )  # fmt: skip


def test_losses_of_integers():
    pred, label = Tensor([3, 3, 3, 3]), Tensor([2, 8, 6, 1])
    assert F.nn.l1_loss(pred, label).item() == 2.75
    assert F.nn.l1_loss(pred, label, reduction="none").tolist() == [1, 5, 3, 2]
    assert F.nn.l1_loss(pred, label, reduction="sum").item() == 11
    assert F.nn.square_loss(pred, label).item() == 9.75


CASES = [
    ((4, 5), 1),
    ((2, 5, 3), 1),
    ((3, 2, 5), -1),
    ((5, 2), 0),
    ((64, 100), 1),
    ((2, 70, 40), 1),
]


@pytest.mark.parametrize("shape, axis", CASES)
@pytest.mark.parametrize("smooth", (0, 0.1))
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_cross_entropy(shape, axis, smooth, reduction):
    x = draw(*shape) * 3
    label = rng.integers(0, shape[axis], np.delete(shape, axis))

    def theirs(x, y):
        scores = x.movedim(axis, 1) if x.ndim > 2 or axis == 0 else x
        return T.cross_entropy(scores, y, reduction=reduction, label_smoothing=smooth)

    def ours(x, y):
        return F.nn.cross_entropy(x, y, axis, label_smooth=smooth, reduction=reduction)

    check(ours, theirs, x, label)


@pytest.mark.parametrize("smooth", (0, 0.2))
def test_cross_entropy_of_probabilities(smooth):
    p = rng.random((6, 4)) + 0.1
    label = rng.integers(0, 4, 6)

    def theirs(p, y):
        picked = torch.log(p)[torch.arange(6), y]
        return (-(1 - smooth) * picked - smooth * torch.log(p).mean(1)).mean()

    check(
        lambda p, y: F.nn.cross_entropy(p, y, with_logits=False, label_smooth=smooth), theirs,
        p, label,
    )  # fmt: skip


def test_cross_entropy_of_known_values_and_float_labels():
    pred = Tensor([[0.0, 1.0], [0.3, 0.7], [0.7, 0.3]])
    label = Tensor([1.0, 1.0, 1.0])
    np.testing.assert_allclose(F.nn.cross_entropy(pred, label).item(), 0.57976407, rtol=1e-6)
    got = F.nn.cross_entropy(pred, label, with_logits=False, reduction="none").numpy()
    np.testing.assert_allclose(got, [0, 0.35667494, 1.2039728], rtol=1e-5, atol=1e-7)


def test_cross_entropy_of_huge_logits_is_finite():
    x = Tensor([[1e4, 0.0], [0.0, 1e4]])
    np.testing.assert_array_equal(
        F.nn.cross_entropy(x, Tensor([0, 0]), reduction="none").numpy(), [0, 1e4]
    )


@pytest.mark.parametrize("shape", [(4, 5), (64, 100)])
def test_cross_entropy_refuses_labels_outside_the_classes(shape):
    for wrong in (-1, shape[1]):
        with pytest.raises(
            ArgumentError, match=rf"label must be in \[0, {shape[1]}\); got {wrong}"
        ):
            F.nn.cross_entropy(Tensor(draw(*shape)), Tensor(np.full(shape[0], wrong)))
    with pytest.raises(ShapeError, match="label has one axis less than pred"):
        F.nn.cross_entropy(Tensor(draw(*shape)), Tensor(draw(*shape)))


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_binary_cross_entropy(reduction):
    x, y = draw(3, 4) * 4, rng.random((3, 4))
    check(
        lambda a, b: F.nn.binary_cross_entropy(a, b, reduction=reduction),
        lambda a, b: T.binary_cross_entropy_with_logits(a, b, reduction=reduction),
        x, y,
    )  # fmt: skip
    p = 1 / (1 + np.exp(-x / 4))

    def theirs(a, b):
        loss = -(b * torch.log(a) + (1 - b) * torch.log(1 - a))
        return loss if reduction == "none" else getattr(torch, reduction)(loss)

    check(lambda a, b: F.nn.binary_cross_entropy(a, b, False, reduction), theirs, p, y)
    huge = F.nn.binary_cross_entropy(Tensor([1e4, -1e4]), Tensor([0.0, 0.0]), reduction="none")
    np.testing.assert_array_equal(huge.numpy(), [1e4, 0])


@pytest.mark.parametrize("norm", ("L1", "L2"))
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_hinge_loss(norm, reduction):
    label = rng.choice([-1.0, 1.0], (4, 3))

    def theirs(x, y):
        loss = torch.relu(1 - x * y)
        loss = (loss if norm == "L1" else loss**2).sum(1)
        return loss if reduction == "none" else getattr(torch, reduction)(loss)

    check(lambda x, y: F.nn.hinge_loss(x, y, norm, reduction), theirs, draw(4, 3), label)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("blank", (0, 2))
@pytest.mark.parametrize("joined", (False, True))
def test_ctc_loss(reduction, blank, joined):
    time, batch, classes = 7, 3, 5
    steps, lengths = np.array([7, 5, 6]), np.array([3, 1, 2])
    symbols = np.array([c for c in range(classes) if c != blank])
    label = symbols[rng.integers(0, 4, (batch, 3))]
    label[0] = symbols[[1, 1, 2]]
    flat = np.concatenate([row[:n] for row, n in zip(label, lengths, strict=True)])
    x = rng.random((time, batch, classes)) + 0.05
    x /= x.sum(-1, keepdims=True)
    given = flat if joined else label

    def ours(p):
        return F.nn.ctc_loss(p, Tensor(steps), Tensor(given), Tensor(lengths), blank, reduction)

    def theirs(p):
        return T.ctc_loss(
            torch.log(p), torch.tensor(label), torch.tensor(steps), torch.tensor(lengths), blank,
            reduction,
        )  # fmt: skip

    with torch.no_grad():
        want = theirs(torch.tensor(x)).numpy()
    np.testing.assert_allclose(ours(Tensor(x, dtype="float64")).numpy(), want, rtol=1e-9)
    numeric_gradient(ours, theirs, x)


def numeric_gradient(ours, theirs, x):
    """PyTorch's own gradient here assumes normalised logits, so differences judge."""
    import tengen as tg

    direction = draw(*x.shape)
    t = Tensor(x, dtype="float64")
    with tg.autodiff.GradManager().attach(t) as gm:
        y = ours(t)
        gm.backward(y, Tensor(np.ones(y.shape), dtype="float64"))
    with torch.no_grad():
        ends = [theirs(torch.tensor(x + s * 1e-6 * direction)).sum().item() for s in (1, -1)]
    numeric = (ends[0] - ends[1]) / 2e-6
    assert abs(numeric - float((t.grad.numpy() * direction).sum())) < 1e-5 * max(1, abs(numeric))


def test_ctc_loss_of_a_known_value_and_bad_arguments():
    pred = Tensor([[[0.0614, 0.9386], [0.8812, 0.1188]], [[0.699, 0.301], [0.2572, 0.7428]]])
    two, one = Tensor([2, 2]), Tensor([1, 1])
    np.testing.assert_allclose(F.nn.ctc_loss(pred, two, one, one).item(), 0.1504417, rtol=1e-5)
    with pytest.raises(ArgumentError, match="blank must be in"):
        F.nn.ctc_loss(pred, two, one, one, blank=2)
    with pytest.raises(ArgumentError, match=r"pred_lengths must be in \[1, 2\]"):
        F.nn.ctc_loss(pred, Tensor([3, 1]), one, one)
    with pytest.raises(ShapeError, match="3 concatenated labels"):
        F.nn.ctc_loss(pred, two, one, Tensor([1, 2]))


def test_bad_reductions_and_norms():
    x = Tensor(draw(2, 3))
    with pytest.raises(ArgumentError, match="reduction is mean, sum or none; got 'max'"):
        F.nn.l1_loss(x, x, "max")
    with pytest.raises(ArgumentError, match="norm is L1 or L2"):
        F.nn.hinge_loss(x, x, "L3")
