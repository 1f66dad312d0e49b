"""Functions that arrange elements, against NumPy: values, gradients by torch, errors."""

import numpy as np
import pytest
import torch
from tests.engine.api.signatures import check_signature

import tengen as tg
import tengen.functional as F
from tengen.base.errors import ArgumentError, ShapeError
from tengen.tensor import Tensor

NAMES = (
    "broadcast_to", "concat", "copy", "diag", "expand_dims", "flatten", "flip", "repeat",
    "reshape", "roll", "rot90", "rotate", "split", "squeeze", "stack", "swapaxes", "tile",
    "transpose",
)  # fmt: skip
COVERS = tuple(f"tengen.functional.{n}" for n in NAMES)
DTYPES = ("bool", "int8", "int64", "uint16", "float16", "bfloat16", "float32", "complex64")

X = np.arange(24).reshape(2, 3, 4)


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


CASES = [
    (lambda m, x: m.broadcast_to(x, (5, *x.shape)), None),
    (lambda m, x: m.reshape(x, (4, -1)), None),
    (lambda m, x: m.reshape(x, 24), None),
    (lambda m, x: m.expand_dims(x, 1), None),
    (lambda m, x: m.expand_dims(x, (0, -1)), None),
    (lambda m, x: m.expand_dims(x, [1, 3]), lambda m, x: m.expand_dims(x, (1, 3))),
    (lambda m, x: m.squeeze(m.expand_dims(x, (0, 2))), None),
    (lambda m, x: m.squeeze(m.expand_dims(x, (0, 2)), 2), None),
    (lambda m, x: m.squeeze(m.expand_dims(x, (0, 2)), (0, -3)), None),
    (lambda m, x: m.transpose(x, (2, 0, 1)), None),
    (lambda m, x: m.transpose(x, (-1, 0, 1)), None),
    (lambda m, x: m.transpose(x, ("x", 2, 0, "x", 1)),
     lambda m, x: x.transpose(2, 0, 1)[None, :, :, None]),
    (lambda m, x: m.swapaxes(x, 0, -1), None),
    (lambda m, x: m.flatten(x), lambda m, x: x.reshape(-1)),
    (lambda m, x: m.flatten(x, 1), lambda m, x: x.reshape(2, -1)),
    (lambda m, x: m.flatten(x, -3, -2), lambda m, x: x.reshape(-1, x.shape[2])),
    (lambda m, x: m.repeat(x, 2), None),
    (lambda m, x: m.repeat(x, 3, 1), None),
    (lambda m, x: m.repeat(x, 0, -1), None),
    (lambda m, x: m.tile(x, (2, 1, 3)), None),
    (lambda m, x: m.tile(x, (2, 1, 1, 2)), None),
    (lambda m, x: m.tile(x, 2), None),
    (lambda m, x: m.roll(x, 5), None),
    (lambda m, x: m.roll(x, -1, 1), None),
    (lambda m, x: m.roll(x, (1, 2), (0, -1)), None),
    (lambda m, x: m.roll(x, (1, 2), (2, 2)), None),
    (lambda m, x: m.diag(x[0]), None),
    (lambda m, x: m.diag(x[0], -1), None),
    (lambda m, x: m.diag(x[0, 1], 2), None),
    (lambda m, x: m.diag(x[0], 9), None),
    (lambda m, x: m.flip(x, axis=1), lambda m, x: np.flip(x, 1)),
    (lambda m, x: m.flip(x, axis=(0, -1)), lambda m, x: np.flip(x, (0, 2))),
    (lambda m, x: m.flip(x), lambda m, x: x[::-1, ::-1]),
    (lambda m, x: m.flip(x, horizontal=False), lambda m, x: x[::-1]),
    (lambda m, x: m.flip(x, False), lambda m, x: x[:, ::-1]),
    (lambda m, x: m.rot90(x), lambda m, x: np.rot90(x, -1)),
    (lambda m, x: m.rot90(x, False), lambda m, x: np.rot90(x)),
    (lambda m, x: m.concat([x, x * 2], 1), lambda m, x: np.concatenate([x, x * 2], 1)),
    (lambda m, x: m.concat((x, x[:1]), -3), lambda m, x: np.concatenate([x, x[:1]], 0)),
    (lambda m, x: m.concat([x]), lambda m, x: x),
    (lambda m, x: m.stack([x, x * 3], 1), None),
    (lambda m, x: m.stack((x, x), -1), None),
    (lambda m, x: m.stack([x]), None),
    (lambda m, x: m.copy(x), lambda m, x: x),
    (lambda m, x: m.concat(m.split(x, 2)[::-1]), lambda m, x: np.concatenate(np.split(x, 2)[::-1])),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(CASES)))
