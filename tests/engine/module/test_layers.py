"""Every other layer against PyTorch in float64 (where PyTorch has it) or NumPy."""

import math

import numpy as np
import pytest
import torch
from tests.engine.api.signatures import check_signature
from tests.engine.module.comparing import adopt, close, compare, gradients, widened

import tengen as tg
import tengen.module as M
from tengen.base.errors import ArgumentError, GradientError, ShapeError

COVERS = tuple(
    f"tengen.module.{name}"
    for name in (
        "AdaptiveAvgPool2d", "AdaptiveAvgPool2d.forward", "AdaptiveMaxPool2d",
        "AdaptiveMaxPool2d.forward", "AvgPool2d", "AvgPool2d.forward", "BatchMatMulActivation",
        "BatchMatMulActivation.forward", "BatchMatMulActivation.reset_parameters", "BatchNorm1d",
        "BatchNorm2d", "Concat", "Concat.forward", "DequantStub", "DequantStub.forward",
        "Dropout", "Dropout.forward", "Elemwise", "Elemwise.forward", "Embedding",
        "Embedding.forward", "Embedding.from_pretrained", "Embedding.reset_parameters", "GELU",
        "GELU.forward", "GroupNorm", "GroupNorm.forward", "GroupNorm.reset_parameters",
        "Identity", "Identity.forward", "InstanceNorm", "InstanceNorm.forward",
        "InstanceNorm.reset_parameters", "LayerNorm", "LayerNorm.forward",
        "LayerNorm.reset_parameters", "LeakyReLU", "LeakyReLU.forward", "Linear",
        "Linear.calc_linear", "Linear.forward", "Linear.reset_parameters", "LocalResponseNorm",
        "LocalResponseNorm.forward", "MaxPool2d", "MaxPool2d.forward", "PReLU", "PReLU.forward",
        "Pad", "Pad.forward", "PixelShuffle", "PixelShuffle.forward", "QuantStub",
        "QuantStub.forward", "ReLU", "ReLU.forward", "SiLU", "SiLU.forward", "Sigmoid",
        "Sigmoid.forward", "SlidingWindow", "SlidingWindow.forward", "SlidingWindowTranspose",
        "SlidingWindowTranspose.forward", "Softmax", "Softmax.forward", "SyncBatchNorm",
        "SyncBatchNorm.forward",
    )
)  # fmt: skip
AFFINE = {"weight": "weight", "bias": "bias"}


@pytest.mark.parametrize("name", COVERS)
def test_signature(name):
    check_signature(name)


def data(*shape, seed=3):
    return np.random.default_rng(seed).standard_normal(shape)


def tensor(array):
    return tg.Tensor(array, dtype=np.asarray(array).dtype)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(5, 3), (2, 4, 3), (3,)])
def test_linear(bias, shape):
    names = AFFINE if bias else {"weight": "weight"}
    layer = widened(M.Linear(3, 4, bias=bias))
    compare(layer, adopt(torch.nn.Linear(3, 4, bias=bias), layer, names), [data(*shape)], names)
    twice = layer.calc_linear(tensor(data(*shape)), layer.weight * 2, None)
    close(twice.numpy(), 2 * data(*shape) @ layer.weight.numpy().T)


def test_linear_starts_with_variance_one_over_inputs():
    tg.random.seed(0)
    layer = M.Linear(256, 512)
    assert abs(layer.weight.numpy().std() - 1 / 16) < 0.001
    assert not layer.bias.numpy().any()
    before = layer.weight.numpy()
    layer.reset_parameters()
    assert (before != layer.weight.numpy()).mean() > 0.9


@pytest.mark.parametrize("mode", ["identity", "relu"])
def test_batch_matmul(mode):
    layer = widened(M.BatchMatMulActivation(3, 4, 5, nonlinear_mode=mode))
    x = data(3, 4, 5)
    got = layer(tensor(x)).numpy()
    want = layer.weight.numpy() @ x + layer.bias.numpy()
    close(got, np.maximum(want, 0) if mode == "relu" else want)
    with pytest.raises(ArgumentError, match="identity or relu"):
        M.BatchMatMulActivation(3, 4, 5, nonlinear_mode="tanh")
    tg.random.seed(0)
    wide = M.BatchMatMulActivation(8, 256, 64, bias=False)
    assert wide.bias is None
    wide.reset_parameters()
    assert abs(wide.weight.numpy().std() - 1 / 16) < 0.001