@pytest.mark.parametrize("strided", [False, True])
def test_values_are_numpys(case, strided):
    ours, theirs = CASES[case]
    base = X.astype("float32")
    t = Tensor(base)
    if strided:
        base, t = base[:, ::-1].transpose(0, 2, 1), F.transpose(F.flip(t, axis=1), (0, 2, 1))
    got, want = ours(F, t), (theirs or ours)(np, base)
    assert got.dtype == "float32" and got.shape == want.shape
    np.testing.assert_array_equal(got.numpy(), want)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_data_type_passes(dtype):
    base = Tensor(X % 2, dtype=dtype)
    for ours, theirs in CASES:
        if "* " in str(ours.__code__.co_consts):
            continue
        try:
            want = (theirs or ours)(np, base.numpy())
        except TypeError:
            continue
        if dtype == "bool" and want.dtype != bool:
            continue
        got = ours(F, base)
        assert got.dtype == dtype
        np.testing.assert_array_equal(got.numpy(), want)


@pytest.mark.parametrize("case", range(len(CASES)))
def test_gradients_move_with_the_elements(case):
    """Each result is linear in the input: weights w give the gradient that NumPy's copy of the
    element numbers gives."""
    ours, theirs = CASES[case]
    rng = np.random.default_rng(0)
    x = Tensor(X, dtype="float64")
    with tg.autodiff.GradManager().attach(x) as gm:
        out = ours(F, x)
        weight = rng.standard_normal(out.shape)
        gm.backward((out * Tensor(weight, dtype="float64")).sum())
    basis = rng.standard_normal(X.shape)
    moved = ((theirs or ours)(np, basis) * weight).sum()
    np.testing.assert_allclose((x.grad.numpy() * basis).sum(), moved, rtol=1e-9, atol=1e-9)


def test_rot90_turns_as_numpy():
    for k in range(-5, 6):
        for axes in ((0, 1), (2, 0), (1, -1)):
            got = F.rot90(Tensor(X), False, k=k, axes=axes)
            np.testing.assert_array_equal(got.numpy(), np.rot90(X, k, axes))
    with pytest.raises(ArgumentError, match="two different axes"):
        F.rot90(Tensor(X), axes=(1, 1))
    with pytest.raises(ShapeError, match="takes images"):
        F.rot90(Tensor([1.0]))


def test_images_turn_as_megengine_says():
    x = Tensor(np.arange(4, dtype="float32").reshape(1, 2, 2, 1))
    np.testing.assert_array_equal(F.flip(x).numpy().ravel(), [3, 2, 1, 0])
    np.testing.assert_array_equal(F.rot90(x).numpy().ravel(), [2, 0, 3, 1])


def test_rotate():
    rng = np.random.default_rng(0)
    square = rng.standard_normal((2, 3, 5, 5)).astype("float32")
    for turns in range(4):
        got = F.rotate(Tensor(square), 90.0 * turns).numpy()
        np.testing.assert_allclose(got, np.rot90(square, turns, (2, 3)), atol=1e-6)
    x = rng.standard_normal((2, 3, 6, 9))
    angle = np.deg2rad(25)
    y, across = np.meshgrid(np.arange(6) - 2.5, np.arange(9) - 4, indexing="ij")
    grid = np.stack(
        [
            (across * np.cos(angle) - y * np.sin(angle)) / 4,
            (across * np.sin(angle) + y * np.cos(angle)) / 2.5,
        ],
        -1,
    )
    tx = torch.tensor(x, requires_grad=True)
    want = torch.nn.functional.grid_sample(
        tx, torch.tensor(grid)[None].expand(2, -1, -1, -1), align_corners=True
    )
    (want**2).sum().backward()
    mx = Tensor(x, dtype="float64")
    with tg.autodiff.GradManager().attach(mx) as gm:
        got = F.rotate(mx, 25)
        gm.backward((got * got).sum())
    np.testing.assert_allclose(got.numpy(), want.detach().numpy(), atol=1e-7)
    np.testing.assert_allclose(mx.grad.numpy(), tx.grad.numpy(), atol=1e-6)
    last = F.rotate(Tensor(x.transpose(0, 2, 3, 1)), 25, "NHWC", "area")
    np.testing.assert_allclose(last.numpy().transpose(0, 3, 1, 2), got.numpy(), atol=1e-5)
    with pytest.raises(ArgumentError, match="takes format"):
        F.rotate(mx, 10, "NCHW", "nearest")