ACTIVATIONS = {
    "sigmoid": (M.Sigmoid(), torch.nn.Sigmoid()),
    "silu": (M.SiLU(), torch.nn.SiLU()),
    "gelu": (M.GELU(), torch.nn.GELU()),
    "relu": (M.ReLU(), torch.nn.ReLU()),
    "leaky": (M.LeakyReLU(), torch.nn.LeakyReLU()),
    "leaky 0.3": (M.LeakyReLU(0.3), torch.nn.LeakyReLU(0.3)),
    "softmax": (M.Softmax(axis=2), torch.nn.Softmax(2)),
    "identity": (M.Identity(), torch.nn.Identity()),
    "quant": (M.QuantStub(), torch.nn.Identity()),
    "dequant": (M.DequantStub(), torch.nn.Identity()),
}


@pytest.mark.parametrize("case", ACTIVATIONS)
def test_activations(case):
    ours, theirs = ACTIVATIONS[case]
    compare(ours, theirs, [data(2, 3, 4, 5)], {})


def test_softmax_without_an_axis_takes_the_second():
    x = data(2, 3)
    close(M.Softmax()(tensor(x)).numpy(), torch.softmax(torch.tensor(x), 1).numpy())
    assert repr(M.Softmax(1)) == "Softmax(axis=1)"


@pytest.mark.parametrize("count", [1, 3])
def test_prelu(count):
    layer = widened(M.PReLU(count, 0.1))
    theirs = adopt(torch.nn.PReLU(count), layer, {"weight": "weight"})
    compare(layer, theirs, [data(2, 3, 4, 5)], {"weight": "weight"})
    np.testing.assert_allclose(M.PReLU(3, 0.1).weight.numpy(), 0.1)


POOLS = {
    "max": (M.MaxPool2d(3), torch.nn.MaxPool2d(3)),
    "max set": (M.MaxPool2d((3, 2), (2, 1), (1, 0)), torch.nn.MaxPool2d((3, 2), (2, 1), (1, 0))),
    "mean": (M.AvgPool2d(2), torch.nn.AvgPool2d(2)),
    "mean inside": (
        M.AvgPool2d(3, 2, 1),
        torch.nn.AvgPool2d(3, 2, 1, count_include_pad=False),
    ),
    "mean of all": (
        M.AvgPool2d(3, 2, 1, mode="average"),
        torch.nn.AvgPool2d(3, 2, 1, count_include_pad=True),
    ),
    "adaptive mean": (M.AdaptiveAvgPool2d(1), torch.nn.AdaptiveAvgPool2d(1)),
    "adaptive mean 2": (M.AdaptiveAvgPool2d((2, 4)), torch.nn.AdaptiveAvgPool2d((2, 4))),
    "adaptive max": (M.AdaptiveMaxPool2d((2, 4)), torch.nn.AdaptiveMaxPool2d((2, 4))),
}


@pytest.mark.parametrize("case", POOLS)
def test_pools(case):
    ours, theirs = POOLS[case]
    compare(ours, theirs, [data(2, 3, 8, 8)], {})


def running(layer, theirs):
    for name in ("running_mean", "running_var"):
        close(getattr(layer, name).numpy().reshape(-1), getattr(theirs, name).numpy(), 1e-6)


BATCHES = {
    "1d": (M.BatchNorm1d, torch.nn.BatchNorm1d, (6, 3)),
    "1d long": (M.BatchNorm1d, torch.nn.BatchNorm1d, (4, 3, 5)),
    "2d": (M.BatchNorm2d, torch.nn.BatchNorm2d, (4, 3, 5, 6)),
    "sync": (M.SyncBatchNorm, torch.nn.BatchNorm2d, (4, 3, 5, 6)),
    "sync flat": (M.SyncBatchNorm, torch.nn.BatchNorm1d, (6, 3)),
}


@pytest.mark.parametrize("case", BATCHES)
@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm(case, affine):
    ours, theirs, shape = BATCHES[case]
    names = AFFINE if affine else {}
    layer = ours(3, eps=1e-3, momentum=0.8, affine=affine)
    for name, item in layer.named_tensors():
        fresh = data(*item.shape) if name in names else item.numpy()
        item._reset(type(item)(fresh, dtype="float64"))
    other = adopt(theirs(3, eps=1e-3, momentum=0.2, affine=affine), layer, names)
    x = data(*shape)
    compare(layer, other, [x], names, tolerance=1e-7)
    running(layer, other)
    layer.eval()
    other.eval()
    compare(layer, other, [x], names, tolerance=1e-6)
    layer.reset_running_stats()
    assert not layer.running_mean.numpy().any()
    layer.reset_parameters()
    assert affine is False or (layer.weight.numpy() == 1).all()


def test_batch_norm_without_running_statistics():
    layer = M.BatchNorm2d(3, track_running_stats=False)
    layer.eval()
    x = data(4, 3, 5, 5).astype("float32")
    y = layer(tensor(x)).numpy()
    np.testing.assert_allclose(y.mean((0, 2, 3)), 0, atol=1e-5)
    assert layer.running_mean is None


def test_a_frozen_batch_norm_has_fixed_statistics_and_no_gradients():
    layer = widened(M.BatchNorm2d(3, freeze=True))
    before = layer.running_mean.numpy()
    x = data(4, 3, 5, 5)
    got, inputs, params = gradients(layer, [x])
    mean, var = before, layer.running_var.numpy()
    scale = layer.weight.numpy() / np.sqrt(var + layer.eps)
    close(got, (x - mean) * scale + layer.bias.numpy(), 1e-7)
    np.testing.assert_array_equal(layer.running_mean.numpy(), before)
    assert params == {}
    assert inputs[0].any()
    with pytest.raises(ArgumentError, match="freeze needs"):
        M.BatchNorm2d(3, track_running_stats=False, freeze=True)


def test_batch_norms_check_the_input():
    with pytest.raises(ShapeError, match="4 dimensions"):
        M.BatchNorm2d(3)(tg.Tensor(data(2, 3)))
    with pytest.raises(ShapeError, match="2 or 3"):
        M.BatchNorm1d(3)(tg.Tensor(data(2, 3, 4, 5)))


NORMS = {
    "group": (M.GroupNorm(2, 6), torch.nn.GroupNorm(2, 6), (3, 6, 4, 5)),
    "group eps": (M.GroupNorm(3, 6, eps=1e-2), torch.nn.GroupNorm(3, 6, eps=1e-2), (3, 6, 7)),
    "instance": (M.InstanceNorm(6), torch.nn.InstanceNorm2d(6, affine=True), (3, 6, 4, 5)),
    "layer": (M.LayerNorm(5), torch.nn.LayerNorm(5), (3, 6, 4, 5)),
    "layer 2": (M.LayerNorm((4, 5)), torch.nn.LayerNorm((4, 5)), (3, 6, 4, 5)),
}


@pytest.mark.parametrize("case", NORMS)
def test_norms(case):
    layer, theirs, shape = NORMS[case]
    widened(layer)
    compare(layer, adopt(theirs, layer, AFFINE), [data(*shape)], AFFINE, tolerance=1e-8)
    layer.reset_parameters()
    assert (layer.weight.numpy() == 1).all()
    assert not layer.bias.numpy().any()


def test_norms_without_affine():
    x = data(3, 6, 4, 5)
    for layer, theirs in (
        (M.GroupNorm(2, 6, affine=False), torch.nn.GroupNorm(2, 6, affine=False)),
        (M.InstanceNorm(6, affine=False), torch.nn.InstanceNorm2d(6)),
        (M.LayerNorm(5, affine=False), torch.nn.LayerNorm(5, elementwise_affine=False)),
    ):
        assert layer.weight is None
        compare(layer, theirs, [x], {}, tolerance=1e-8)
    with pytest.raises(ArgumentError, match="do not divide"):
        M.GroupNorm(4, 6)
    with pytest.raises(ShapeError, match=r"\(N, 6"):
        M.GroupNorm(2, 6)(tg.Tensor(data(2, 5, 3)))


def test_local_response_norm():
    layer = M.LocalResponseNorm(3, k=1.0, alpha=0.3, beta=0.6)
    x = data(2, 6, 3, 4)
    around = np.pad(x**2, ((0, 0), (1, 1), (0, 0), (0, 0)))
    total = around[:, :-2] + around[:, 1:-1] + around[:, 2:]
    close(layer(tensor(x)).numpy(), x / (1 + 0.3 * total) ** 0.6)


def test_dropout_acts_in_training_only():
    tg.random.seed(1)
    layer = M.Dropout(0.25)
    x = tg.Tensor(np.ones(40_000, "float32"))
    y = layer(x).numpy()
    assert abs((y == 0).mean() - 0.25) < 0.01
    np.testing.assert_allclose(y[y != 0], 1 / 0.75, rtol=1e-6)
    layer.eval()
    assert layer(x) is x
    assert repr(layer) == "Dropout(drop_prob=0.25)"