def test_split():
    x = Tensor(np.arange(200, dtype="float32").reshape(10, 20))
    assert [p.shape for p in F.split(x, 3)] == [(4, 20), (3, 20), (3, 20)]
    assert [p.shape for p in F.split(x, [6, 17], axis=1)] == [(10, 6), (10, 11), (10, 3)]
    for parts in (3, [2, 2, 9], [0, 10], (4,)):
        got = F.split(x, parts)
        want = np.array_split(x.numpy(), parts)
        assert isinstance(got, list) and len(got) == len(want)
        for a, b in zip(got, want, strict=True):
            np.testing.assert_array_equal(a.numpy(), b)
    for bad in (0, 11, [5, 2]):
        with pytest.raises(ArgumentError, match="split"):
            F.split(x, bad)
    with tg.autodiff.GradManager().attach(x) as gm:
        first, _, last = F.split(x, [1, 8])
        gm.backward(first.sum() + last.sum() * 2)
    np.testing.assert_array_equal(x.grad.numpy()[:, 0], [1, 0, 0, 0, 0, 0, 0, 0, 2, 2])


def test_data_types_are_promoted_when_joined():
    parts = [Tensor([1]), Tensor([2.5]), Tensor([True])]
    got = F.concat(parts)
    assert got.dtype == "float32"
    np.testing.assert_array_equal(got.numpy(), [1, 2.5, 1])
    assert F.stack(parts).dtype == "float32"
    np.testing.assert_array_equal(F.concat([np.ones(2, "float32"), [3.0]]).numpy(), [1, 1, 3])


def test_copy_stands_alone():
    x = Tensor([1.0, 2.0])
    y = F.copy(x)
    assert not np.shares_memory(x._buffer.array, y._buffer.array)
    assert F.copy(x, "cpu0").numpy().tolist() == [1, 2]
    y += 1
    np.testing.assert_array_equal(x.numpy(), [1, 2])


REFUSED = [
    (lambda x: F.broadcast_to(x, (3, 4)), ShapeError, "does not broadcast"),
    (lambda x: F.reshape(x, (5, 5)), ShapeError, "do not fit"),
    (lambda x: F.expand_dims(x, 4), ArgumentError, "axis 4 does not exist"),
    (lambda x: F.expand_dims(x, (0, 0)), ArgumentError, "names an axis twice"),
    (lambda x: F.squeeze(x, 1), ShapeError, "has length 3"),
    (lambda x: F.transpose(x, (0, 1)), ShapeError, "leaves out axes"),
    (lambda x: F.transpose(x, (0, 0, 1)), ShapeError, "is no order"),
    (lambda x: F.transpose(x, (0, 1, 2, "y")), ShapeError, "is no order"),
    (lambda x: F.swapaxes(x, 0, 3), ShapeError, "axis 3 does not exist"),
    (lambda x: F.flatten(x, 2, 1), ArgumentError, "comes after"),
    (lambda x: F.repeat(x, -1), ArgumentError, "repeats is 0 or more"),
    (lambda x: F.tile(x, (-1, 1, 1)), ArgumentError, "reps are 0 or more"),
    (lambda x: F.roll(x, (1, 2), 0), ArgumentError, "2 shifts for 1 axes"),
    (lambda x: F.diag(x), ShapeError, "takes 1 or 2 dimensions"),
    (lambda x: F.concat([x, x[:, :2]], 0), ShapeError, "may differ along axis 0 only"),
    (lambda x: F.concat([]), ArgumentError, "needs one tensor"),
    (lambda x: F.stack([x, x[:1]]), ShapeError, "tensor 1 has shape"),
    (lambda x: F.flip(x[0, 0]), ShapeError, "takes images"),
]


@pytest.mark.parametrize("call,kind,message", REFUSED)
def test_what_does_not_fit_is_refused(call, kind, message):
    with pytest.raises(kind) as caught:
        call(Tensor(X))
    assert message in str(caught.value), caught.value


def test_flatten_of_a_scalar_and_transpose_that_drops():
    assert F.flatten(Tensor(3.0)).shape == (1,)
    row = Tensor(np.ones((1, 4), "float32"))
    assert F.transpose(row, (1,)).shape == (4,)
    assert F.transpose(Tensor(2.0), ("x",)).shape == (1,)