def test_embedding():
    layer = widened(M.Embedding(7, 3))
    numbers = np.array([[1, 6], [0, 1]], "int32")
    theirs = adopt(torch.nn.Embedding(7, 3), layer, {"weight": "weight"})
    compare(layer, theirs, [numbers], {"weight": "weight"})
    frozen = M.Embedding.from_pretrained(tg.Parameter(data(5, 2).astype("float32")))
    assert frozen.freeze
    row = frozen(tensor(np.array([4], "int32"))).numpy()[0]
    np.testing.assert_array_equal(row, frozen.weight.numpy()[4])
    with pytest.raises(GradientError, match="no value given depends"):
        gradients(widened(frozen), [numbers[:, 1:] % 5])
    live = M.Embedding.from_pretrained(frozen.weight, freeze=False)
    assert live.weight is not frozen.weight
    tg.random.seed(0)
    drawn = M.Embedding(500, 64)
    drawn.reset_parameters()
    assert abs(drawn.weight.numpy().std() - 1) < 0.02
    for wrong in ({"padding_idx": 0}, {"max_norm": 1.0}, {"norm_type": 2.0}):
        with pytest.raises(ArgumentError, match="must be None"):
            M.Embedding(3, 2, **wrong)
    with pytest.raises(ArgumentError, match="initial_weight has shape"):
        M.Embedding(3, 2, initial_weight=tg.Parameter(data(2, 2)))
    with pytest.raises(ArgumentError, match="2 axes"):
        M.Embedding.from_pretrained(tg.Parameter(data(2)))


def test_concat_and_identity():
    a, b = data(2, 3), data(2, 4)
    got = M.Concat()([tensor(a), tensor(b)], axis=1).numpy()
    np.testing.assert_array_equal(got, np.concatenate([a, b], 1))
    x = tensor(a)
    y = M.Identity()(x)
    assert y is not x


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate"])
def test_pad(mode):
    x = data(2, 3, 4, 5)
    width = ((0, 0), (0, 0), (1, 2), (2, 0))
    layer = M.Pad(width, mode, 1.5)
    settings = {"constant_values": 1.5} if mode == "constant" else {}
    name = {"replicate": "edge"}.get(mode, mode)
    np.testing.assert_array_equal(layer(tensor(x)).numpy(), np.pad(x, width, name, **settings))


def test_pixel_shuffle():
    compare(M.PixelShuffle(2), torch.nn.PixelShuffle(2), [data(2, 8, 3, 4)], {})


def test_sliding_windows_and_back():
    x = data(2, 3, 7, 6)
    settings = {"kernel_size": (3, 2), "padding": 1, "stride": 2, "dilation": 1}
    windows = M.SlidingWindow(**settings)(tensor(x)).numpy()
    flat = torch.nn.functional.unfold(torch.tensor(x), (3, 2), padding=1, stride=2)
    n, c, h, w = 2, 3, *windows.shape[2:4]
    want = flat.numpy().reshape(n, c, 3, 2, h, w).transpose(0, 1, 4, 5, 2, 3)
    np.testing.assert_array_equal(windows, want)
    back = M.SlidingWindowTranspose((7, 6), **settings)(tensor(windows)).numpy()
    want = torch.nn.functional.fold(flat, (7, 6), (3, 2), padding=1, stride=2)
    close(back, want.numpy())


def test_elemwise_by_word():
    x, y = data(3, 4), data(4)
    for word, want in (
        ("add", x + y),
        ("TRUE_DIV", x / y),
        ("max", np.maximum(x, y)),
        ("fuse_add_relu", np.maximum(x + y, 0)),
        ("fuse_add_tanh", np.tanh(x + y)),
        ("switch_gt0", (x > 0) * y),
    ):
        close(M.Elemwise(word)(tensor(x), tensor(y)).numpy(), want)
    close(M.Elemwise("negate")(tensor(x)).numpy(), -x)
    close(M.Elemwise("fuse_mul_add3")(tensor(x), tensor(y), tensor(y)).numpy(), x * y + y)
    close(M.Elemwise("fuse_mul_add4")(*map(tensor, (x, y, y, x))).numpy(), x * y + y * x)
    close(M.Elemwise("cond_leq_mov")(*map(tensor, (x, y, x))).numpy(), np.where(x <= y, x, 0))
    assert "method=add" in repr(M.Elemwise("add"))
    with pytest.raises(ArgumentError, match="method is one of"):
        M.Elemwise("nothing")


def test_every_word_of_elemwise_runs():
    from tengen.module.elemwise import _methods

    x = tensor(np.array([0.25, 0.5]))
    whole = tg.Tensor([1, 2])
    for word, function in _methods().items():
        count = function.__code__.co_argcount
        wants = whole if word in ("shl", "shr") else x
        if word in ("and", "or", "xor", "not"):
            wants = x > 0.3
        if word.startswith("fuse_add"):
            count = 2
        result = M.Elemwise(word)(*[wants] * count)
        assert result.shape == (2,), word
        assert not math.isnan(float(result.numpy().astype("float64").sum())), word
